"""Sites over TLS on loopback, with sound certificates and bad ones of each kind."""

import ipaddress
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from loopback import HTML, HTTP, Handler, running, speaking

Body = Callable[[str], bytes | None]
"""Page at a path, or None."""

HOST = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
STRANGER = x509.DNSName("mail.other.example")
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Signed:
    """A certificate with its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def save(self, path: Path) -> Path:
        form = serialization.Encoding.PEM
        plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        path.write_bytes(self.key.private_bytes(form, *plain) + self.certificate.public_bytes(form))
        return path


def sign(
    name: str,
    issuer: Signed | None = None,
    *,
    host: x509.GeneralName = HOST,
    days: tuple[int, int] = (-1, 30),
    ca: bool = False,
) -> Signed:
    """Return a certificate for `host`, self-signed without an `issuer`.

    `days` are the first and last of its validity, from today.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + days[0] * DAY)
        .not_valid_after(now + days[1] * DAY)
        .add_extension(x509.SubjectAlternativeName([host]), critical=False)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .sign(issuer.key if issuer else key, hashes.SHA256())
    )
    return Signed(certificate, key)


@dataclass(frozen=True, slots=True)
class Sites:
    """Addresses (host:port) of the sites by kind; the issuer to trust, as a file."""

    hosts: dict[str, str]
    trusted: Path


@contextmanager
def serve_sites(folder: Path, body: Body) -> Iterator[Sites]:
    """Serve the same pages over certificates of each kind while the block runs."""
    issuer, stranger = sign("Trusted CA", ca=True), sign("Foreign CA", ca=True)
    kinds = {
        "sound": sign("sound", issuer),
        "self_signed": sign("self-signed"),
        "expired": sign("expired", issuer, days=(-30, -2)),
        "early": sign("early", issuer, days=(2, 30)),
        "wrong_host": sign("wrong host", issuer, host=STRANGER),
        "unknown_issuer": sign("unknown issuer", stranger),
    }
    with ExitStack() as stack:
        hosts = {
            name: stack.enter_context(running(_server(signed.save(folder / f"{name}.pem"), body)))
            for name, signed in kinds.items()
        }
        yield Sites(hosts, issuer.save(folder / "trusted.pem"))


@contextmanager
def tunnel() -> Iterator[str]:
    """Serve a proxy that only connects, as for https; yield its address."""

    def connect(asked: socketserver.StreamRequestHandler) -> None:
        host, _, port = asked.rfile.readline().split()[1].decode().partition(":")
        while asked.rfile.readline().strip():
            pass
        with socket.create_connection((host, int(port))) as site:
            asked.connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            back = threading.Thread(target=_pass_on, args=(site, asked.connection))
            back.start()
            _pass_on(asked.connection, site)
            back.join()

    with speaking(connect) as host:
        yield f"http://{host}"


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    """Pass on bytes to the end, then the end."""
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def _server(certificate: Path, body: Body) -> HTTP:
    class Paged(Handler):
        def do_GET(self) -> None:
            found = body(self.path)
            self.send(found or b"", 404 if found is None else 200, HTML)

    server = HTTP(Paged)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    # The handshake is made in the thread of the request, not while others wait to be accepted.
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    return server
