"""Pages of the review as HTML, escaped, in the reader's language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

import jinja2

from pipelines.quality import verdicts
from pipelines.quality.sampling import Drawn
from pipelines.quality.verdicts import Verdict
from pipelines.report import words as report_words
from pipelines.report.words import Words
from pipelines.review import bead_editor, words
from pipelines.review.drawn_plans import DrawnPlan
from pipelines.review.item_reader import AHEAD, ItemReader
from pipelines.review.plan_progress import Progress
from pipelines.review.session import JudgingSession
from pipelines.tables.vocabulary import RELATIONS

LANGUAGES = ("en", "zh")


@dataclass(frozen=True, slots=True)
class ItemPage:
    """Page of an item for one reviewer.

    Without a place it is the last page of the plan. `fragment`: the changing part alone. `whole`:
    beads however many. `message` is shown once. `query` searches the Chinese articles. `edit`:
    position and number of the beads to correct.
    """

    ui: str
    drawn_plan: DrawnPlan
    reviewer: str
    place: int | None
    adjudicating: bool = False
    fragment: bool = False
    whole: bool = False
    message: str = ""
    query: str = ""
    edit: tuple[int, int] | None = None

    @property
    def action(self) -> str:
        """Path that the page's forms are sent to."""
        return f"/judge/{self.drawn_plan.key}"

    def address(self, place: int | None) -> str:
        """Return the address of another place in the same plan."""
        query: dict[str, Any] = {"reviewer": self.reviewer}
        query |= {"item": place + 1} if place is not None else {}
        query |= {"adjudicating": 1} if self.adjudicating else {}
        return f"{self.action}?{urlencode(query)}"


