"""`shizheng review`: the page on loopback where people judge."""

import re
import secrets
import signal
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from pipelines.quality.sampling import KINDS, Plan, PlanError
from pipelines.report.words import Words
from pipelines.review import ReviewError, bead_editor, journal, sheets, words
from pipelines.review.access import AccessControl, Keys
from pipelines.review.assignments import Assignment, reviewers_named
from pipelines.review.connections import LimitedConnection
from pipelines.review.drawn_plans import DrawnPlan
from pipelines.review.item_reader import ItemReader
from pipelines.review.pages import LANGUAGES, ItemPage, Pages, asset
from pipelines.review.session import JudgingSession, TextsChangedError, VerdictRefusedError
from pipelines.review.verdict_export import export_verdicts
from pipelines.tables.damage import StoreError

PORT = 8765
"""Port of the page unless another is named or this one is taken."""

MOST_ITEMS = 5_000
"""Items of a plan that the page begins; set by hand."""


MOST_SECONDS = 3_600.0
"""Seconds on one item that count at most; set by hand."""


class _Refused(Exception):  # noqa: N818 - an answer, not an error
    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, slots=True)
class Site:
    """The application, its keys, and the reader to close at the end."""

    app: ASGIApp
    keys: Keys
    reader: ItemReader


def site(output: Path, cities: Mapping[str, Words], reviewer: str = "") -> Site:
    """Return the application over the tables in `output`.

    `reviewer` is offered as the name.
    """
    keys = Keys(secrets.token_urlsafe(24))
    session, reader = JudgingSession(output), ItemReader(output)
    views = _Views(session, reader, Pages(session, reader, keys.form, cities), keys, reviewer)
    routes = [
        Route("/", views.answer(views.start)),
        Route("/begin", views.answer(views.begin), methods=["POST"]),
        Route("/judge/{key}", views.answer(views.judge), methods=["GET"]),
        Route("/judge/{key}", views.answer(views.take), methods=["POST"]),
        Route("/mine/{key}", views.answer(views.mine)),
        Route("/progress", views.answer(views.progress)),
        Route("/verdicts.{kind}", views.answer(views.download)),
        Route("/review.{kind}", views.answer(views.asset)),
        Route("/favicon.ico", views.answer(lambda request, form: Response(status_code=204))),
    ]
    return Site(AccessControl(Starlette(routes=routes), keys), keys, reader)


def listen(port: int | None) -> socket.socket:
    """Return a socket on loopback, at `port` or else `PORT` or any.

    Raises `ReviewError` for a port that was asked for and is taken.
    """
    for wanted in (port,) if port is not None else (PORT, 0):
        found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind(("127.0.0.1", wanted))
            found.listen(128)
        except (OSError, OverflowError) as error:
            found.close()
            if port is not None:
                raise ReviewError(
                    f"port {port} of 127.0.0.1 cannot be listened on ({error}); "
                    "name another with --port, or none"
                ) from error
            continue
        return found
    raise ReviewError("no port of 127.0.0.1 can be listened on")


def address(port: int, path: str, reviewer: str, keys: Keys) -> str:
    """Return the address to open, with its key."""
    query = {"reviewer": reviewer} if reviewer else {}
    return f"http://127.0.0.1:{port}{path}?{urlencode(query | {'key': keys.secret})}"


