"""Import of verdicts from files, all rows or none.

Every row is checked; stratum and weight of an item come from the plan as it was drawn here, never
from the file. A row with a `verdict_id` that is known here repeats that verdict or
corrects it: a correction is stored as a newer verdict beside it.
"""

import re
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipelines.quality import subjects, verdicts
from pipelines.quality.sampling import Drawn
from pipelines.quality.subjects import Subjects
from pipelines.quality.verdicts import Verdict
from pipelines.review import drawn_plans, journal, sheets
from pipelines.review.sheets import ExchangeError, Row
from pipelines.review.stored_pairs import StoredPairs
from pipelines.review.verdict_rows import CLOCKS_DIFFER, time_of, verdict_of

_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)?E\+[0-9]+", re.IGNORECASE)
_CORRECTION = "~"
"""Mark between the id of a verdict and the part that is unique to a correction of it."""

_READERS = {
    "csv": sheets.read_csv,
    "xlsx": sheets.read_workbook,
    "json": sheets.read_tasks,
}

_Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Imported:
    """Counts of an import, in rows with a verdict.

    `new`, `known` and `corrected` are all of them. Of these, `superseded` do not count, because the
    same reviewer gave a newer verdict, and `stale` ones, because the corpus has their texts no
    more.
    """

    new: int
    known: int
    corrected: int = 0
    superseded: int = 0
    stale: int = 0


