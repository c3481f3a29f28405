"""The pages as HTML: everything from the corpus is escaped, and said in the reader's language."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

import jinja2

from pipelines.quality import verdicts
from pipelines.report import words as wording
from pipelines.report.words import Words
from pipelines.review import words
from pipelines.review.drawn_plans import DrawnPlan
from pipelines.review.item_reader import AHEAD, ItemReader
from pipelines.review.session import JudgingSession, Progress

LANGUAGES = ("en", "zh")


class Pages:
    """Renders what a session and a reader hold. `cities` are the names of the cities by key."""

    def __init__(
        self, session: JudgingSession, reader: ItemReader, token: str, cities: Mapping[str, Words]
    ) -> None:
        self._session, self._reader, self._token = session, reader, token
        self._cities = cities
        self._environments = {ui: _environment(ui) for ui in LANGUAGES}

    def start(self, ui: str, reviewer: str, chosen: Sequence[str] = (), trouble: str = "") -> str:
        """Return the page to begin or go on with a plan."""
        self._session.refresh()
        plans = [
            (
                drawn_plan,
                self._session.progress(drawn_plan, reviewer) if reviewer else None,
                self._session.reviewers(drawn_plan),
            )
            for drawn_plan in self._session.drawn_plans()
        ]
        cities = [{"key": key, "en": name.en, "zh": name.zh} for key, name in self._cities.items()]
        return self._render("start.html.j2", ui, reviewer, "/", plans=plans, cities=cities,
                            chosen=chosen, trouble=trouble)  # fmt: skip

    def progress(self, ui: str, reviewer: str) -> str:
        """Return how far everyone is and how far they agree."""
        self._session.refresh()
        rows = []
        for drawn_plan in self._session.drawn_plans():
            judged = self._session.judged_items(drawn_plan)
            differing = self._session.differing(drawn_plan)
            rows.append(
                {
                    "drawn_plan": drawn_plan,
                    "progress": [
                        self._session.progress(drawn_plan, name)
                        for name in self._session.reviewers(drawn_plan)
                    ],
                    "agreements": self._session.agreements(drawn_plan),
                    "differing": len(differing),
                    "settled": sum(bool(judged[place].adjudication) for place in differing),
                }
            )
        return self._render("progress.html.j2", ui, reviewer, "/progress", rows=rows)

    def judge(
        self,
        ui: str,
        drawn_plan: DrawnPlan,
        place: int | None,
        reviewer: str,
        *,
        adjudicating: bool = False,
        fragment: bool = False,
        whole: bool = False,
        said: str = "",
        query: str = "",
    ) -> str:
        """Return the page of one item, or its changing part alone; `place` None: all is done."""
        action = f"/judge/{drawn_plan.key}"
        about: dict[str, Any] = {
            "drawn_plan": drawn_plan,
            "level": drawn_plan.level,
            "adjudicating": adjudicating,
            "blind": not adjudicating,
            "action": action,
            "place": place,
            "said": said,
            "progress": self._progress(drawn_plan, reviewer, adjudicating),
            "can_undo": not adjudicating and self._session.can_undo(drawn_plan, reviewer),
            "address": _address(action, reviewer, place, adjudicating),
        }
        name = "finished" if place is None else "item"
        if place is not None:
            about |= self._item(drawn_plan, place, reviewer, adjudicating, whole=whole, query=query)
        outer = "done" if place is None else "judge"
        here = about["address"]
        return self._render(f"{name if fragment else outer}.html.j2", ui, reviewer, here, **about)

    def _item(
        self,
        drawn_plan: DrawnPlan,
        place: int,
        reviewer: str,
        adjudicating: bool,
        *,
        whole: bool,
        query: str,
    ) -> dict[str, Any]:
        """Return what the page shows of one item."""
        session, drawn, action = self._session, drawn_plan.items[place], f"/judge/{drawn_plan.key}"
        # Before anything is read: what changes in between is then refused when it is judged.
        shown, item = session.shown(drawn_plan, place), session.now(drawn_plan, place)
        self._reader.follow(session.edition)
        if item is not None and drawn.level == "bead":
            drawn = replace(drawn, position=item.position)
        listed = session.differing(drawn_plan) if adjudicating else range(len(drawn_plan.items))
        earlier = [other for other in listed if other < place]
        later = [other for other in listed if other > place]
        following = self.following(drawn_plan, reviewer, place, adjudicating)
        ahead = [place for place in later[:AHEAD] if place != following]
        places = [following, *ahead] if following is not None else ahead
        self._reader.read_ahead(drawn_plan, places)
        self._reader.also(partial(session.read_ahead, drawn_plan, places))

        def address(to: int | None) -> str | None:
            return None if to is None else _address(action, reviewer, to, adjudicating)

        about: dict[str, Any] = {
            "choices": words.LEVELS[drawn_plan.level],
            "bead_choices": words.BEAD,
            "held": session.standing(item, reviewer, adjudicating) if item else None,
            "stale": session.stale(drawn_plan, place, reviewer, adjudicating),
            "shown": shown,
            "gone": item is None,
            "before": address(earlier[-1] if earlier else None),
            "after": address(later[0] if later else None),
            "skip": address(following if following != place else None),
            "whole": f"{address(place)}&whole=1",
            "position": drawn.position if drawn_plan.level == "bead" and item else None,
            "others": session.judged_items(drawn_plan)[place].blind if adjudicating else (),
        }
        if drawn_plan.level == "unmatched":
            found = self._reader.search(drawn.city, query) if query else None
            return about | {
                "english": self._reader.article(drawn.city, drawn.en_id),
                "chinese": self._reader.nearest(drawn) if found is None else found,
                "query": query,
            }
        far = drawn_plan.level == "bead" and not self._reader.position_shown(drawn)
        pair = self._reader.pair(drawn, whole or far)
        passing = {
            position: held.verdict
            for position in range(len(pair.beads) if pair and drawn_plan.level == "pair" else 0)
            if (held := session.standing(verdicts.Item("bead", drawn.pair_id or "", position),
                                      reviewer)) is not None and held.verdict
        }  # fmt: skip
        return about | {"pair": pair, "passing": passing}

    def following(
        self, drawn_plan: DrawnPlan, reviewer: str, place: int, adjudicating: bool
    ) -> int | None:
        """Return the place to go to after `place`; None when all is judged or settled."""
        if not adjudicating:
            return self._session.next_place(drawn_plan, reviewer, place)
        judged = self._session.judged_items(drawn_plan)
        open_ = [p for p in self._session.differing(drawn_plan) if not judged[p].adjudication]
        return next((p for p in open_ if p > place), next((p for p in open_ if p != place), None))

    def _progress(self, drawn_plan: DrawnPlan, reviewer: str, adjudicating: bool) -> Progress:
        if not adjudicating:
            return self._session.progress(drawn_plan, reviewer)
        judged, differing = (
            self._session.judged_items(drawn_plan),
            self._session.differing(drawn_plan),
        )
        settled = sum(bool(judged[place].adjudication) for place in differing)
        return Progress(reviewer, settled, len(differing), {})

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
    """Return the style or the script of the pages."""
    return (files("pipelines.review") / "templates" / name).read_bytes()


def _address(action: str, reviewer: str, place: int | None, adjudicating: bool) -> str:
    query: dict[str, Any] = {"reviewer": reviewer}
    query |= {"item": place + 1} if place is not None else {}
    query |= {"adjudicating": 1} if adjudicating else {}
    return f"{action}?{urlencode(query)}"


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

    def w(said: Words) -> str:
        return said.zh if ui == "zh" else said.en

    environment.globals.update(t=t, w=w, wording=wording)
    environment.filters["words"] = wording.of
    return environment
