"""`streamsim live` against what is no AWS, or none for us: one line, a hint, exit code 3, and no endless wait."""

import datetime as dt
import json
import os
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

from streamsim.cli import main
from streamsim.cli.live import source
from streamsim.streams.aws.endpoint import Endpoint


class Answers(NamedTuple):
    """What a web server says to everything."""

    body: bytes = b""
    status: int = 200
    kind: str = "application/x-amz-json-1.1"
    headers: tuple[tuple[str, str], ...] = ()


def refuses(code: str, message: str) -> Answers:
    return Answers(json.dumps({"__type": code, "message": message}).encode(), 400)


def _web(answers: Answers) -> type[BaseHTTPRequestHandler]:
    class Web(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(answers.status)
            self.send_header("Content-Type", answers.kind)
            self.send_header("Content-Length", str(len(answers.body)))
            for name, value in answers.headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answers.body)

        def log_message(self, *_: object) -> None:
            pass

    return Web


class Greets(socketserver.BaseRequestHandler):
    """As servers do that speak first."""

    def handle(self) -> None:
        self.request.sendall(b"SSH-2.0-OpenSSH_9.9\r\n")
        self.request.recv(1 << 16)


class Closes(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        pass


class Hangs(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        while self.request.recv(1 << 16):
            pass


class WantsTls(socketserver.BaseRequestHandler):
    """Answers plain text as OpenSSL does: an alert, unexpected message."""

    def handle(self) -> None:
        self.request.recv(1 << 16)
        self.request.sendall(b"\x15\x03\x03\x00\x02\x02\x0a")


class Listening(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: object) -> None:
        """Who asked may be gone."""


@contextmanager
def listening(handler: type[socketserver.BaseRequestHandler]) -> Iterator[str]:
    """Its host and port."""
    with Listening(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a handler; nobody's credentials."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    Path("app.py").write_text("def handler(event, context): pass\n")
    return tmp_path


def said(source: str, *arguments: str) -> list[str]:
    """The lines it prints, when it ends with exit code 3 and neither a traceback nor more than a hint."""
    result = CliRunner().invoke(main, ["live", source, "--handler", "app:handler", *arguments])
    assert result.exit_code == 3, result.output
    return result.output.splitlines()


NO_AWS = ["error: URL answers something else than AWS does", "hint: is that the right --endpoint-url?"]


class Stranger(NamedTuple):
    handler: Callable[[], type[socketserver.BaseRequestHandler]]
    lines: list[str]
    scheme: str = "http"
    patience: float = 60.0


def web(body: bytes, **more: Any) -> Callable[[], type[socketserver.BaseRequestHandler]]:
    return lambda: _web(Answers(body, **more))


STRANGERS = {
    "a web page": Stranger(web(b"<html>hello</html>", kind="text/html"), NO_AWS),
    "JSON of something else": Stranger(web(b"{}"), NO_AWS),
    "a list": Stranger(web(b"[1]"), NO_AWS),
    "null": Stranger(web(b"null"), NO_AWS),
    "half a description": Stranger(web(b'{"StreamDescriptionSummary": {}}'), NO_AWS),
    "a name that is no ARN": Stranger(web(b'{"StreamDescriptionSummary": {"StreamARN": "orders"}}'), NO_AWS),
    "a page that is not there": Stranger(
        web(b"<h1>Not Found</h1>", status=404, kind="text/html"),
        ["error: URL answers 404: <h1>Not Found</h1>", NO_AWS[1]],
    ),
    "a server in trouble": Stranger(
        web(b"", status=500), ["error: URL answers 500: Internal Server Error", NO_AWS[1]]
    ),
    "a server that speaks first": Stranger(lambda: Greets, NO_AWS),
    "TLS against plain": Stranger(lambda: WantsTls, [NO_AWS[0], "hint: write https:// where there is TLS"]),
    "a server that closes": Stranger(
        lambda: Closes,
        ["error: cannot connect to URL: it closes the connection without an answer", NO_AWS[1]],
    ),
    "a server that hangs": Stranger(
        lambda: Hangs, ["error: URL does not answer in time", NO_AWS[1]], patience=0.3
    ),
    "a wrong key": Stranger(
        lambda: _web(refuses("UnrecognizedClientException", "The security token is invalid.")),
        [
            "error: URL answers UnrecognizedClientException: The security token is invalid.",
            "hint: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile with --profile",
        ],
    ),
    "a permission that is missing": Stranger(
        lambda: _web(refuses("AccessDeniedException", "User x may not kinesis:DescribeStreamSummary")),
        [
            "error: URL answers AccessDeniedException: User x may not kinesis:DescribeStreamSummary",
            "hint: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile with --profile",
        ],
    ),
    "a clock that is wrong": Stranger(
        lambda: _web(refuses("InvalidSignatureException", "Signature expired: 20260101T000000Z is too old")),
        [
            "error: URL answers InvalidSignatureException: Signature expired: 20260101T000000Z is too old",
            "hint: set this machine's clock: signatures hold for a few minutes only",
        ],
    ),
    "no such stream, where nobody lists them for us": Stranger(
        lambda: _web(refuses("ResourceNotFoundException", "Stream orders not found")),
        ["error: there is no stream 'orders' at URL"],
    ),
}


@pytest.mark.parametrize("row", STRANGERS)
def test_what_is_no_aws_is_told_in_one_line(row: str, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del here
    stranger = STRANGERS[row]
    monkeypatch.setattr(source, "Endpoint", partial(Endpoint, patience=stranger.patience))
    with listening(stranger.handler()) as host:
        url = f"{stranger.scheme}://{host}"
        assert said("kinesis://orders", "--endpoint-url", url) == [
            line.replace("URL", url) for line in stranger.lines
        ]


def test_a_certificate_that_nobody_vouches_for_is_told_in_one_line(here: Path) -> None:
    key, certificate = _certificate(here)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    class Tls(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            context.wrap_socket(self.request, server_side=True).close()

    with listening(Tls) as host:
        lines = said("kinesis://orders", "--endpoint-url", f"https://{host}")
    assert lines[0].startswith(f"error: https://{host} does not speak TLS as it should: ")
    assert "self-signed certificate" in lines[0]
    assert len(lines) == 2


def _certificate(folder: Path) -> tuple[Path, Path]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    begin = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(secret.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + dt.timedelta(days=36500))
        .sign(secret, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    key.write_bytes(
        secret.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    certificate.write_bytes(signed.public_bytes(pem))
    return key, certificate


def test_an_expired_token_of_a_table_and_no_stream_of_it(here: Path) -> None:
    del here
    with listening(_web(refuses("ExpiredTokenException", "The token is expired"))) as host:
        url = f"http://{host}"
        first, hint = said("dynamodb://orders", "--endpoint-url", url)
    assert first == f"error: {url} answers ExpiredTokenException: The token is expired"
    assert hint.startswith("hint: set AWS_ACCESS_KEY_ID")
    table = {"Table": {"TableName": "orders"}}
    with listening(_web(Answers(json.dumps(table).encode()))) as host:
        url = f"http://{host}"
        first, hint = said("dynamodb://orders", "--endpoint-url", url)
    assert first == f"error: the table 'orders' at {url} has no stream"
    assert hint.startswith("hint: aws dynamodb update-table --table-name orders")


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("nowhere/checkpoints.sqlite", "unable to open database file"),
        ("notes.txt", "file is not a database"),
        (".", "unable to open database file"),
    ],
)
def test_a_file_for_checkpoints_that_cannot_be_used(kinesis: str, here: Path, path: str, why: str) -> None:
    import boto3

    (here / "notes.txt").write_text("these are notes and no database, and there are enough of them" * 9)
    client = boto3.client(
        "kinesis",
        endpoint_url=kinesis,
        region_name="us-east-1",
        aws_access_key_id="k",
        aws_secret_access_key="s",
    )
    name = f"file-{here.name}"[:128]
    client.create_stream(StreamName=name, ShardCount=1)
    try:
        client.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 0})
        lines = said(f"kinesis://{name}", "--endpoint-url", kinesis, "--checkpoints", path)
    finally:
        client.delete_stream(StreamName=name)
        client.close()
    assert lines == [f"error: checkpoints {path}: {why}", "hint: name another file with --checkpoints"]