def import_verdicts(
    output: Path,
    content: bytes,
    kind: str,
    *,
    name: str,
    reviewer: str = "",
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Imported:
    """Store the verdicts of a file durably, none of them twice.

    `name` is the file's, for messages; `reviewer` gave the verdicts without a name. Raises
    `ExchangeError` for a file with any fault; then nothing was stored.
    """
    read = _READERS[kind]
    ledger, now = _Ledger(output), clock()
    for where, row in read(content, name):
        if row.get("verdict") or ledger.knows(row.get("verdict_id")):
            ledger.enter(verdict_of(row, where, reviewer, now), row, where, now)
    journal.append(output, [asdict(verdict) for verdict in ledger.fresh])
    journal.compact(output)
    return ledger.counts()


@dataclass(frozen=True, slots=True)
class _Entry:
    """A row's place in the file, and its verdict."""

    where: str
    verdict: Verdict
    dated: bool


class _FileRows:
    """Rows of a file so far, without contradictions."""

    def __init__(self) -> None:
        self._by_key: dict[_Key, tuple[_Key, _Entry]] = {}
        self._by_id: dict[str, tuple[_Key, _Entry]] = {}

    def add(self, key: _Key, entry: _Entry, verdict_id: str | None) -> None:
        """Add a row under its item, texts and reviewer. Raises `ExchangeError`."""
        same_id = self._by_id.get(verdict_id or "")
        if same_id is not None and same_id[0] != key:
            raise ExchangeError(
                f"{entry.where}: the verdict_id {verdict_id} stands in {same_id[1].where}, too, "
                "with another item or reviewer; empty the cell in one of them"
            )
        found = same_id or self._by_key.get(key)
        if found is not None:
            self._check(found[1], entry, same_id is not None)
        self._by_key[key] = (key, entry)
        if verdict_id:
            self._by_id[verdict_id] = (key, entry)

    @staticmethod
    def _check(other: _Entry, entry: _Entry, same_id: bool) -> None:
        """Raise `ExchangeError` if two rows differ and neither is newer."""
        first, second = other.verdict, entry.verdict
        if _content(first) == _content(second):
            return
        apart = first.verdict_id != second.verdict_id and first.judged_at != second.judged_at
        if same_id or not (apart and entry.dated and other.dated):
            raise ExchangeError(
                f"{entry.where}: says {second.verdict or 'nothing'} of the item that "
                f"{other.where} says {first.verdict or 'nothing'} of, by the same reviewer "
                f"{second.reviewer} and with nothing to tell which is newer; keep one of the two "
                "rows"
            )


class _Ledger:
    """Verdicts of the journals and of a file so far."""

    def __init__(self, output: Path) -> None:
        self._texts, self._stored = Subjects(output), StoredPairs(output)
        self._drawn = {
            (drawn.plan, key): drawn
            for plan in drawn_plans.stored_plans(output)
            for drawn in plan.items
            for key in (drawn.item, subjects.subject_key(drawn))
        }
        self._by_id: dict[str, Verdict] = {}
        self._of_root: dict[str, Verdict] = {}
        self._newest: dict[_Key, Verdict] = {}
        self._given: dict[_Key, Verdict] = {}
        self._rows = _FileRows()
        self._ends: list[Verdict] = []
        self.fresh: list[Verdict] = []
        self._fresh_ids: set[str] = set()
        self._known = self._corrected = 0
        given = verdicts.read(output)
        self._texts.load(given)
        for verdict in given:
            self._add(verdict)

    def knows(self, verdict_id: str | None) -> bool:
        return verdict_id in self._by_id

    def counts(self) -> Imported:
        placed = [self._texts.placed(verdict) for verdict in self._ends]
        newest = [self._newest[self._key(verdict)] for verdict in self._ends]
        return Imported(
            new=len(self.fresh) - self._corrected,
            known=self._known,
            corrected=self._corrected,
            superseded=sum(_content(last) != _content(verdict)
                           for verdict, last in zip(self._ends, newest, strict=True)),
            stale=sum(verdict is None for verdict in placed),
        )  # fmt: skip

    def enter(self, verdict: Verdict, row: Row, where: str, now: datetime) -> None:
        """Take in a row of the file, read as `verdict`."""
        base = self._by_id.get(row.get("verdict_id") or "")
        if base is not None and base.verdict_id not in self._fresh_ids:
            verdict = self._restated(base, verdict, row, where, now)
        else:
            verdict = self._completed(verdict, row, where, now)
        verdict = self._with_counterpart(verdict, row, where)
        known = verdict.verdict_id in self._by_id
        entry = _Entry(where, verdict, bool(row.get("judged_at")))
        self._rows.add(self._key(verdict), entry, row.get("verdict_id"))
        self._ends.append(verdict)
        if known:
            self._known += 1
            return
        self._corrected += self._key(verdict) in self._newest
        self._fresh_ids.add(verdict.verdict_id)
        self.fresh.append(verdict)
        self._add(verdict)

    def _restated(
        self, base: Verdict, verdict: Verdict, row: Row, where: str, now: datetime
    ) -> Verdict:
        """Return the verdict that a row repeats, or a correction of it."""
        kept = {name: getattr(base, name) for name in sheets.STATED if name not in row}
        verdict = replace(verdict, **kept)
        known = self._texts.placed(base)
        here = {base.item, subjects.subject_key(base)} | ({known.item} if known else set())
        if (
            here.isdisjoint({verdict.item, subjects.subject_key(verdict)})
            or verdict.reviewer != base.reviewer
            or _decides(verdict) != _decides(base)
        ):
            raise ExchangeError(
                f"{where}: the verdict_id {base.verdict_id} is of another item or reviewer here; "
                "empty the cell to give a new verdict"
            )
        last = self._of_root[_root(base)]
        for other in (base, last):
            if _content(verdict) == _content(other):
                return other
        at = time_of(row.get("corrected_at"), where) or now
        at = at if last.judged_at < at <= now + CLOCKS_DIFFER else now
        digest = base.judged_sha256
        if known is None and digest is None:
            # Given before its texts changed: its correction must not count for the new ones.
            at = last.judged_at + timedelta(milliseconds=1)
        elif known is not None:
            subject = self._texts.now(known)
            digest = subject.digest if subject and base.level != "unmatched" else None
        return replace(
            base,
            verdict=verdict.verdict,
            note=verdict.note,
            relation=verdict.relation,
            discuss=verdict.discuss,
            correction=verdict.correction,
            seconds=None,
            zh_id=verdict.zh_id if base.level == "unmatched" else base.zh_id,
            verdict_id=f"{_root(base)}{_CORRECTION}{uuid.uuid4().hex[:12]}",
            judged_at=at,
            judged_sha256=digest,
        )

    def _completed(self, verdict: Verdict, row: Row, where: str, now: datetime) -> Verdict:
        """Return a verdict completed from the tables, or the one it repeats."""
        drawn = self._draw(verdict)
        if drawn is not None:
            verdict = replace(
                verdict, city=drawn.city, zh_id=verdict.zh_id or drawn.zh_id, en_id=drawn.en_id,
                position=drawn.position if verdict.judged_sha256 is None else verdict.position,
                judged_sha256=verdict.judged_sha256 or drawn.judged_sha256,
                stratum=drawn.stratum, weight=drawn.weight, probability=drawn.probability,
                method=drawn.method,
            )  # fmt: skip
        else:
            verdict = _as_stored(verdict, self._stored, where)
        self._texts.load([verdict])
        subject = self._texts.now(verdict)
        dated = bool(row.get("judged_at"))
        if verdict.judged_sha256 is None and subject is None and not (dated and drawn):
            raise _no_such(verdict, where)
        # An earlier one counts as long as nothing shows that its texts changed since.
        if verdict.judged_sha256 is None and subject is not None and not dated:
            verdict = replace(verdict, judged_sha256=subject.digest)
        return self._repeated(verdict, now)

    def _repeated(self, verdict: Verdict, now: datetime) -> Verdict:
        """Return the equal verdict of the journals, else this one.

        A row that was changed without its time is as new as the file.
        """
        last = self._newest.get(self._key(verdict))
        if last is not None and _content(last) == _content(verdict):
            return last
        changed = last is not None and last.judged_at == verdict.judged_at
        if changed and last is not None and last.verdict_id not in self._fresh_ids:
            return replace(verdict, judged_at=now)
        return self._given.get(_identity(verdict), verdict)

    def _with_counterpart(self, verdict: Verdict, row: Row, where: str) -> Verdict:
        """Return a verdict with its counterpart checked and in its digest."""
        if verdict.level != "unmatched" or verdict.verdict_id in self._by_id:
            return verdict
        if verdict.verdict and (verdict.verdict == "missed") != bool(verdict.zh_id):
            raise ExchangeError(
                f"{where}: the verdict missed, and no other, names a Chinese article in zh_id"
            )
        zh_id = verdict.zh_id or ""
        counterpart = self._stored.articles(verdict.city, [zh_id]).get(zh_id)
        if verdict.zh_id and (counterpart is None or counterpart["lang"] == "en"):
            raise ExchangeError(f"{where}: {verdict.city} has no Chinese article {verdict.zh_id}")
        self._texts.load([verdict])
        english, both = self._texts.now(replace(verdict, zh_id=None)), self._texts.now(verdict)
        digest = verdict.judged_sha256
        # A sheet to be filled in has the digest of the English article alone.
        if digest not in (None, english.digest if english else None):
            return verdict
        dated = row.get("judged_at") and _CORRECTION not in verdict.verdict_id
        if digest is None and (dated or self._texts.placed(verdict) is None):
            return verdict
        return replace(verdict, judged_sha256=both.digest if both else None)

    def _draw(self, verdict: Verdict) -> Drawn | None:
        plan, subject = verdicts.plan_of(verdict), subjects.subject_key(verdict)
        found = self._drawn.get((plan, subject)) or self._drawn.get((plan, verdict.item))
        if found is None or not (found.judged_sha256 and verdict.judged_sha256):
            return found
        return found if found.judged_sha256 == verdict.judged_sha256 else None

    def _add(self, verdict: Verdict) -> None:
        self._by_id[verdict.verdict_id] = verdict
        self._given[_identity(verdict)] = verdict
        key, root = self._key(verdict), _root(verdict)
        self._newest[key] = max(self._newest.get(key, verdict), verdict, key=subjects.by_age)
        self._of_root[root] = max(self._of_root.get(root, verdict), verdict, key=subjects.by_age)

    def _key(self, verdict: Verdict) -> _Key:
        """Return item, texts and reviewer.

        A newer verdict of one key replaces an older.
        """
        digest = verdict.judged_sha256
        if digest is None and verdict.level != "unmatched":
            self._texts.load([verdict])
            subject = self._texts.now(verdict) if self._texts.placed(verdict) else None
            digest = subject.digest if subject else None
        named = replace(verdict, judged_sha256=digest if verdict.level == "bead" else None)
        text = None if verdict.level == "unmatched" else digest
        return (subjects.subject_key(named), text, verdict.reviewer, _decides(verdict))


def _root(verdict: Verdict) -> str:
    return verdict.verdict_id.split(_CORRECTION, 1)[0]


def _decides(verdict: Verdict) -> bool:
    return verdicts.is_adjudication(verdict)


def _content(verdict: Verdict) -> _Key:
    """Return what a reviewer stated: two verdicts are equal if these are."""
    counterpart = verdict.zh_id if verdict.level == "unmatched" else None
    beside = (verdict.relation, verdict.discuss or None, verdict.correction)
    return (verdict.verdict or None, verdict.note or None, counterpart or None, *beside)


def _identity(verdict: Verdict) -> _Key:
    named = (verdict.level, verdict.pair_id, verdict.en_id, verdict.position, verdict.reviewer)
    return (*named, _decides(verdict), _content(verdict), verdict.judged_at)


def _no_such(verdict: Verdict, where: str) -> ExchangeError:
    position = "" if verdict.position is None else f" {verdict.position}"
    key = verdict.pair_id or verdict.en_id or ""
    remedy = ""
    if _NUMBER.fullmatch(key):
        remedy = (
            "; a spreadsheet made a number of its id: export again, and open the sheet with that "
            "column as text"
        )
    return ExchangeError(
        f"{where}: no such {verdict.level} in the corpus: {verdict.city or 'no city'} "
        f"{key}{position}{remedy}"
    )


def _as_stored(verdict: Verdict, stored: StoredPairs, where: str) -> Verdict:
    """Return a verdict of no plan, completed from the tables."""
    if verdict.level == "unmatched":
        if not stored.articles(verdict.city, [verdict.en_id or ""]):
            raise ExchangeError(f"{where}: {verdict.city} has no article {verdict.en_id}")
        return verdict
    example = stored.pairs(verdict.city, [verdict.pair_id or ""]).get(verdict.pair_id or "")
    if example is None:
        raise _no_such(verdict, where)
    beads, row = example.beads, example.row
    at = (
        verdict.position if verdict.position is not None and verdict.position < len(beads) else None
    )
    probability = row["probability"] if verdict.level == "pair" else None
    if verdict.level == "bead" and at is not None:
        probability = beads[at].probability
    return replace(verdict, zh_id=row["zh_id"], en_id=row["en_id"], method=row["method"],
                   probability=probability)  # fmt: skip
