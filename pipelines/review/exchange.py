"""Verdicts to and from elsewhere: CSV for spreadsheets, JSON tasks for Label Studio.

What is exported with a plan is blind: no probability, no verdict of another reviewer. What comes
back is checked line by line and taken whole or not at all; how an item was drawn is never taken
from the file, but from the plan as it was drawn here.

A row with a `verdict_id` that is known here is a statement on that verdict: the same again is
known; another one is a correction, which is stored as a newer verdict beside it.
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

from pipelines.quality import subjects, verdicts
from pipelines.quality.sampling import Drawn
from pipelines.quality.subjects import Named, Subjects, age
from pipelines.quality.verdicts import Item, Verdict
from pipelines.review import drawn_plans, journal, sheets, words
from pipelines.review.drawn_plans import DrawnPlan
from pipelines.review.sheets import CARRIED, ExchangeError, Row
from pipelines.review.stored_pairs import StoredPairs
from pipelines.tables import schema

KINDS = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
"""Formats by the ending of a file's name, with their media types."""

CELL = 32_000
"""Characters of a text in a cell; spreadsheets take 32,767."""

_TEXTS = ("zh_title", "en_title", "zh", "en")
_NAMED = ("level", "city", "pair_id", "position", "zh_id", "en_id", "judged_sha256")
_COLUMNS = (*schema.REVIEWS.names, "stale", *_TEXTS)
_DIGEST = re.compile(r"[0-9a-f]{64}")
_CORRECTION = "~"
"""Stands between the id of a verdict and what makes a correction of it another one."""

_CLOCKS_DIFFER = timedelta(minutes=5)
"""How far another machine's clock may be ahead of this one's."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What an import did, counted in rows with a verdict.

    `new`, `known` and `corrected` are all of them. Of these, `superseded` do not count, because the
    same reviewer gave a newer verdict, and `stale` ones, because the corpus has their texts no
    more.
    """

    new: int
    known: int
    corrected: int = 0
    superseded: int = 0
    stale: int = 0


def kind_of(path: Path) -> str:
    """Return the format of a file by its name's ending; raise `ExchangeError` for another."""
    kind = path.suffix.lower().removeprefix(".")
    if kind not in KINDS:
        raise ExchangeError(f"{path}: expected a name that ends in .csv or .json (Label Studio)")
    return kind


def export_verdicts(
    output: Path, kind: str, drawn_plan: DrawnPlan | None = None, reviewer: str = ""
) -> bytes:
    """Return verdicts as a file of the format `kind`.

    Without a drawn_plan: every verdict that counts, whoever gave it, and the stale ones, marked so.
    With one: its items in order, for `reviewer` to judge elsewhere, with that reviewer's verdicts.
    """
    given, texts = verdicts.read(output), Subjects(output)
    texts.load(given)
    placed = [(one, texts.placed(one)) for one in given]
    counting = verdicts.standing([now for _, now in placed if now is not None])
    stale = subjects.stale(placed)
    if drawn_plan is None:
        rows = [asdict(one) | {"stale": None} for one in counting]
        rows += [asdict(one) | {"stale": one.verdict} for one in stale]
    else:
        texts.load(drawn_plan.items)
        mine = {one.item: one for one in counting if _blind_of(one, reviewer)}
        gone = {subjects.spot(one): one for one in stale if _blind_of(one, reviewer)}
        rows = [_to_judge(one, texts, mine, gone, reviewer) for one in drawn_plan.items]
    rows = list(_with_texts(output, texts, rows))
    return _csv(rows) if kind == "csv" else _tasks(rows)


def _blind_of(one: Verdict, reviewer: str) -> bool:
    return one.reviewer == reviewer and not verdicts.is_adjudication(one)


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
    parts += [f'<TextArea name="{name}" toName="zh"/>' for name in CARRIED]
    parts.append("</View>")
    return "\n".join([*parts, "</View>"]) + "\n"


