"""A webhook receives failures and recoveries only, and never fails a run."""

import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from loopback import HTTP, Handler, running

from pipelines.operations import webhook


class Receiver(HTTP):
    """Answers with the statuses it is given, in turn; none means not to answer."""

    def __init__(self) -> None:
        self.statuses: list[int | None] = []
        self.asked = 0
        self.over = threading.Event()
        super().__init__(Answering)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/s3cret"


class Answering(Handler):
    server: Receiver

    def do_POST(self) -> None:
        status = self.server.statuses[self.server.asked]
        self.server.asked += 1
        if status is None:
            self.server.over.wait(30)
        else:
            self.send(status=status)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    with running(server):
        yield server
        server.over.set()


@pytest.mark.parametrize(
    ("statuses", "asked", "reason"),
    [
        ([204], 1, None),
        ([503, 200], 2, None),
        ([503, 500], 2, "status 500"),
        ([500, 204], 2, None),
        ([599, 204], 2, None),
        ([429, 204], 2, None),  # too many messages: this one may be taken a little later
        ([429, 429], 2, "status 429"),
        ([429, 404], 2, "status 404"),
        *(([status], 1, f"status {status}") for status in (304, 400, 401, 404, 410, 428, 430, 499)),
    ],
)
def test_a_failing_webhook_is_asked_once_more_and_a_refusing_one_is_not(
    receiver: Receiver, statuses: list[int | None], asked: int, reason: str | None
) -> None:
    receiver.statuses = statuses
    problem = webhook.post(receiver.url, {"event": "failed"}, pause=0)
    assert receiver.asked == asked
    if reason is None:
        assert problem is None
    else:
        assert problem == f"the webhook at 127.0.0.1 could not be reached ({reason})"


def test_a_webhook_that_does_not_answer_holds_up_no_run(receiver: Receiver) -> None:
    receiver.statuses = [None, None]
    began = time.monotonic()
    problem = webhook.post(receiver.url, {"event": "failed"}, timeout=0.2, pause=0)
    assert time.monotonic() - began < 10
    assert receiver.asked == 2
    assert problem is not None
    assert "timed out" in problem
    assert "s3cret" not in problem


@pytest.mark.parametrize(
    ("statuses", "pauses"), [([204], []), ([404], []), ([503, 204], [7.5]), ([503, 503], [7.5])]
)
def test_a_pause_is_made_before_the_second_try_alone(
    receiver: Receiver,
    statuses: list[int | None],
    pauses: list[float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    receiver.statuses = statuses
    made: list[float] = []
    # The whole of `time` is shared: only this pause is meant, and none is waited for.
    monkeypatch.setattr(webhook, "time", SimpleNamespace(sleep=made.append))
    webhook.post(receiver.url, {"event": "failed"}, pause=7.5)
    assert made == pauses


def test_an_address_nobody_listens_at_is_named_by_its_host() -> None:
    with Receiver() as closed:
        url = closed.url
    problem = webhook.post(url, {}, timeout=1, pause=0)
    assert problem is not None
    assert problem.startswith("the webhook at 127.0.0.1 could not be reached (")


@pytest.mark.parametrize(
    "url",
    ["hooks.example.org/x", "ftp://hooks.example.org", "http://", "https://h.example/a b",
     "https://h.example:x/s", "https://h.example:70000/s", "https://[h.example/s"],
)  # fmt: skip
def test_only_http_addresses_are_webhooks(url: str) -> None:
    with pytest.raises(webhook.WebhookError, match="http or https"):
        webhook.checked(url)


def test_only_a_change_for_the_worse_or_the_better_is_posted() -> None:
    assert webhook.event(0, {}, {}) is None
    assert webhook.event(0, {}, {"dalian": False}) is None
    assert webhook.event(3, {"dalian": ["x"]}, {"dalian": False}) == ("failed", [])
    assert webhook.event(3, {"dalian": ["x"]}, {"dalian": True}) == ("failed", [])
    assert webhook.event(0, {}, {"dalian": True}) == ("recovered", ["dalian"])
    # One is well again while another fails: one message tells both.
    past = {"dalian": True, "ningbo": False}
    assert webhook.event(3, {"ningbo": ["x"]}, past) == ("failed", ["dalian"])
    # The last run was cut short; this one went through.
    assert webhook.event(0, {}, None) == ("recovered", [])