class Pages:
    """Renderer of the pages. `cities` are names by key."""

    def __init__(
        self, session: JudgingSession, reader: ItemReader, token: str, cities: Mapping[str, Words]
    ) -> None:
        self._session, self._reader, self._token = session, reader, token
        self._cities = cities
        self._environments = {ui: _environment(ui) for ui in LANGUAGES}

    def start(self, ui: str, reviewer: str, chosen: Sequence[str] = (), trouble: str = "") -> str:
        """Return the page to begin or continue a plan."""
        self._session.verdicts.refresh()
        progress = self._session.progress
        plans = [
            (
                drawn_plan,
                progress.of(drawn_plan, reviewer) if reviewer else None,
                progress.reviewers(drawn_plan),
                progress.assignment(drawn_plan),
            )
            for drawn_plan in self._session.drawn_plans()
        ]
        cities = [{"key": key, "en": name.en, "zh": name.zh} for key, name in self._cities.items()]
        return self._render("start.html.j2", ui, reviewer, "/", plans=plans, cities=cities,
                            chosen=chosen, trouble=trouble)  # fmt: skip

    def progress(self, ui: str, reviewer: str) -> str:
        """Return the page of everybody's progress and agreement."""
        self._session.verdicts.refresh()
        progress = self._session.progress
        rows = []
        for drawn_plan in self._session.drawn_plans():
            differing = progress.to_settle(drawn_plan)
            flagged = [
                {
                    "number": place + 1,
                    "address": f"/judge/{drawn_plan.key}?"
                    + urlencode({"reviewer": reviewer, "item": place + 1, "adjudicating": 1}),
                    "by": ", ".join(sorted({one.reviewer for one in given})),
                }
                for place, given in progress.flagged(drawn_plan).items()
            ]
            rows.append(
                {
                    "drawn_plan": drawn_plan,
                    "progress": [
                        progress.of(drawn_plan, name) for name in progress.reviewers(drawn_plan)
                    ],
                    "paces": progress.paces(drawn_plan),
                    "agreements": progress.agreements(drawn_plan),
                    "differing": len(differing),
                    "settled": len(progress.settled(drawn_plan)),
                    "flagged": flagged,
                }
            )
        return self._render("progress.html.j2", ui, reviewer, "/progress", rows=rows)

    def judge(self, page: ItemPage) -> str:
        """Return the page of an item, or of a finished plan."""
        drawn_plan, reviewer = page.drawn_plan, page.reviewer
        here = page.address(page.place)
        if page.edit is not None:
            here = self.editing(page, *page.edit)
        about: dict[str, Any] = {
            "drawn_plan": drawn_plan,
            "level": drawn_plan.level,
            "adjudicating": page.adjudicating,
            "blind": not page.adjudicating,
            "action": page.action,
            "back": page.address(page.place),
            "place": page.place,
            "message": page.message,
            "progress": self._progress(page),
            "can_undo": not page.adjudicating and self._session.can_undo(drawn_plan, reviewer),
            "address": here,
            "mine": f"/mine/{drawn_plan.key}?{urlencode({'reviewer': reviewer})}",
        }
        if page.place is None:
            template = "finished" if page.fragment else "done"
        else:
            template = "item" if page.fragment else "judge"
            about |= self._item(page, page.place)
        return self._render(f"{template}.html.j2", page.ui, reviewer, here, **about)

    def mine(self, page: ItemPage) -> str:
        """Return the page of a reviewer's own verdicts in a plan."""
        session, plan, reviewer = self._session, page.drawn_plan, page.reviewer
        places = session.progress.places(plan)
        pairs = {drawn.pair_id: at for at, drawn in enumerate(plan.items) if drawn.pair_id}
        given = []
        for one in reversed(session.verdicts.own_in(str(plan.plan), reviewer)):
            place = places.get(one.item, pairs.get(one.pair_id or ""))
            if place is not None:
                passing = one.level != plan.level and one.position is not None
                given.append(
                    {
                        "number": place + 1,
                        "address": page.address(place),
                        "bead": (one.position or 0) + 1 if passing else None,
                        "name": words.LEVELS[one.level][one.verdict].name if one.verdict else None,
                        "discuss": one.discuss,
                        "note": one.note,
                        "judged_at": one.judged_at,
                    }
                )
        here = f"/mine/{plan.key}?{urlencode({'reviewer': reviewer})}"
        return self._render("mine.html.j2", page.ui, reviewer, here, drawn_plan=plan, given=given,
                            onward=page.address(None))  # fmt: skip

    def _item(self, page: ItemPage, place: int) -> dict[str, Any]:
        """Return the variables of an item's page."""
        session, drawn_plan, reviewer = self._session, page.drawn_plan, page.reviewer
        # Before anything is read: what changes in between is then refused when it is judged.
        shown, item = session.shown(drawn_plan, place), session.now(drawn_plan, place)
        self._reader.follow(session.verdicts.edition)
        drawn, newest = drawn_plan.items[place], None
        others: Sequence[Verdict] = ()
        if item is not None:
            newest = session.verdicts.newest(item, reviewer, page.adjudicating)
            if drawn.level == "bead":
                drawn = replace(drawn, position=item.position)
        if page.adjudicating:
            judged = session.progress.judged_items(drawn_plan).get(place)
            blind = judged.blind if judged else ()
            asking = session.progress.flagged(drawn_plan).get(place, [])
            others = (*blind, *(one for one in asking if not one.verdict))
        about: dict[str, Any] = {
            "choices": words.LEVELS[drawn_plan.level],
            "bead_choices": words.BEAD,
            "relations": {code: words.PAIR[code] for code in RELATIONS},
            "newest": newest,
            "stale": session.progress.stale(drawn_plan, place, reviewer, page.adjudicating),
            "shown": shown,
            "gone": item is None,
            "editing": page.edit is not None,
            "strange": not page.adjudicating
            and place not in session.progress.assigned(drawn_plan, reviewer),
            "whole": f"{page.address(place)}&whole=1",
            "position": drawn.position if drawn.level == "bead" and item else None,
            "others": others,
            **self._steps(page, place),
        }
        if drawn.level == "unmatched":
            english, chinese = self._reader.compared(
                drawn, page.query, newest.zh_id if newest else None
            )
            return about | {"english": english, "chinese": chinese, "query": page.query}
        return about | self._pair(drawn, page)

    def _steps(self, page: ItemPage, place: int) -> dict[str, str | None]:
        """Return the addresses around a place; read the next items ahead."""
        plan = page.drawn_plan
        listed = self._session.progress.assigned(plan, page.reviewer)
        if page.adjudicating:
            listed = self._session.progress.to_settle(plan)
        before = max((other for other in listed if other < place), default=None)
        later = [other for other in listed if other > place]
        following = self.following(plan, page.reviewer, place, page.adjudicating)
        ahead = [other for other in later[:AHEAD] if other != following]
        places = [following, *ahead] if following is not None else ahead
        self._reader.read_ahead(plan, places)
        self._reader.also(partial(self._session.read_ahead, plan, places))
        steps = {
            "before": before,
            "after": later[0] if later else None,
            "skip": following if following != place else None,
        }
        return {name: None if to is None else page.address(to) for name, to in steps.items()}

    def _pair(self, drawn: Drawn, page: ItemPage) -> dict[str, Any]:
        """Return a pair, and a reviewer's verdicts on its beads by position."""
        far = drawn.level == "bead" and not self._reader.position_shown(drawn)
        pair = self._reader.pair(drawn, page.whole or far)
        passing: dict[int, Verdict] = {}
        if pair is not None and drawn.level == "pair":
            for position in range(len(pair.beads)):
                bead = verdicts.Item("bead", drawn.pair_id or "", position)
                newest = self._session.verdicts.newest(bead, page.reviewer)
                if newest is not None and newest.verdict:
                    passing[position] = newest
        return {"pair": pair, "passing": passing, "run": self._run(drawn, page)}

    def _run(self, drawn: Drawn, page: ItemPage) -> dict[str, Any] | None:
        """Return the variables of the editor of beads."""
        if page.edit is None:
            return None
        position, count = page.edit
        item = verdicts.Item("bead", drawn.pair_id or "", position)
        before = self._session.verdicts.newest(item, page.reviewer, page.adjudicating)
        run = self._reader.run(drawn, position, count, before.correction if before else None)
        if run is None:
            return None
        wider = run.position + run.count < run.total and run.count < bead_editor.MOST
        return {
            "position": run.position,
            "count": run.count,
            "zh": "\n".join(run.lines[0]),
            "en": "\n".join(run.lines[1]),
            "rows": max(map(len, run.lines)) + 3,
            "wider": self.editing(page, position, run.count + 1) if wider else None,
            "narrower": self.editing(page, position, run.count - 1) if run.count > 1 else None,
        }

    @staticmethod
    def editing(page: ItemPage, position: int, count: int) -> str:
        """Return the address of an item with its editor of beads."""
        return f"{page.address(page.place)}&{urlencode({'edit': position, 'beads': count})}"

    def following(
        self, drawn_plan: DrawnPlan, reviewer: str, place: int, adjudicating: bool
    ) -> int | None:
        """Return the place to continue at, None if all is judged."""
        if not adjudicating:
            return self._session.progress.next_place(drawn_plan, reviewer, place)
        progress = self._session.progress
        settled = progress.settled(drawn_plan)
        open_ = [p for p in progress.to_settle(drawn_plan) if p not in settled]
        return next((p for p in open_ if p > place), next((p for p in open_ if p != place), None))

    def _progress(self, page: ItemPage) -> Progress:
        progress, plan = self._session.progress, page.drawn_plan
        if not page.adjudicating:
            return progress.of(plan, page.reviewer)
        listed, settled = progress.to_settle(plan), progress.settled(plan)
        return Progress(page.reviewer, len(settled.intersection(listed)), len(listed), {})

    def _render(self, name: str, ui: str, reviewer: str, here: str, **about: Any) -> str:
        return (
            self._environments[ui]
            .get_template(name)
            .render(
                ui=ui,
                reviewer=reviewer,
                who=f"?{urlencode({'reviewer': reviewer})}" if reviewer else "",
                here=here + ("&" if "?" in here else f"?{urlencode({'reviewer': reviewer})}&"),
                token=self._token,
                levels=words.LEVELS,
                plan_words=words.PLANS,
                **about,
            )
        )


def asset(name: str) -> bytes:
    """Return the pages' style sheet or script."""
    return (files("pipelines.review") / "templates" / name).read_bytes()


def _environment(ui: str) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("pipelines.review"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def t(en: str, zh: str) -> str:
        return zh if ui == "zh" else en

    def w(words: Words) -> str:
        return words.zh if ui == "zh" else words.en

    environment.globals.update(t=t, w=w, report_words=report_words)
    environment.filters["words"] = report_words.of
    return environment
