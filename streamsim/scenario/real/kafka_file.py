"""The file that says how Kafka brokers let us in: lines of `name=value` under the names of librdkafka and its tools.

`${NAME}` in a value is that variable of the environment, so that no secret need be in the file. Everything else is refused:
what would be ignored might have been meant.
"""

import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from streamsim.scenario.text.errors import Problem, ScenarioError, Source, Span, did_you_mean
from streamsim.streams.kafka.access import MECHANISMS, Access, Login

_PROTOCOLS: Final = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
_VARIABLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")

#: The names that act, and what they are.
_NAMES: Final[Mapping[str, str]] = {
    "security.protocol": ", ".join(_PROTOCOLS),
    "sasl.mechanism": ", ".join(MECHANISMS),
    "sasl.username": "the name",
    "sasl.password": "the password",
    "ssl.ca.location": "a PEM file of certificates to trust instead of the system's",
    "ssl.certificate.location": "a PEM file with our own certificate",
    "ssl.key.location": "a PEM file with its key",
    "ssl.key.password": "the key's password",
    "ssl.endpoint.identification.algorithm": "https, or none: whoever the certificate is for",
}
_SAME: Final[Mapping[str, str]] = {"sasl.mechanisms": "sasl.mechanism"}

#: Names that people have in such files, and what to do instead.
_ELSEWHERE: Final[Mapping[str, str]] = {
    "bootstrap.servers": "brokers are named where the topic is",
    "group.id": "--group names the group",
    "session.timeout.ms": "--session-timeout is the option for it",
    "sasl.jaas.config": "write sasl.username and sasl.password",
    "ssl.truststore.location": "write ssl.ca.location, a PEM file",
    "ssl.keystore.location": "write ssl.certificate.location and ssl.key.location, PEM files",
}


class _Entry(NamedTuple):
    """A value, and where it stands."""

    value: str
    span: Span


def kafka_access(path: Path, environment: Mapping[str, str]) -> Access:
    """What the file says. `ScenarioError` with all that is wrong with it."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        what = getattr(error, "strerror", None) or "it is no text"
        raise ScenarioError([Problem(f"cannot be read: {what}", Span(Source(str(path))))]) from None
    source = Source.of(str(path), text)
    problems: list[Problem] = []
    entries = dict(_entries(source, environment, problems))
    problems += _wrong_values(entries)
    if problems:
        raise ScenarioError(problems)
    return _access(entries)


def _entries(
    source: Source, environment: Mapping[str, str], problems: list[Problem]
) -> Iterator[tuple[str, _Entry]]:
    seen: set[str] = set()
    for number, line in enumerate(source.lines):
        if not line.strip() or line.lstrip().startswith(("#", "!")):
            continue
        written, equals, value = line.partition("=")
        span = Span(source, number, len(line) - len(line.lstrip()), len(written.strip()))
        if not equals:
            problems.append(Problem("name=value is expected", span, "write security.protocol=SASL_SSL"))
            continue
        name = _SAME.get(written.strip(), written.strip())
        if name not in _NAMES:
            hint = _ELSEWHERE.get(name) or did_you_mean(name, _NAMES) or f"names are {', '.join(_NAMES)}"
            problems.append(Problem(f"{name!r} is not read", span, hint))
            continue
        if name in seen:
            problems.append(Problem(f"{name} is there twice", span, "remove one of the two"))
        seen.add(name)
        place = Span(source, number, len(written) + 1 + len(value) - len(value.lstrip()), len(value.strip()))
        yield name, _Entry(_filled(value.strip(), environment, place, problems), place)


def _filled(text: str, environment: Mapping[str, str], span: Span, problems: list[Problem]) -> str:
    def variable(found: re.Match[str]) -> str:
        if found[1] not in environment:
            problems.append(Problem(f"the environment has no {found[1]}", span, f"export {found[1]}=…"))
        return environment.get(found[1], "")

    return _VARIABLE.sub(variable, text)


def _wrong_values(entries: Mapping[str, _Entry]) -> Iterator[Problem]:
    for name, allowed in (
        ("security.protocol", _PROTOCOLS),
        ("sasl.mechanism", MECHANISMS),
        ("ssl.endpoint.identification.algorithm", ("HTTPS", "NONE")),
    ):
        if name in entries and entries[name].value.upper() not in allowed:
            hint = did_you_mean(entries[name].value, allowed) or f"write {_NAMES[name]}"
            yield Problem(f"{name} is not {entries[name].value!r}", entries[name].span, hint)
    protocol = entries["security.protocol"].value.upper() if "security.protocol" in entries else "PLAINTEXT"
    for prefix, needed in (("sasl.", "SASL"), ("ssl.", "SSL")):
        given = [name for name in entries if name.startswith(prefix)]
        if given and needed not in protocol:
            wanted = "SASL_SSL" if needed == "SASL" else "SSL"
            message = f"{given[0]} has no effect with security.protocol {protocol}"
            yield Problem(message, entries[given[0]].span, f"write security.protocol={wanted}")
    if protocol.startswith("SASL") and "security.protocol" in entries:
        for name in ("sasl.mechanism", "sasl.username", "sasl.password"):
            if name not in entries:
                yield Problem(f"{protocol} needs {name}", entries["security.protocol"].span, f"add {name}=…")
    for name, other in (
        ("ssl.key.location", "ssl.certificate.location"),
        ("ssl.key.password", "ssl.key.location"),
    ):
        if name in entries and other not in entries:
            yield Problem(f"{name} needs {other}", entries[name].span, f"add {other}=…")


def _access(entries: Mapping[str, _Entry]) -> Access:
    def value(name: str) -> str | None:
        return entries[name].value if name in entries else None

    protocol = (value("security.protocol") or "PLAINTEXT").upper()
    login = None
    if protocol.startswith("SASL"):
        login = Login(
            (value("sasl.mechanism") or "").upper(),
            value("sasl.username") or "",
            value("sasl.password") or "",
        )
    return Access(_context(entries, value) if protocol.endswith("SSL") else None, login)


def _context(entries: Mapping[str, _Entry], value: Callable[[str], str | None]) -> ssl.SSLContext:
    """`ScenarioError` for files that are no certificates."""
    name = "ssl.ca.location"
    try:
        context = ssl.create_default_context(cafile=value(name))
        name = "ssl.certificate.location"
        if (certificate := value(name)) is not None:
            context.load_cert_chain(certificate, value("ssl.key.location"), value("ssl.key.password") or "")
    except (OSError, ValueError) as error:
        what = error.strerror if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) else None
        message = (
            f"{value(name)}: {what or 'no certificate, or no key that goes with it, can be read from it'}"
        )
        raise ScenarioError([Problem(message, entries[name].span)]) from None
    if (value("ssl.endpoint.identification.algorithm") or "").lower() == "none":
        context.check_hostname = False
    return context
