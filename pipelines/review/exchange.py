"""Verdicts to and from elsewhere: CSV for spreadsheets, JSON tasks for Label Studio.

What is exported with a plan is blind: no probability, no verdict of another reviewer. What comes
back is checked line by line and taken whole or not at all; how an item was drawn is never taken
from the file, but from the plan as it was drawn here.
"""

import csv
import io
import json
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from pipelines import schema, verdicts
from pipelines.review import docket as dockets
from pipelines.review import journal, words
from pipelines.review.docket import Docket
from pipelines.review.shelf import Shelf
from pipelines.sampling import Drawn
from pipelines.verdicts import Item, Verdict

KINDS = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
"""Formats by the ending of a file's name, with their media types."""

CELL = 32_000
"""Characters of a text in a cell; spreadsheets take 32,767."""

_TEXTS = ("zh_title", "en_title", "zh", "en")
_COLUMNS = (*schema.REVIEWS.names, *_TEXTS)
# A cell that starts so would be a formula, and the texts are anybody's.
_FORMULA = re.compile(r"[=+\-@\t\r]")

Row = dict[str, Any]


class ExchangeError(ValueError):
    """A file of verdicts that cannot be taken. The message names the line and what to do."""


_CARRIED = ("reviewer", "verdict_id", "plan", "judged_at")
_ANNOTATED = ("note", "zh_id", *_CARRIED)
"""What an annotation carries beside the verdict."""

_CLOCKS_DIFFER = timedelta(minutes=5)
"""How far another machine's clock may be ahead of this one's."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What an import did, counted in verdicts."""

    new: int
    known: int


def kind_of(path: Path) -> str:
    """Return the format of a file by its name's ending; raise `ExchangeError` for another."""
    kind = path.suffix.lower().removeprefix(".")
    if kind not in KINDS:
        raise ExchangeError(f"{path}: expected a name that ends in .csv or .json (Label Studio)")
    return kind


def write(output: Path, kind: str, docket: Docket | None = None, reviewer: str = "") -> bytes:
    """Return verdicts as a file of the format `kind`.

    Without a docket: every verdict that counts, whoever gave it. With one: its items in order, for
    `reviewer` to judge elsewhere, with that reviewer's verdicts so far.
    """
    given = verdicts.standing(verdicts.read(output))
    if docket is None:
        rows = [asdict(one) for one in given]
    else:
        mine = {one.item: one for one in given
                if one.reviewer == reviewer and not verdicts.is_adjudication(one)}  # fmt: skip
        rows = [_to_judge(one, mine.get(one.item), reviewer) for one in docket.drawn]
    rows = list(_with_texts(output, rows))
    return _csv(rows) if kind == "csv" else _tasks(rows)


def label_studio_config(levels: Iterable[str]) -> str:
    """Return the labelling interface for tasks of these levels, as Label Studio reads it."""
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
    # What came along with earlier verdicts: Label Studio keeps only what its interface names.
    parts.append('<View style="display:none">')
    parts += [f'<TextArea name="{name}" toName="zh"/>' for name in _CARRIED]
    parts.append("</View>")
    return "\n".join([*parts, "</View>"]) + "\n"


