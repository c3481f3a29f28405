"""Export of verdicts for spreadsheets and Label Studio.

An export of a plan is blind: no probability, no verdict of another reviewer.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from pipelines.quality import subjects, verdicts
from pipelines.quality.sampling import Drawn
from pipelines.quality.subjects import Named, Subject, Subjects
from pipelines.quality.verdicts import Item, Verdict
from pipelines.report.pair_examples import PairExample
from pipelines.review import assignments, words, workbook
from pipelines.review.drawn_plans import DrawnPlan
from pipelines.review.sheets import CARRIED, STATED, Row
from pipelines.review.stored_pairs import StoredPairs
from pipelines.tables import schema
from pipelines.tables.vocabulary import LANGS, RELATIONS
from pipelines.text.cells import cell

CELL = 32_000
"""Characters of a text in a cell; spreadsheets take 32,767."""

_TEXTS = ("zh_title", "en_title", "zh", "en")
_NAMED = ("level", "city", "pair_id", "position", "zh_id", "en_id", "judged_sha256")
_COLUMNS = (*schema.REVIEWS.names, "stale", *_TEXTS)


def export_verdicts(
    output: Path, kind: str, drawn_plan: DrawnPlan | None = None, reviewer: str = ""
) -> bytes:
    """Return verdicts as a file of the format `kind`.

    Without a plan: every verdict that counts, of any reviewer, and the stale ones, marked so. With
    one: its items in order, those assigned to `reviewer` to judge elsewhere, with that reviewer's
    verdicts.
    """
    given, texts = verdicts.read(output), Subjects(output)
    texts.load(given)
    placed = [(verdict, texts.placed(verdict)) for verdict in given]
    counting = verdicts.counting([now for _, now in placed if now is not None])
    stale = subjects.stale(placed)
    if drawn_plan is None:
        rows = [asdict(verdict) | {"stale": None} for verdict in counting]
        rows += [asdict(verdict) | {"stale": verdict.verdict} for verdict in stale]
    else:
        texts.load(drawn_plan.items)
        own = {v.item: v for v in counting if _blind_of(v, reviewer)}
        gone = {subjects.subject_key(v): v for v in stale if _blind_of(v, reviewer)}
        made = assignments.read(output, drawn_plan.key)
        dealt = made is not None and reviewer in made.reviewers
        rows = [
            _to_judge(drawn, texts, own, gone, reviewer)
            for place, drawn in enumerate(drawn_plan.items)
            if not (made and dealt) or reviewer in made.of(place)
        ]
    rows = list(_with_texts(output, texts, rows))
    if kind == "json":
        return _tasks(rows)
    cells = [_COLUMNS, *([_cell(row.get(name)) for name in _COLUMNS] for row in rows)]
    return _csv(cells) if kind == "csv" else workbook.written(cells)


def _blind_of(verdict: Verdict, reviewer: str) -> bool:
    return verdict.reviewer == reviewer and not verdicts.is_adjudication(verdict)


def label_studio_config(levels: Iterable[str]) -> str:
    """Return the labelling interface of Label Studio for tasks of these levels."""
    parts = [
        '<View><Style>.two{display:grid;grid-template-columns:1fr 1fr;gap:2em}</Style>',
        '<View className="two"><View><Header value="$zh_title"/><Text name="zh" value="$zh"/>'
        '</View><View><Header value="$en_title"/><Text name="en" value="$en"/></View></View>',
    ]  # fmt: skip
    for level in levels:
        parts.append(f'<Choices name="{level}" toName="zh" choice="single" showInline="true">')
        for code, choice in words.LEVELS[level].items():
            parts.append(
                f"<Choice value={quoteattr(code)} hotkey={quoteattr(choice.key)} "
                f"hint={quoteattr(f'{choice.name.zh}: {choice.rule.en}')}/>"
            )
        parts.append("</Choices>")
    parts.append('<TextArea name="note" toName="zh" rows="2" maxSubmissions="1"/>')
    if "unmatched" in levels:
        parts.append('<TextArea name="zh_id" toName="zh" rows="1" maxSubmissions="1"/>')
        parts.append('<Choices name="relation" toName="zh" choice="single" showInline="true">')
        parts += [f"<Choice value={quoteattr(code)}/>" for code in RELATIONS]
        parts.append("</Choices>")
    # Label Studio drops the results that its interface does not name.
    parts.append('<View style="display:none">')
    parts += [
        f'<TextArea name="{name}" toName="zh"/>' for name in (*CARRIED, "discuss", "correction")
    ]
    parts.append("</View>")
    return "\n".join([*parts, "</View>"]) + "\n"


def _to_judge(
    drawn: Drawn,
    texts: Subjects,
    own: Mapping[Item, Verdict],
    gone: Mapping[Item, Verdict],
    reviewer: str,
) -> Row:
    """Return a row to fill in, with its texts' digest."""
    row: Row = {name: getattr(drawn, name) for name in (*_NAMED, "plan")}
    subject, stale = texts.now(drawn), gone.get(subjects.subject_key(drawn))
    verdict = own.get(subject.item) if subject else None
    row |= {"reviewer": reviewer or None, "nearest": drawn.nearest, "stale": None}
    if subject is not None:
        row["judged_sha256"] = subject.digest
    if verdict is not None:
        row |= {"verdict": verdict.verdict, "note": verdict.note, "zh_id": verdict.zh_id,
                "verdict_id": verdict.verdict_id,
                **{name: getattr(verdict, name) for name in STATED}}  # fmt: skip
    elif stale is not None:
        row["stale"] = stale.verdict
    return row


