"""The review server as its users start it.
A process of its own, spoken to over HTTP."""

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit


@dataclass(frozen=True)
class Answer:
    """The server's answer."""

    status: int
    headers: Mapping[str, str]
    text: str


class Review:
    """A running `shizheng review`; leave the block and it ends."""

    def __init__(self, output: Path, *options: str) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "pipelines.cli",
                "review",
                "--output",
                str(output),
                "--json",
                "--port",
                "0",
                *options,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[1],
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        assert self.process.stdout is not None
        lines = []
        while not lines or lines[-1] != "}\n":
            lines.append(self.process.stdout.readline())
            assert lines[-1], self.process.stderr and self.process.stderr.read()
        self.url: str = json.loads("".join(lines))["url"]
        parts = urlsplit(self.url)
        self.port = parts.port or 0
        self.host = f"127.0.0.1:{self.port}"
        self.key = parse_qs(parts.query)["key"][0]
        self.cookie = ""
        self.token = ""

    def __enter__(self) -> "Review":
        return self

    def __exit__(self, *error: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=120)

    def stop(self, how: int = signal.SIGINT) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(how)
        self.process.communicate(timeout=120)
        return self.process.returncode

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str | None
    ) -> Answer:
        """Send one request unchanged.
        A header given as None is left out."""
        sent: dict[str, str | None] = {"Host": self.host, "Cookie": self.cookie}
        if body is not None:
            sent |= {"Origin": f"http://{self.host}", "Content-Length": str(len(body)),
                     "Content-Type": "application/x-www-form-urlencoded"}  # fmt: skip
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in sent.items():
                if value is not None:
                    connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            text = answer.read().decode()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, text)
        finally:
            connection.close()

    def enter(self) -> None:
        """Come in by the printed address, as a browser does."""
        answer = self.ask("GET", f"/?key={self.key}")
        assert answer.status == 303
        self.cookie = answer.headers["set-cookie"].split(";")[0]
        page = self.ask("GET", "/").text
        self.token = page.split('name="token" value="')[1].split('"')[0]

    def post(self, path: str, **fields: object) -> Answer:
        """Send a form of the page."""
        return self.ask("POST", path, urlencode({"token": self.token, **fields}, True).encode())

    def begin(self, reviewer: str, **fields: object) -> str:
        """Begin a plan and return its address without the query."""
        plan = {"kind": "stratified", "size": 20, "seed": 1, "reviewer": reviewer} | fields
        answer = self.post("/begin", **plan)
        assert answer.status == 303, answer.text
        return answer.headers["location"].split("?")[0]
