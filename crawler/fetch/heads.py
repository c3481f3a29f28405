"""Download handler of a crawl: verified certificates, and a bound on heads.

Twisted reads headers without end. A line of more than 16 KB ends the connection there already;
here the bytes of all lines are bounded, also those of interim answers (100 Continue), any number of
which may precede an answer.
"""

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
)
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadCancelledError, DownloadFailedError
from scrapy.http import Response
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.python.failure import Failure
from twisted.web._newclient import HEADER, STATUS, HTTP11ClientProtocol
from twisted.web._newclient import Request as Sent
from twisted.web.iweb import IResponse

from crawler.archive.reader import MAX_HEAD
from crawler.fetch import certificates
from crawler.issues import CertificateRefused


class HeadTooLargeError(DownloadCancelledError):
    """A response with a head of more than `MAX_HEAD` bytes."""

    def __init__(self) -> None:
        super().__init__(f"the headers exceed the size of {MAX_HEAD} bytes")


class BoundedHandler(HTTP11DownloadHandler):
    """Scrapy's handler of http and https, with a bound on heads.

    A certificate that is refused is reported with its reason.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._pool._factory = _Connections
        if crawler.settings.getbool(certificates.SETTING):
            self._contextFactory = certificates.Verifying(self._contextFactory)  # type: ignore[assignment]

    async def download_request(self, request: Request) -> Response:
        """Return the response to a request.

        Raises `HeadTooLargeError`, `CertificateRefused` and Scrapy's errors.
        """
        try:
            return await super().download_request(request)
        except DownloadFailedError as error:
            reasons = getattr(error.__cause__, "reasons", ())
            for reason in reasons:
                if reason.check(HeadTooLargeError, CertificateRefused):
                    raise reason.value from error
            raise


class _Connection(_LenientHTTP11ClientProtocol):
    """A connection that gives up on a head above `MAX_HEAD` bytes."""

    _left = MAX_HEAD

    def request(self, request: Sent) -> Deferred[IResponse]:
        self._left = MAX_HEAD
        return super().request(request)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        if self._in_head():
            self._left -= len(data)
        super().dataReceived(data)  # type: ignore[no-untyped-call]
        # Only while the head goes on: its last bytes may come with a part of the body.
        if self._left < 0 and self._in_head():
            reason = Failure(HeadTooLargeError())  # type: ignore[no-untyped-call]
            self._giveUp(reason)  # type: ignore[no-untyped-call]

    def _in_head(self) -> bool:
        return self._parser is not None and self._parser.state in (STATUS, HEADER)


class _Connections(_LenientHTTP11ClientFactory):
    """Factory of such connections."""

    def buildProtocol(self, addr: IAddress | None) -> HTTP11ClientProtocol:  # noqa: N802
        return _Connection(self._quiescentCallback)  # type: ignore[no-untyped-call]