def import_verdicts(
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
    read = sheets.read_csv if kind == "csv" else sheets.read_tasks
    ledger, now = _Ledger(output), clock()
    for where, row in read(content, name):
        if row.get("verdict") or ledger.knows(row.get("verdict_id")):
            ledger.enter(_verdict(row, where, reviewer, now), row, where, now)
    journal.append(output, [asdict(one) for one in ledger.fresh])
    journal.compact(output)
    return ledger.taken()


@dataclass(frozen=True, slots=True)
class _Entry:
    """A row's place in the file, and its verdict."""

    where: str
    one: Verdict
    dated: bool


class _Ledger:
    """Verdicts of the journals and of a file so far."""

    def __init__(self, output: Path) -> None:
        self._texts, self._stored = Subjects(output), StoredPairs(output)
        drawn = [one for taken in drawn_plans.stored_plans(output) for one in taken.items]
        self._draws = {(one.plan, key): one
                       for one in drawn for key in (one.item, subjects.spot(one))}  # fmt: skip
        self._by_id: dict[str, Verdict] = {}
        self._of_root: dict[str, Verdict] = {}
        self._newest: dict[tuple[object, ...], Verdict] = {}
        self._given: dict[tuple[object, ...], Verdict] = {}
        self._entries: dict[tuple[object, ...], _Entry] = {}
        self._by_row_id: dict[str, _Entry] = {}
        self._ends: list[Verdict] = []
        self.fresh: list[Verdict] = []
        self._fresh_ids: set[str] = set()
        self._known = self._corrected = 0
        given = verdicts.read(output)
        self._texts.load(given)
        for one in given:
            self._add(one)

    def knows(self, verdict_id: str | None) -> bool:
        return verdict_id in self._by_id

    def taken(self) -> Taken:
        placed = [self._texts.placed(one) for one in self._ends]
        newest = [self._newest[self._key(one)] for one in self._ends]
        return Taken(
            new=len(self.fresh) - self._corrected,
            known=self._known,
            corrected=self._corrected,
            superseded=sum(_said(last) != _said(one)
                           for one, last in zip(self._ends, newest, strict=True)),
            stale=sum(one is None for one in placed),
        )  # fmt: skip

    def enter(self, one: Verdict, row: Row, where: str, now: datetime) -> None:
        """Take in a row of the file, read as `one`."""
        base = self._by_id.get(row.get("verdict_id") or "")
        if base is not None and base.verdict_id not in self._fresh_ids:
            one = self._restated(base, one, row, where, now)
        else:
            one = self._first_told(one, row, where, now)
        one = self._settled(one, row, where)
        known = one.verdict_id in self._by_id
        self._note(_Entry(where, one, bool(row.get("judged_at"))), row.get("verdict_id"))
        self._ends.append(one)
        if known:
            self._known += 1
            return
        self._corrected += self._key(one) in self._newest
        self._fresh_ids.add(one.verdict_id)
        self.fresh.append(one)
        self._add(one)

    def _restated(
        self, base: Verdict, one: Verdict, row: Row, where: str, now: datetime
    ) -> Verdict:
        """Return the verdict that a row repeats, or a correction of it."""
        known = self._texts.placed(base)
        here = {base.item, subjects.spot(base)} | ({known.item} if known else set())
        if (
            here.isdisjoint({one.item, subjects.spot(one)})
            or one.reviewer != base.reviewer
            or _decides(one) != _decides(base)
        ):
            raise ExchangeError(
                f"{where}: the verdict_id {base.verdict_id} is of another item or reviewer here; "
                "empty the cell to give a new verdict"
            )
        last = self._of_root[_root(base)]
        for other in (base, last):
            if _said(one) == _said(other):
                return other
        at = _time(row.get("corrected_at"), where) or now
        at = at if last.judged_at < at <= now + _CLOCKS_DIFFER else now
        digest = base.judged_sha256
        if known is None and digest is None:
            # Given before its texts changed: its correction must not count for the new ones.
            at = last.judged_at + timedelta(milliseconds=1)
        elif known is not None:
            subject = self._texts.now(known)
            digest = subject.digest if subject and base.level != "unmatched" else None
        return replace(
            base,
            verdict=one.verdict,
            note=one.note,
            zh_id=one.zh_id if base.level == "unmatched" else base.zh_id,
            verdict_id=f"{_root(base)}{_CORRECTION}{uuid.uuid4().hex[:12]}",
            judged_at=at,
            judged_sha256=digest,
        )

    def _first_told(self, one: Verdict, row: Row, where: str, now: datetime) -> Verdict:
        """Return a verdict completed from the tables, or the one it repeats."""
        drawn = self._draw(one)
        if drawn is not None:
            one = replace(
                one, city=drawn.city, zh_id=one.zh_id or drawn.zh_id, en_id=drawn.en_id,
                position=drawn.position if one.judged_sha256 is None else one.position,
                judged_sha256=one.judged_sha256 or drawn.judged_sha256,
                stratum=drawn.stratum, weight=drawn.weight, probability=drawn.probability,
                method=drawn.method,
            )  # fmt: skip
        else:
            one = _as_stored(one, self._stored, where)
        self._texts.load([one])
        subject = self._texts.now(one)
        dated = bool(row.get("judged_at"))
        if one.judged_sha256 is None and subject is None and not (dated and drawn):
            raise _no_such(one, where)
        # One given earlier is left to what is known of the texts since.
        if one.judged_sha256 is None and subject is not None and not dated:
            one = replace(one, judged_sha256=subject.digest)
        return self._repeated(one, now)

    def _repeated(self, one: Verdict, now: datetime) -> Verdict:
        """Return the equal verdict of the journals, else this one.

        A row that was changed without its time is as new as the file.
        """
        last = self._newest.get(self._key(one))
        if last is not None and _said(last) == _said(one):
            return last
        changed = last is not None and last.judged_at == one.judged_at
        if changed and last is not None and last.verdict_id not in self._fresh_ids:
            return replace(one, judged_at=now)
        return self._given.get(_told(one), one)

    def _settled(self, one: Verdict, row: Row, where: str) -> Verdict:
        """Return a verdict whose counterpart is checked and in its digest."""
        if one.level != "unmatched" or one.verdict_id in self._by_id:
            return one
        if one.verdict and (one.verdict == "missed") != bool(one.zh_id):
            raise ExchangeError(
                f"{where}: the verdict missed, and no other, names a Chinese article in zh_id"
            )
        counterpart = self._stored.articles(one.city, [one.zh_id or ""]).get(one.zh_id or "")
        if one.zh_id and (counterpart is None or counterpart["lang"] == "en"):
            raise ExchangeError(f"{where}: {one.city} has no Chinese article {one.zh_id}")
        self._texts.load([one])
        english, both = self._texts.now(replace(one, zh_id=None)), self._texts.now(one)
        # A sheet to be filled in has the digest of the English article alone.
        if one.judged_sha256 not in (None, english.digest if english else None):
            return one
        if one.judged_sha256 is None and row.get("judged_at") and _CORRECTION not in one.verdict_id:
            return one
        if one.judged_sha256 is None and self._texts.placed(one) is None:
            return one
        return replace(one, judged_sha256=both.digest if both else None)

    def _draw(self, one: Verdict) -> Drawn | None:
        plan = verdicts.plan_of(one)
        found = self._draws.get((plan, subjects.spot(one))) or self._draws.get((plan, one.item))
        if found is None or not (found.judged_sha256 and one.judged_sha256):
            return found
        return found if found.judged_sha256 == one.judged_sha256 else None

    def _note(self, entry: _Entry, verdict_id: str | None) -> None:
        """Remember a row; refuse one that contradicts another row of the file."""
        other = self._by_row_id.get(verdict_id or "")
        if other is not None and self._key(other.one) != self._key(entry.one):
            raise ExchangeError(
                f"{entry.where}: the verdict_id {verdict_id} stands in {other.where}, too, with "
                "another item or reviewer; empty the cell in one of them"
            )
        other = other or self._entries.get(self._key(entry.one))
        if other is not None and _said(other.one) != _said(entry.one):
            told = {other.one.judged_at, entry.one.judged_at}
            apart = entry.one.verdict_id != other.one.verdict_id and len(told) == 2
            if verdict_id in self._by_row_id or not (apart and entry.dated and other.dated):
                raise ExchangeError(
                    f"{entry.where}: says {entry.one.verdict or 'nothing'} of the item that "
                    f"{other.where} says {other.one.verdict or 'nothing'} of, by the same "
                    f"reviewer {entry.one.reviewer} and with nothing to tell which is newer; keep "
                    "one of the two rows"
                )
        self._entries[self._key(entry.one)] = entry
        if verdict_id:
            self._by_row_id[verdict_id] = entry

    def _add(self, one: Verdict) -> None:
        self._by_id[one.verdict_id] = one
        self._given[_told(one)] = one
        key, root = self._key(one), _root(one)
        self._newest[key] = max(self._newest.get(key, one), one, key=age)
        self._of_root[root] = max(self._of_root.get(root, one), one, key=age)

    def _key(self, one: Verdict) -> tuple[object, ...]:
        """Return item, texts and reviewer, within which a newer verdict replaces an older."""
        digest = one.judged_sha256
        if digest is None and one.level != "unmatched":
            self._texts.load([one])
            subject = self._texts.now(one) if self._texts.placed(one) else None
            digest = subject.digest if subject else None
        named = replace(one, judged_sha256=digest if one.level == "bead" else None)
        text = None if one.level == "unmatched" else digest
        return (subjects.spot(named), text, one.reviewer, _decides(one))


def _root(one: Verdict) -> str:
    return one.verdict_id.split(_CORRECTION, 1)[0]


def _decides(one: Verdict) -> bool:
    return verdicts.is_adjudication(one)


def _said(one: Verdict) -> tuple[object, ...]:
    """Return the content by which two verdicts differ."""
    counterpart = one.zh_id if one.level == "unmatched" else None
    return (one.verdict or None, one.note or None, counterpart or None)


def _told(one: Verdict) -> tuple[object, ...]:
    return (one.level, one.pair_id, one.en_id, one.position, one.reviewer, _decides(one),
            _said(one), one.judged_at)  # fmt: skip


def _no_such(one: Verdict, where: str) -> ExchangeError:
    return ExchangeError(
        f"{where}: no such {one.level} in the corpus: {one.city or 'no city'} "
        f"{one.pair_id or one.en_id}{'' if one.position is None else f' {one.position}'}"
    )


def _to_judge(
    drawn: Drawn,
    texts: Subjects,
    mine: Mapping[Item, Verdict],
    gone: Mapping[Item, Verdict],
    reviewer: str,
) -> Row:
    """Return a row to fill in, with the digest of its texts now."""
    row: Row = {name: getattr(drawn, name) for name in (*_NAMED, "plan")}
    subject, stale = texts.now(drawn), gone.get(subjects.spot(drawn))
    held = mine.get(subject.item) if subject else None
    row |= {"reviewer": reviewer or None, "nearest": drawn.nearest, "stale": None}
    if subject is not None:
        row["judged_sha256"] = subject.digest
    if held is not None:
        row |= {"verdict": held.verdict, "note": held.note, "zh_id": held.zh_id,
                "verdict_id": held.verdict_id}  # fmt: skip
    elif stale is not None:
        row["stale"] = stale.verdict
    return row


def _with_texts(output: Path, texts: Subjects, rows: list[Row]) -> Iterator[Row]:
    """Yield rows with titles and texts; those no longer in the corpus have none."""
    stored = StoredPairs(output)
    by_city: dict[str, set[str]] = {}
    for row in rows:
        by_city.setdefault(row["city"] or "", set()).add(row["pair_id"] or "")
    found = {
        (city, key): specimen
        for city, keys in by_city.items()
        for key, specimen in stored.pairs(city, keys - {""}).items()
    }
    for row in rows:
        subject = texts.now(Named(**{name: row[name] for name in _NAMED}))
        specimen = found.get((row["city"], row["pair_id"] or ""))
        shown = dict.fromkeys(_TEXTS, "")
        if subject is None or (row["stale"] and row.get("verdict")):
            # Other texts beside the verdict would be taken for those that were judged.
            pass
        elif specimen is not None:
            beads = specimen.beads
            if row["level"] == "bead":
                beads = beads[subject.item.position : subject.item.position + 1]
            shown = {"zh_title": specimen.zh.title, "en_title": specimen.en.title}
            for lang, side in (("zh", specimen.zh), ("en", specimen.en)):
                whole = "\n".join(filter(None, (getattr(bead, lang) for bead in beads)))
                shown[lang] = (whole or side.text)[:CELL]
        elif row["level"] == "unmatched":
            ids = [key for key in (row["en_id"], *row.get("nearest", ())) if key]
            articles = stored.articles(row["city"] or "", ids)
            english = articles.get(row["en_id"] or "", {})
            shown |= {"en_title": english.get("title") or "", "en": (english.get("text") or "")}
            shown["en"] = shown["en"][:CELL]
            shown["zh"] = "\n".join(
                f"{key}  {articles[key]['title']}" for key in row.get("nearest", ())
                if key in articles
            )[:CELL]  # fmt: skip
        yield row | shown


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
    return sheets.cell(value) if isinstance(value, str) else str(value)


def _tasks(rows: Iterable[Row]) -> bytes:
    """Return one task for each item, with an annotation for each reviewer who judged it."""
    tasks: dict[tuple[Item, str | None], Row] = {}
    about = (*_NAMED, "plan", "stale", *_TEXTS)
    for row in rows:
        item = verdicts.item(row["level"], row["city"] or "", row["pair_id"], row["position"],
                             row["en_id"])  # fmt: skip
        data = {key: row.get(key) for key in about}
        # A stale verdict stands in a task of its own: it is not of the texts shown.
        which = (item, row["judged_sha256"] if row["stale"] and row.get("verdict") else None)
        task = tasks.setdefault(which, {"data": data, "annotations": []})
        if row.get("verdict"):
            task["annotations"].append({"result": list(_results(row))})
    return json.dumps(list(tasks.values()), ensure_ascii=False, indent=1).encode("utf-8", "replace")


def _results(row: Row) -> Iterator[Row]:
    yield {"from_name": row["level"], "to_name": "zh", "type": "choices",
           "value": {"choices": [row["verdict"]]}}  # fmt: skip
    # The plan stands with the verdict, too: an adjudication's differs from its task's.
    counterpart = "zh_id" if row["level"] == "unmatched" else ""
    for name in ("note", "reviewer", "verdict_id", "plan", "judged_sha256", counterpart):
        if row.get(name):
            yield {"from_name": name, "to_name": "zh", "type": "textarea",
                   "value": {"text": [row[name]]}}  # fmt: skip
    if row.get("judged_at"):
        yield {"from_name": "judged_at", "to_name": "zh", "type": "textarea",
               "value": {"text": [row["judged_at"].isoformat()]}}  # fmt: skip


def _verdict(row: Row, where: str, reviewer: str, now: datetime) -> Verdict:
    """Return a row of a file as a verdict, or refuse it."""
    level = str(row.get("level"))
    _check_said(level, row.get("verdict"), where)
    try:
        who = journal.reviewer_name(row.get("reviewer") or reviewer)
    except ValueError as error:
        raise ExchangeError(f"{where}: {error}; name the reviewer with --reviewer if it is "
                            "nowhere in the file") from error  # fmt: skip
    try:
        note = journal.clean_note(_note(row, where))
    except ValueError as error:
        raise ExchangeError(f"{where}: {error}") from error
    at = _time(row.get("judged_at"), where) or now
    if at > now + _CLOCKS_DIFFER:
        raise ExchangeError(f"{where}: judged_at {at.isoformat()} lies in the future")
    place = _position(row.get("position"), where)
    needed = {"pair": ("pair_id",), "bead": ("pair_id",), "unmatched": ("city", "en_id")}[level]
    missing = [name for name in needed if not row.get(name)]
    if missing or (level == "bead") != (place is not None):
        raise ExchangeError(f"{where}: a {level} is named by {', '.join(needed)}"
                            f"{' and position' if level == 'bead' else ''}")  # fmt: skip
    digest = row.get("judged_sha256")
    if digest and not _DIGEST.fullmatch(digest):
        raise ExchangeError(f"{where}: judged_sha256 is no SHA-256; leave the column as exported")
    return Verdict(
        verdict_id=row.get("verdict_id") or f"import-{uuid.uuid4().hex}",
        level=level,
        city=row.get("city") or "",
        pair_id=row.get("pair_id"),
        position=place,
        zh_id=row.get("zh_id"),
        en_id=row.get("en_id"),
        verdict=row.get("verdict"),
        note=note,
        reviewer=who,
        judged_at=at.replace(microsecond=at.microsecond // 1000 * 1000),
        plan=row.get("plan"),
        judged_sha256=digest,
    )


def _check_said(level: str, verdict: str | None, where: str) -> None:
    said = verdicts.LEVELS.get(level)
    if said is None:
        raise ExchangeError(f"{where}: level must be {', '.join(verdicts.LEVELS)}, not {level!r}")
    if verdict and verdict not in said:
        raise ExchangeError(
            f"{where}: verdict of level {level} must be {', '.join(said)}, not {verdict!r}"
        )


def _note(row: Row, where: str) -> str | None:
    note = row.get("note")
    if note is not None and not isinstance(note, str):
        raise ExchangeError(f"{where}: note must be a text, not of the type {type(note).__name__}")
    return note


def _position(value: Any, where: str) -> int | None:
    if value in (None, ""):
        return None
    text = str(value) if isinstance(value, str) or type(value) is int else ""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        shown = text or type(value).__name__
        raise ExchangeError(f"{where}: position must be a number from 0 on, not {shown[:80]!r}")
    return int(text)


def _time(value: str | None, where: str) -> datetime | None:
    if not value:
        return None
    try:
        at = datetime.fromisoformat(value)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ExchangeError(
            f"{where}: judged_at must be a time in ISO 8601, not {value[:80]!r}"
        ) from error


def _as_stored(one: Verdict, stored: StoredPairs, where: str) -> Verdict:
    """Return a verdict on an item of no plan, completed from the tables."""
    if one.level == "unmatched":
        if not stored.articles(one.city, [one.en_id or ""]):
            raise ExchangeError(f"{where}: {one.city} has no article {one.en_id}")
        return one
    specimen = stored.pairs(one.city, [one.pair_id or ""]).get(one.pair_id or "")
    if specimen is None:
        raise _no_such(one, where)
    beads, row = specimen.beads, specimen.row
    at = one.position if one.position is not None and one.position < len(beads) else None
    probability = row["probability"] if one.level == "pair" else None
    if one.level == "bead" and at is not None:
        probability = beads[at].probability
    return replace(one, zh_id=row["zh_id"], en_id=row["en_id"], method=row["method"],
                   probability=probability)  # fmt: skip
