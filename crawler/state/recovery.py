"""Recovery of archive files that a killed crawl left open."""

from contextlib import suppress
from pathlib import Path

from crawler.archive import reader
from crawler.archive.reader import Place
from crawler.state.visits import Visits, visit_of


class ArchiveFiles:
    """Archive files of one city: open or complete."""

    def __init__(self, visits: Visits) -> None:
        self._visits, self._state = visits, visits.state
        self._database = visits.state.database

    def begin(self, file: str) -> None:
        """Note an archive file that is about to be created."""
        with self._state.changing():
            self._database.execute("INSERT OR IGNORE INTO archives (file) VALUES (?)", (file,))

    def end(self, file: str) -> None:
        """Note that an archive file is complete."""
        with self._state.changing():
            self._database.execute("UPDATE archives SET closed=1 WHERE file=?", (file,))

    def recover(self, folder: Path) -> int:
        """Repair the archive files of a killed crawl; return the bytes cut.

        Responses that were archived but not recorded are recorded now. If the state was moved away
        and no file is known, the newest is repaired: no other can be torn, because the one writer
        of a city repairs the files it finds.
        """
        names = self._database.execute("SELECT file FROM archives WHERE NOT closed").fetchall()
        cut = 0
        if self._database.execute("SELECT 1 FROM archives").fetchone() is None:
            files = sorted(folder.glob("*.warc.gz"), key=lambda path: path.stat().st_mtime_ns)
            with suppress(reader.ArchiveError):  # it may be anything that was put there
                cut += sum(map(reader.repair, files[-1:]))
        for (name,) in names:
            path = folder / name
            if path.exists():
                cut += reader.repair(path)
            self._forget(name, path.stat().st_size if path.exists() else 0)
            if path.exists():
                self._catch_up(path)
            self.end(name)
        if names:
            self._visits.frontier.owe_all()
        return cut

    def _forget(self, file: str, end: int) -> None:
        """Delete the visits in a file from `end` (bytes) on.

        A power cut took them from the archive. Their articles are wanted again. Their payloads are
        deleted, too: otherwise a page fetched anew would only be archived as a reference to lost
        bytes.
        """
        lost = {"file": file, "end": end}
        with self._state.changing():
            self._database.execute(
                "INSERT OR IGNORE INTO frontier (url, canonical, listed_at) SELECT url, canonical, "
                "first_seen FROM visits WHERE file=:file AND offset>=:end AND kind='article'",
                lost,
            )
            for table in ("visits", "payloads"):
                self._database.execute(
                    f"DELETE FROM {table} WHERE file=:file AND offset>=:end", lost
                )

    def _catch_up(self, path: Path) -> None:
        last = self._database.execute(
            "SELECT max(offset) FROM (SELECT offset FROM visits WHERE file=:file UNION ALL "
            "SELECT offset FROM payloads WHERE file=:file)",
            {"file": path.name},
        ).fetchone()[0]
        for record in reader.read_records(path, start=last or 0, unmodified=True):
            if record.status == 304:
                self._visits.confirm(record.url, record.fetched_at)
            elif last is None or record.offset > last:
                visit = visit_of(
                    record.url,
                    record.status,
                    record.headers,
                    kind=record.kind,
                    digest=record.digest,
                    place=Place(path.name, record.offset),
                )
                self._visits.record(visit, record.fetched_at)
