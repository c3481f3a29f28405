"""Miniature web over real HTTP on loopback.

It answers as a proxy or as its own hosts do. Set `http_proxy=http://127.0.0.1:<port>` and ask for
http://www.yunze.example/, or send the Host header yourself. Everything is in memory; the server
ends with its `with` block.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from crawler.demo.response import Response
from crawler.demo.site import Site, build_site


@contextmanager
def serve(
    site: Site | None = None, *, counts: Counter[str] | None = None, port: int = 0
) -> Iterator[int]:
    """Serve a site, by default the whole demo, and yield the port.

    On 127.0.0.1. `counts`, if given, counts the requests by absolute URL as asked. `port` 0 takes a
    free one.
    """
    served = build_site() if site is None else site
    requests: Counter[str] = Counter() if counts is None else counts
    lock = threading.Lock()

    def seek(url: str) -> Response:
        with lock:
            requests[url] += 1
        return served.answer(url)

    class Handler(_Handler):
        answer = staticmethod(seek)

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """Handler of GET and HEAD with persistent connections and conditional requests."""

    protocol_version = "HTTP/1.1"
    server_version = "nginx"
    sys_version = ""
    # Small answers on a kept connection otherwise wait 40 ms for the client's acknowledgement.
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 30

    answer: Callable[[str], Response]

    def do_GET(self) -> None:
        """Answer with headers and body."""
        self._send(body=True)

    def do_HEAD(self) -> None:
        """Answer with headers alone."""
        self._send(body=False)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (inherited name)
        """Stay silent: requests are counted, not printed."""

    def _send(self, *, body: bool) -> None:
        absolute = urlsplit(self.path).scheme in ("http", "https")
        url = self.path if absolute else f"http://{self.headers.get('Host', '')}{self.path}"
        response = self.answer(url)
        fresh = response.status == 200 and self._is_fresh(response)
        payload = b"" if fresh else response.body
        self.send_response(304 if fresh else response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if not fresh:
            self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        if body and payload:
            self.wfile.write(payload)

    def _is_fresh(self, response: Response) -> bool:
        """Return True if the asker already has this response.

        By entity tag, or else by date (RFC 9110, 13.1).
        """
        tags = self.headers.get("If-None-Match")
        if tags is not None:
            return response.etag is not None and response.etag in tags.split(", ")
        since = self.headers.get("If-Modified-Since")
        changed = response.headers.get("Last-Modified")
        if since is None or changed is None:
            return False
        try:
            return parsedate_to_datetime(changed) <= parsedate_to_datetime(since)
        except (ValueError, TypeError):
            return False
