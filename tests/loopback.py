"""Servers on loopback: silent, in a thread, ended with their block."""

import json
import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

HTML = {"Content-Type": "text/html; charset=utf-8"}
HOST = ("127.0.0.1", 0)


class Handler(BaseHTTPRequestHandler):
    """A handler that logs nothing."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def send(self, body: bytes = b"", status: int = 200, headers: Mapping[str, str] = {}) -> None:
        """Answer, and state the body's length where there may be one."""
        self.send_response(status)
        length = {} if status in (204, 304) else {"Content-Length": str(len(body))}
        for name, value in (length | dict(headers)).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def received(self) -> bytes:
        """Return the body of the request."""
        return self.rfile.read(int(self.headers["Content-Length"]))


class HTTP(ThreadingHTTPServer):
    """A server that expects clients to break off."""

    daemon_threads = True

    def __init__(self, handler: Callable[..., Any]) -> None:
        super().__init__(HOST, handler)

    def handle_error(self, request: object, client_address: object) -> None:
        pass


@contextmanager
def running(server: socketserver.BaseServer) -> Iterator[str]:
    """Run a server while the block runs; yield its host and port."""
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def speaking(speak: Callable[[socketserver.StreamRequestHandler], None]) -> Iterator[str]:
    """Serve each connection by a function, as it goes over the wire; yield host and port."""

    class Spoken(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            speak(self)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        handle_error = HTTP.handle_error

    with running(Server(HOST, Spoken)) as host:
        yield host


@contextmanager
def files_of(folder: Path) -> Iterator[str]:
    """Serve a folder's files; yield the address of the folder."""

    class Files(SimpleHTTPRequestHandler):
        log_message = Handler.log_message

    with running(HTTP(partial(Files, directory=str(folder)))) as host:
        yield f"http://{host}"


@dataclass
class Webhook:
    """A receiver of messages: its address, those that it took, how often it is yet to refuse."""

    url: str = ""
    messages: list[dict[str, Any]] = field(default_factory=list)
    refuses: int = 0


@contextmanager
def webhook(refuses: int = 0) -> Iterator[Webhook]:
    """Receive messages while the block runs; the first so many are refused with 503."""
    hook = Webhook(refuses=refuses)

    class Receiver(Handler):
        def do_POST(self) -> None:
            message, refused = json.loads(self.received()), hook.refuses > 0
            hook.refuses -= refused
            if not refused:
                hook.messages.append(message)
            self.send(status=503 if refused else 200)

    with running(HTTP(Receiver)) as host:
        hook.url = f"http://{host}/hooks/s3cret"
        yield hook
