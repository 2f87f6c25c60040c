"""How Kafka brokers let a client in: with TLS or without, with a login or without. Knows aiokafka's words for it.

Where these values come from is `streamsim.scenario.real.kafka_file`'s business.
"""

import ssl
from dataclasses import dataclass, field
from typing import Any, Final, Literal

#: The login mechanisms that need nothing but a name and a password.
MECHANISMS: Final = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


@dataclass(frozen=True, slots=True)
class Login:
    """Who we are, by SASL."""

    mechanism: str
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Access:
    """What to say to brokers before anything else: with neither `tls` nor `login` nothing."""

    tls: ssl.SSLContext | None = None
    login: Login | None = None

    @property
    def protocol(self) -> Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]:
        """As Kafka calls the kind of listener that takes this."""
        if self.login is None:
            return "PLAINTEXT" if self.tls is None else "SSL"
        return "SASL_PLAINTEXT" if self.tls is None else "SASL_SSL"

    @property
    def options(self) -> dict[str, Any]:
        """The arguments of aiokafka's clients and connections."""
        options: dict[str, Any] = {"security_protocol": self.protocol}
        if self.tls is not None:
            options["ssl_context"] = self.tls
        if self.login is not None:
            options["sasl_mechanism"] = self.login.mechanism
            options["sasl_plain_username"] = self.login.username
            options["sasl_plain_password"] = self.login.password
        return options


#: What a broker without either takes.
OPEN: Final = Access()