def serve(made: Site, listening: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM."""
    config = uvicorn.Config(
        made.app,
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
        h11_max_incomplete_event_size=32 * 1024,
        http=LimitedConnection,
    )

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    # Uvicorn ends in order on both signals, then hands them on to who was there before.
    before = signal.signal(signal.SIGTERM, stop)
    try:
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listening])
    finally:
        signal.signal(signal.SIGTERM, before)
        made.reader.close()


_View = Callable[[Request, Mapping[str, str]], Response]


class _Views:
    """Views by address."""

    def __init__(
        self, session: JudgingSession, reader: ItemReader, pages: Pages, keys: Keys, reviewer: str
    ) -> None:
        self._session, self._reader, self._pages, self._keys = session, reader, pages, keys
        self._reviewer = reviewer

    def answer(self, view: _View) -> Callable[[Request], object]:
        """Return a view as an endpoint.

        It reads the form, runs the view in a thread and turns errors into sentences.
        """

        async def answered(request: Request) -> Response:
            form: dict[str, str] = {}
            if request.method == "POST":
                body = (await request.body()).decode("utf-8", "replace")
                try:
                    pairs = parse_qsl(body, keep_blank_values=True, max_num_fields=500)
                except ValueError:
                    return PlainTextResponse("Expected a form.", 400)
                for name, value in pairs:
                    form[name] = f"{form[name]}\n{value}" if name in form else value
                if not self._keys.signs(form.get("token", "")):
                    return PlainTextResponse(
                        "This page is of an earlier start of the server. Open it anew.", 403
                    )
            try:
                response = await run_in_threadpool(view, request, form)
            except _Refused as refused:
                return PlainTextResponse(str(refused), refused.status)
            except TextsChangedError as error:
                return PlainTextResponse(f"Not stored: {error}", 409)
            except VerdictRefusedError as error:
                return PlainTextResponse(f"Not stored: {error}", 400)
            except StoreError as error:
                return PlainTextResponse(str(error), 500)
            ui = request.query_params.get("ui")
            if ui in LANGUAGES:
                response.set_cookie("shizheng-ui", ui, samesite="strict", max_age=31_536_000)
            return response

        return answered

    def start(self, request: Request, form: Mapping[str, str]) -> Response:
        reviewer = self._named(request.query_params.get("reviewer") or self._reviewer, or_none=True)
        return HTMLResponse(self._pages.start(_ui(request), reviewer))

    def begin(self, request: Request, form: Mapping[str, str]) -> Response:
        name, cities = form.get("reviewer", ""), tuple(form.get("city", "").split())
        try:
            reviewer = journal.reviewer_name(name)
            kind = form.get("kind", "")
            text = " ".join(form.get("text", "").split()) if kind == "search" else ""
            if kind not in KINDS or not 1 <= int(form.get("size", "")) <= MOST_ITEMS:
                raise PlanError(f"choose what to judge, and from 1 to {MOST_ITEMS:,} of it")
            plan = Plan(kind, int(form["size"]), int(form.get("seed", "")), cities, text)
            made = _assignment(form)
            drawn_plan = self._session.open_plan(plan)
            if made is not None:
                self._session.assign(drawn_plan, made)
        except (ValueError, PlanError, ReviewError) as error:
            page = self._pages.start(_ui(request), name[:60], cities, str(error))
            return HTMLResponse(page, 400)
        return _see(f"/judge/{drawn_plan.key}", reviewer=reviewer)

    def judge(self, request: Request, form: Mapping[str, str]) -> Response:
        drawn_plan, reviewer, adjudicating = self._about(request, request.query_params)
        self._session.verdicts.refresh()
        asked = request.query_params.get("item", "")
        if asked.isascii() and asked.isdigit() and 1 <= int(asked[:9]) <= len(drawn_plan.items):
            place: int | None = int(asked) - 1
            if adjudicating and place not in self._session.progress.to_settle(drawn_plan):
                place = self._pages.following(drawn_plan, reviewer, -1, adjudicating)
        else:
            place = self._pages.following(drawn_plan, reviewer, -1, adjudicating)
        page = ItemPage(
            _ui(request), drawn_plan, reviewer, place, adjudicating,
            fragment="x-fragment" in request.headers,
            whole=request.query_params.get("whole") == "1",
            query=request.query_params.get("q", "")[:200],
            edit=_edit(request.query_params) if drawn_plan.level != "unmatched" else None,
        )  # fmt: skip
        return HTMLResponse(self._pages.judge(page))

    def take(self, request: Request, form: Mapping[str, str]) -> Response:
        """Store a verdict or take one back; answer with the next item."""
        drawn_plan, reviewer, adjudicating = self._about(request, form)
        self._session.verdicts.refresh()
        undoing, ui = form.get("do") == "undo", _ui(request)
        if undoing:
            undone = self._session.undo(drawn_plan, reviewer)
            following = undone if undone is not None else _number(form, "place")
            message = Words("Taken back", "已撤销") if undone is not None else Words("", "")
        elif form.get("do") == "flag":
            following, message = self._flag(drawn_plan, reviewer, adjudicating, form)
        else:
            following, message = self._judge(drawn_plan, reviewer, adjudicating, form)
        text = message.zh if ui == "zh" else message.en
        if "x-fragment" not in request.headers:
            item = {} if following is None else {"item": following + 1}
            settle = {"adjudicating": 1} if adjudicating else {}
            return _see(f"/judge/{drawn_plan.key}", reviewer=reviewer, **item, **settle)
        if form.get("position") and not undoing and form.get("do") != "correct":
            return PlainTextResponse(text)
        page = ItemPage(
            ui, drawn_plan, reviewer, following, adjudicating, fragment=True, message=text
        )
        return HTMLResponse(self._pages.judge(page))

    def _flag(
        self, plan: DrawnPlan, reviewer: str, adjudicating: bool, form: Mapping[str, str]
    ) -> tuple[int, Words]:
        """Flag or unflag an item; return its place and a message."""
        place = _place(form)
        flagged = self._session.flag(plan, place, reviewer, form.get("note"), adjudicating)
        if flagged:
            return place, Words("Flagged for discussion", "已标记待讨论")
        return place, Words("No longer flagged", "已取消标记")

    def _judge(
        self, plan: DrawnPlan, reviewer: str, adjudicating: bool, form: Mapping[str, str]
    ) -> tuple[int | None, Words]:
        """Store a form's verdict; return the next place and a message."""
        place, position = _place(form), _number(form, "position")
        correction = None
        if form.get("do") == "correct":
            correction = self._correction(plan, place, position, form)
            position = position if plan.level == "pair" else None
        code, relation = form.get("code") or None, form.get("relation") or None
        if form.get("zh_id") or relation:
            code = "missed"
        if form.get("do") == "clear":
            code = relation = None
        zh_id = None
        if code == "missed":
            zh_id = self._counterpart(plan, place, reviewer, adjudicating, form)
        given = self._session.judge(
            plan, place, reviewer, code, note=form.get("note"), position=position,
            zh_id=zh_id, adjudicating=adjudicating,
            shown=form.get("shown"), relation=relation, seconds=_seconds(form),
            correction=correction,
        )  # fmt: skip
        following: int | None = place
        # A counterpart found is stored at once; how it belongs is asked on the same page.
        asked = given.verdict == "missed" and not given.relation
        if position is None and code is not None and not asked:
            following = self._pages.following(plan, reviewer, place, adjudicating)
        if not given.verdict:
            return following, Words("", "")
        name = words.LEVELS[given.level][given.verdict].name
        return following, Words(f"Stored: {name.en}", f"已保存：{name.zh}")

    def mine(self, request: Request, form: Mapping[str, str]) -> Response:
        drawn_plan, reviewer, _ = self._about(request, request.query_params)
        self._session.verdicts.refresh()
        page = ItemPage(_ui(request), drawn_plan, reviewer, None)
        return HTMLResponse(self._pages.mine(page))

    def progress(self, request: Request, form: Mapping[str, str]) -> Response:
        reviewer = self._named(request.query_params.get("reviewer") or self._reviewer, or_none=True)
        return HTMLResponse(self._pages.progress(_ui(request), reviewer))

    def download(self, request: Request, form: Mapping[str, str]) -> Response:
        kind = request.path_params["kind"]
        if kind not in sheets.KINDS:
            raise _Refused(404, "There are verdicts.csv, verdicts.xlsx and verdicts.json.")
        content = export_verdicts(self._session.output, kind)
        disposition = f'attachment; filename="verdicts.{kind}"'
        return Response(content, media_type=sheets.KINDS[kind],
                        headers={"content-disposition": disposition})  # fmt: skip

    def asset(self, request: Request, form: Mapping[str, str]) -> Response:
        kinds = {"css": "text/css", "js": "text/javascript"}
        kind = request.path_params["kind"]
        if kind not in kinds:
            raise _Refused(404, "There is no such file.")
        return Response(asset(f"review.{kind}"), media_type=kinds[kind])

    def _about(self, request: Request, given: Mapping[str, str]) -> tuple[DrawnPlan, str, bool]:
        drawn_plan = self._session.drawn_plan(request.path_params["key"])
        if drawn_plan is None:
            raise _Refused(404, "There is no such plan; begin one on the first page.")
        reviewer = self._named(given.get("reviewer", ""))
        return drawn_plan, reviewer, given.get("adjudicating") == "1"

    def _named(self, name: str, or_none: bool = False) -> str:
        if or_none and not name.strip():
            return ""
        try:
            return journal.reviewer_name(name)
        except ValueError as error:
            raise _Refused(400, f"Not stored: {error}") from error

    def _correction(
        self, plan: DrawnPlan, place: int, position: int | None, form: Mapping[str, str]
    ) -> str:
        """Return the correction of beads that a form makes."""
        drawn = self._session.drawn(plan, place)
        if (form.get("shown") or None) not in (None, self._session.shown(plan, place)):
            raise TextsChangedError("these texts were stored anew meanwhile; load the page again")
        count = _number(form, "beads") or 1
        run = self._reader.run(drawn, -1 if position is None else position, count, None)
        if run is None or run.count != count:
            raise VerdictRefusedError("the pair has no such beads; load the page again")
        try:
            return bead_editor.corrected(run, form.get("zh", ""), form.get("en", ""))
        except ValueError as error:
            raise VerdictRefusedError(str(error)) from error

    def _counterpart(
        self,
        plan: DrawnPlan,
        place: int,
        reviewer: str,
        adjudicating: bool,
        form: Mapping[str, str],
    ) -> str | None:
        """Return the Chinese article that a form or its forerunner chooses."""
        if plan.level != "unmatched" or not 0 <= place < len(plan.items):
            return None
        chosen = form.get("zh_id")
        if not chosen:
            item = self._session.now(plan, place)
            before = item and self._session.verdicts.newest(item, reviewer, adjudicating)
            return before.zh_id if before else None
        if not self._reader.is_chinese(plan.items[place].city, chosen):
            raise VerdictRefusedError("the Chinese article chosen is not in the corpus")
        return chosen


def _ui(request: Request) -> str:
    """Return the language of the page, by query, cookie or browser."""
    accepted = request.headers.get("accept-language", "").lower()
    for found in (request.query_params.get("ui"), request.cookies.get("shizheng-ui")):
        if found in LANGUAGES:
            return found
    return "zh" if accepted.startswith("zh") else "en"


def _number(form: Mapping[str, str], name: str) -> int | None:
    value = form.get(name, "")
    if not value:
        return None
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise _Refused(400, f"Not stored: {name} must be a number.")
    return int(value)


def _assignment(form: Mapping[str, str]) -> Assignment | None:
    """Return the assignment that a form asks for, None without names."""
    names = [name for name in re.split(r"[,，、;；\n]", form.get("assigned", "")) if name.strip()]
    double = _number(form, "double") or 0
    if not names and double:
        raise ReviewError("name the reviewers among whom a share is judged by two")
    return Assignment(reviewers_named(names), double / 100) if names else None


def _edit(query: Mapping[str, str]) -> tuple[int, int] | None:
    """Return position and number of the beads to edit, by address."""
    position = _number(query, "edit")
    return None if position is None else (position, _number(query, "beads") or 0)


def _place(form: Mapping[str, str]) -> int:
    place = _number(form, "place")
    if place is None:
        raise _Refused(400, "Not stored: the form names no item.")
    return place


def _seconds(form: Mapping[str, str]) -> float | None:
    """Return the time that a page measured, None for anything else.

    A verdict is never refused for it.
    """
    text = form.get("seconds", "")
    known = text.isascii() and text.replace(".", "", 1).isdigit() and len(text) < 12
    return min(round(float(text), 1), MOST_SECONDS) if known else None


def _see(path: str, **query: object) -> Response:
    return RedirectResponse(f"{path}?{urlencode(query)}", 303)