def take(
    output: Path,
    content: bytes,
    kind: str,
    *,
    name: str,
    reviewer: str = "",
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Taken:
    """Store the verdicts of a file durably; those that are here already are not stored twice.

    `name` is the file's, for messages; `reviewer` gave those that name nobody. Raises
    `ExchangeError` for a file with anything wrong in it; then nothing was stored.
    """
    read = _from_csv if kind == "csv" else _from_tasks
    everything = verdicts.read(output)
    known = {one.verdict_id for one in everything}
    newest = {(one.item, one.reviewer, verdicts.is_adjudication(one)): one
              for one in verdicts.standing(everything)}  # fmt: skip
    draws = {(one.plan, one.item): one for d in dockets.taken(output) for one in d.drawn}
    shelf, now, fresh, seen = Shelf(output), clock(), list[Verdict](), 0
    for where, row in read(content, name):
        if not row.get("verdict"):
            continue
        one = _verdict(row, where, reviewer, now)
        held = newest.get((one.item, one.reviewer, verdicts.is_adjudication(one)))
        same = held is not None and (held.verdict, held.note or "") == (one.verdict, one.note or "")
        if one.verdict_id in known or same:
            seen += 1
            continue
        fresh.append(_drawn_as(one, draws, shelf, where))
    journal.append(output, [asdict(one) for one in fresh])
    journal.compact(output)
    return Taken(len(fresh), seen)


def _to_judge(drawn: Drawn, held: Verdict | None, reviewer: str) -> Row:
    row: Row = {name: getattr(drawn, name) for name in
                ("level", "city", "pair_id", "position", "zh_id", "en_id", "plan")}  # fmt: skip
    row |= {"reviewer": reviewer or None, "nearest": drawn.nearest}
    if held is not None:
        row |= {"verdict": held.verdict, "note": held.note, "zh_id": held.zh_id}
    return row


def _with_texts(output: Path, rows: list[Row]) -> Iterator[Row]:
    """Yield rows with titles and texts; those no longer in the corpus have none."""
    shelf = Shelf(output)
    by_city: dict[str, set[str]] = {}
    for row in rows:
        by_city.setdefault(row["city"] or "", set()).add(row["pair_id"] or "")
    found = {
        (city, key): specimen
        for city, keys in by_city.items()
        for key, specimen in shelf.pairs(city, keys - {""}).items()
    }
    for row in rows:
        specimen = found.get((row["city"], row["pair_id"] or ""))
        texts = dict.fromkeys(_TEXTS, "")
        if specimen is not None:
            beads = specimen.beads
            if row["level"] == "bead" and row["position"] is not None:
                beads = beads[row["position"] : row["position"] + 1]
            texts = {"zh_title": specimen.zh.title, "en_title": specimen.en.title}
            for lang, side in (("zh", specimen.zh), ("en", specimen.en)):
                whole = "\n".join(filter(None, (getattr(bead, lang) for bead in beads)))
                texts[lang] = (whole or side.text)[:CELL]
        elif row["level"] == "unmatched":
            ids = [key for key in (row["en_id"], *row.get("nearest", ())) if key]
            articles = shelf.articles(row["city"] or "", ids)
            english = articles.get(row["en_id"] or "", {})
            texts |= {"en_title": english.get("title") or "", "en": (english.get("text") or "")}
            texts["en"] = texts["en"][:CELL]
            texts["zh"] = "\n".join(
                f"{key}  {articles[key]['title']}" for key in row.get("nearest", ())
                if key in articles
            )[:CELL]  # fmt: skip
        yield row | texts


def _csv(rows: Iterable[Row]) -> bytes:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(_COLUMNS)
    for row in rows:
        table.writerow([_cell(row.get(name)) for name in _COLUMNS])
    # With the mark that makes spreadsheets read UTF-8.
    return text.getvalue().encode("utf-8-sig", "replace")


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    if value is None:
        return ""
    text = str(value).replace("\x00", "␀")
    return f"'{text}" if isinstance(value, str) and _FORMULA.match(text) else text


def _from_csv(content: bytes, name: str) -> Iterator[tuple[str, Row]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ExchangeError(
            f"{name}: not UTF-8 (byte {error.start}); save it as “CSV UTF-8”"
        ) from error
    csv.field_size_limit(10_000_000)
    table = csv.DictReader(io.StringIO(text, newline=""))
    needed = {"level", "verdict"}
    if not needed <= set(table.fieldnames or ()):
        raise ExchangeError(
            f"{name}, line 1: expected the columns level and verdict, and pair_id or en_id; "
            f"found: {', '.join(table.fieldnames or ()) or 'none'}"
        )
    line = table.line_num + 1
    try:
        for row in table:
            plain = {key: _plain(value) for key, value in row.items() if isinstance(value, str)}
            # A cell may hold line breaks: a row is named by the line it begins on.
            yield f"{name}, line {line}", {k: v or None for k, v in plain.items()}
            line = table.line_num + 1
    except csv.Error as error:
        raise ExchangeError(f"{name}, line {table.line_num}: not CSV ({error})") from error


def _plain(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell[1:2]) else cell


def _tasks(rows: Iterable[Row]) -> bytes:
    """Return one task for each item, with an annotation for each reviewer who judged it."""
    tasks: dict[Item, Row] = {}
    about = ("level", "city", "pair_id", "position", "zh_id", "en_id", "plan", *_TEXTS)
    for row in rows:
        item = verdicts.item(row["level"], row["city"] or "", row["pair_id"], row["position"],
                             row["en_id"])  # fmt: skip
        data = {key: row.get(key) for key in about}
        task = tasks.setdefault(item, {"data": data, "annotations": []})
        if row.get("verdict"):
            task["annotations"].append({"result": list(_results(row))})
    return json.dumps(list(tasks.values()), ensure_ascii=False, indent=1).encode("utf-8", "replace")


def _results(row: Row) -> Iterator[Row]:
    yield {"from_name": row["level"], "to_name": "zh", "type": "choices",
           "value": {"choices": [row["verdict"]]}}  # fmt: skip
    # The plan stands with the verdict, too: an adjudication's differs from its task's.
    mate = "zh_id" if row["level"] == "unmatched" else ""
    for name in ("note", "reviewer", "verdict_id", "plan", mate):
        if row.get(name):
            yield {"from_name": name, "to_name": "zh", "type": "textarea",
                   "value": {"text": [row[name]]}}  # fmt: skip
    if row.get("judged_at"):
        yield {"from_name": "judged_at", "to_name": "zh", "type": "textarea",
               "value": {"text": [row["judged_at"].isoformat()]}}  # fmt: skip


def _from_tasks(content: bytes, name: str) -> Iterator[tuple[str, Row]]:
    try:
        tasks = json.loads(content)
    except ValueError as error:
        raise ExchangeError(f"{name}: not JSON ({error})") from error
    if not isinstance(tasks, list):
        raise ExchangeError(f"{name}: expected a list of tasks, as Label Studio exports JSON")
    for number, task in enumerate(tasks, 1):
        where = f"{name}, task {number}"
        if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
            raise ExchangeError(f"{where}: expected an object with data")
        for annotation in task.get("annotations") or ():
            try:
                if annotation.get("was_cancelled"):
                    continue
                row = dict(task["data"]) | {"zh_id": task["data"].get("zh_id")}
                yield where, row | _annotated(annotation, row.get("level"))
            except (AttributeError, KeyError, IndexError, TypeError) as error:
                raise ExchangeError(
                    f"{where}: not an annotation as Label Studio exports it ({error!r})"
                ) from error


def _annotated(annotation: Mapping[str, Any], level: Any) -> Row:
    """Return what an annotation says: verdict, note, who gave it, when."""
    by = annotation.get("completed_by")
    email = by.get("email") if isinstance(by, dict) else None
    found: Row = {"reviewer": email or (f"user {by}" if isinstance(by, int) else None)}
    found["judged_at"] = annotation.get("updated_at") or annotation.get("created_at")
    for one in annotation["result"]:
        value = one["value"]
        if one["from_name"] == level:
            found["verdict"] = value["choices"][0]
        elif one["from_name"] in _ANNOTATED:
            found[one["from_name"]] = "\n".join(value["text"])
    return found


def _verdict(row: Row, where: str, reviewer: str, now: datetime) -> Verdict:
    """Return a row of a file as a verdict, or say what is wrong with it."""
    level, position = str(row.get("level")), row.get("position")
    said = verdicts.LEVELS.get(level)
    if said is None:
        raise ExchangeError(f"{where}: level must be {', '.join(verdicts.LEVELS)}, not {level!r}")
    if row["verdict"] not in said:
        raise ExchangeError(
            f"{where}: verdict of level {level} must be {', '.join(said)}, not {row['verdict']!r}"
        )
    try:
        who = journal.reviewer_name(str(row.get("reviewer") or reviewer))
        at = datetime.fromisoformat(row["judged_at"]) if row.get("judged_at") else now
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        place = int(position) if position not in (None, "") else None
    except (ValueError, TypeError) as error:
        raise ExchangeError(f"{where}: {error}; name the reviewer with --reviewer if it is "
                            "nowhere in the file") from error  # fmt: skip
    if at > now + _CLOCKS_DIFFER:
        raise ExchangeError(f"{where}: judged_at {at.isoformat()} lies in the future")
    needed = {"pair": ("pair_id",), "bead": ("pair_id",), "unmatched": ("city", "en_id")}[level]
    missing = [name for name in needed if not row.get(name)]
    if missing or (level == "bead") != (place is not None):
        raise ExchangeError(f"{where}: a {level} is named by {', '.join(needed)}"
                            f"{' and position' if level == 'bead' else ''}")  # fmt: skip
    text = {name: str(row[name]) if row.get(name) else None
            for name in ("city", "pair_id", "zh_id", "en_id", "note", "plan")}  # fmt: skip
    note = text["note"][: journal.LONGEST_NOTE] if text["note"] else None
    return Verdict(
        verdict_id=str(row.get("verdict_id") or f"import-{uuid.uuid4().hex}"),
        level=level,
        city=text["city"] or "",
        pair_id=text["pair_id"],
        position=place,
        zh_id=text["zh_id"],
        en_id=text["en_id"],
        verdict=row["verdict"],
        note=note,
        reviewer=who,
        judged_at=at.replace(microsecond=at.microsecond // 1000 * 1000),
        plan=text["plan"],
    )


def _drawn_as(
    one: Verdict, draws: Mapping[tuple[str, Item], Drawn], shelf: Shelf, where: str
) -> Verdict:
    """Return a verdict with what is known here of its item and how that was drawn."""
    drawn = draws.get((verdicts.plan_of(one), one.item))
    if drawn is not None:
        return replace(
            one, city=drawn.city, zh_id=one.zh_id or drawn.zh_id, en_id=drawn.en_id,
            stratum=drawn.stratum, weight=drawn.weight, probability=drawn.probability,
            method=drawn.method,
        )  # fmt: skip
    if one.level == "unmatched":
        if not shelf.articles(one.city, [one.en_id or ""]):
            raise ExchangeError(f"{where}: {one.city} has no article {one.en_id}")
        return one
    specimen = shelf.pairs(one.city, [one.pair_id or ""]).get(one.pair_id or "")
    if specimen is None or not (one.position or 0) < max(1, len(specimen.beads)):
        raise ExchangeError(
            f"{where}: no such {one.level} in the corpus, and no plan drew it: "
            f"{one.city or 'no city'} {one.pair_id} {'' if one.position is None else one.position}"
        )
    row = specimen.row
    return replace(
        one, zh_id=row["zh_id"], en_id=row["en_id"], method=row["method"],
        probability=row["probability"] if one.level == "pair"
        else specimen.beads[one.position or 0].probability,
    )  # fmt: skip
