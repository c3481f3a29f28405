"""Verification of TLS certificates, with the reason of a refusal.

A crawl verifies the certificate of every host, against the machine's trusted issuers and the host's
name. A city file may waive it for its own crawl (`tls:`). Twisted and OpenSSL report a failure
without its reason; here the connection ends with `CertificateRefused`.
"""

import ipaddress
from collections.abc import Callable
from typing import Any

from cryptography import x509
from OpenSSL import SSL, crypto
from service_identity import CertificateError, VerificationError
from service_identity.hazmat import DNS_ID, IPAddress_ID, verify_service_identity
from service_identity.pyopenssl import extract_patterns
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.protocols.tls import TLSMemoryBIOProtocol
from twisted.python.failure import Failure
from twisted.web.iweb import IPolicyForHTTPS
from zope.interface import implementer

from crawler.city import City
from crawler.issues import CertificateRefused

SETTING = "DOWNLOAD_VERIFY_CERTIFICATES"
"""Scrapy's setting, on in `crawler/settings.py`."""

_UNKNOWN_ISSUER = "the issuer is unknown"
_REASONS = {
    2: _UNKNOWN_ISSUER,
    9: "it is not valid before {start:%Y-%m-%d}",
    10: "it expired on {end:%Y-%m-%d}",
    18: "it is self-signed",
    19: _UNKNOWN_ISSUER,
    20: _UNKNOWN_ISSUER,
    21: _UNKNOWN_ISSUER,
    23: "it was revoked",
}
"""Reasons by OpenSSL's number of the error (X509_V_ERR_* of openssl/x509_vfy.h)."""

_MOST_NAMES = 5
"""Names of a certificate that a refusal lists; set by hand, to fit into an issue's evidence."""


def settings(city: City) -> dict[str, Any]:
    """Return the Scrapy settings of a city's waiver; none without one."""
    return {} if city.tls.verify else {SETTING: False}


@implementer(IPolicyForHTTPS)
class Verifying:
    """Policy that adds the reason of a refusal to Scrapy's connections."""

    def __init__(self, policy: IPolicyForHTTPS) -> None:
        self._policy = policy

    def creatorForNetloc(self, hostname: bytes, port: int) -> "_Connections":  # noqa: N802
        return _Connections(self._policy.creatorForNetloc(hostname, port), hostname.decode("ascii"))  # type: ignore[call-arg,misc,arg-type]


@implementer(IOpenSSLClientConnectionCreator)
class _Connections:
    """Creator of the verified connections to one host."""

    def __init__(self, creator: Any, host: str) -> None:
        self._creator = creator
        self._host = host

    def clientConnectionForTLS(self, protocol: TLSMemoryBIOProtocol) -> SSL.Connection:  # noqa: N802
        connection: SSL.Connection = self._creator.clientConnectionForTLS(protocol)
        mode = SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT
        connection.set_verify(mode, _verdict(self._host, protocol))
        return connection


def _verdict(host: str, protocol: TLSMemoryBIOProtocol) -> Callable[..., bool]:
    """Return OpenSSL's callback for each certificate of a host's chain.

    It ends the connection of `protocol` with the reason of the first refusal.
    """

    def verdict(_: SSL.Connection, found: crypto.X509, error: int, depth: int, ok: int) -> bool:
        try:
            reason = _reason(host, found, error if not ok else 0, depth)
        except Exception as unreadable:  # OpenSSL's C code cannot pass an exception on
            reason = f"it cannot be read ({unreadable})"
        if reason:
            whose = "its certificate" if depth == 0 else "a certificate of its issuer"
            refusal = CertificateRefused(f"{host}: {whose} is refused: {reason}")
            protocol.failVerification(Failure(refusal))  # type: ignore[no-untyped-call]
        return not reason

    return verdict


def _reason(host: str, found: crypto.X509, error: int, depth: int) -> str:
    """Return the reason to refuse a certificate, or an empty text.

    `error` is OpenSSL's number, 0 for none; `depth` is 0 for the host's own certificate, whose
    names must include the host.
    """
    certificate = found.to_cryptography()
    if error:
        known = _REASONS.get(error, f"OpenSSL's verification error {error}")
        return known.format(
            start=certificate.not_valid_before_utc, end=certificate.not_valid_after_utc
        )
    if depth:
        return ""
    try:
        verify_service_identity(extract_patterns(found), [_identity(host)], [])
    except VerificationError:
        return f"it is for another host ({', '.join(_names(certificate)) or 'it names none'})"
    except CertificateError as wrong:
        return f"its names are malformed ({wrong})"
    return ""


def _identity(host: str) -> DNS_ID | IPAddress_ID:
    try:
        return IPAddress_ID(str(ipaddress.ip_address(host)))
    except ValueError:
        return DNS_ID(host)


def _names(certificate: x509.Certificate) -> list[str]:
    """Return the first names that a certificate is for."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [str(name.value) for name in found][:_MOST_NAMES]