def _with_texts(output: Path, texts: Subjects, rows: list[Row]) -> Iterator[Row]:
    """Yield rows with titles and texts, empty if they are gone."""
    stored = StoredPairs(output)
    by_city: dict[str, set[str]] = {}
    for row in rows:
        by_city.setdefault(row["city"] or "", set()).add(row["pair_id"] or "")
    pairs = {
        (city, key): pair
        for city, keys in by_city.items()
        for key, pair in stored.pairs(city, keys - {""}).items()
    }
    for row in rows:
        subject = texts.now(Named(**{name: row[name] for name in _NAMED}))
        pair = pairs.get((row["city"], row["pair_id"] or ""))
        shown = dict.fromkeys(_TEXTS, "")
        # Other texts beside a stale verdict would be taken for those that were judged.
        if subject is not None and not (row["stale"] and row.get("verdict")):
            if pair is not None:
                shown = _pair_texts(row, pair, subject)
            elif row["level"] == "unmatched":
                shown |= _article_texts(row, stored)
        yield row | {name: text[:CELL] for name, text in shown.items()}


def _pair_texts(row: Row, pair: PairExample, subject: Subject) -> dict[str, str]:
    """Return titles and texts of a pair or of one bead."""
    beads = pair.beads
    if row["level"] == "bead":
        beads = beads[subject.item.position : subject.item.position + 1]
    shown = {"zh_title": pair.zh.title, "en_title": pair.en.title}
    for lang, side in zip(LANGS, (pair.zh, pair.en), strict=True):
        aligned = "\n".join(filter(None, (getattr(bead, lang) for bead in beads)))
        shown[lang] = aligned or side.text
    return shown


def _article_texts(row: Row, stored: StoredPairs) -> dict[str, str]:
    """Return an unmatched article's texts, and titles of its nearest."""
    nearest = row.get("nearest", ())
    ids = [key for key in (row["en_id"], *nearest) if key]
    articles = stored.articles(row["city"] or "", ids)
    english = articles.get(row["en_id"] or "", {})
    return {
        "en_title": english.get("title") or "",
        "en": english.get("text") or "",
        "zh": "\n".join(f"{key}  {articles[key]['title']}" for key in nearest if key in articles),
    }


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    # With the byte order mark by which spreadsheets recognise UTF-8.
    return text.getvalue().encode("utf-8-sig", "replace")


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    if value is None:
        return ""
    return cell(value) if isinstance(value, str) else str(value)


def _tasks(rows: Iterable[Row]) -> bytes:
    """Return a task per item, with an annotation per reviewer."""
    tasks: dict[tuple[Item, str | None], Row] = {}
    about = (*_NAMED, "plan", "stale", *_TEXTS)
    for row in rows:
        item = verdicts.item(row["level"], row["city"] or "", row["pair_id"], row["position"],
                             row["en_id"])  # fmt: skip
        data = {key: row.get(key) for key in about}
        # A stale verdict has a task of its own: it is not of the texts shown.
        key = (item, row["judged_sha256"] if row["stale"] and row.get("verdict") else None)
        task = tasks.setdefault(key, {"data": data, "annotations": []})
        if row.get("verdict"):
            task["annotations"].append({"result": list(_results(row))})
    return json.dumps(list(tasks.values()), ensure_ascii=False, indent=1).encode("utf-8", "replace")


def _results(row: Row) -> Iterator[Row]:
    yield {"from_name": row["level"], "to_name": "zh", "type": "choices",
           "value": {"choices": [row["verdict"]]}}  # fmt: skip
    values = {name: row.get(name) for name in ("note", "reviewer", "verdict_id")}
    # With the verdict, too: an adjudication's plan differs from its task's.
    values |= {name: row.get(name) for name in ("plan", "judged_sha256", "correction")}
    values["discuss"] = "true" if row.get("discuss") else None
    if row.get("relation"):
        yield {"from_name": "relation", "to_name": "zh", "type": "choices",
               "value": {"choices": [row["relation"]]}}  # fmt: skip
    if row["level"] == "unmatched":
        values["zh_id"] = row.get("zh_id")
    if row.get("judged_at"):
        values["judged_at"] = row["judged_at"].isoformat()
    for name, value in values.items():
        if value:
            yield {"from_name": name, "to_name": "zh", "type": "textarea",
                   "value": {"text": [value]}}  # fmt: skip
