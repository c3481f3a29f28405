"""What an operator meets: a full disk, a read-only folder, torn files, SIGTERM, a parent that dies.

After the cause is gone and another crawl, the tables equal those of an undisturbed crawl, every
file can be read, and nothing is left lying about.
"""

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import Crawl, Crawled, Web, crawl_into, serving, small_city
from operating import damage, manifests, start, tables

from crawler.archive.reader import read_records
from pipelines.tables import lock


def mount(*arguments: str | Path) -> bool:
    """Mount something, if this process may; say whether it could."""
    return (
        os.geteuid() == 0
        and not subprocess.run(
            ["mount", *map(str, arguments)], check=False, capture_output=True
        ).returncode
    )


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """Put a file system in memory, of `size`, under a folder while the block runs."""
    folder.mkdir(parents=True)
    if not mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder):
        pytest.skip("a small disk can only be mounted by root, outside of a container without it")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def whole_again(crawl: Crawl, crawled: Crawled, run: str) -> None:
    """Crawl once more; then all must be as if nothing had happened."""
    ended = crawl(run)
    assert ended.code == 0, ended.errors
    assert tables(crawl.output) == tables(crawled.crawl.output)
    assert not damage(crawl.output)


UNDER_WAY = 4
"""Requests to a host at once in these crawls: answered, perhaps, and not yet archived."""


def asked_twice(web: Web, crawled: Crawled) -> set[str]:
    """Return the articles that were asked for more often than by an undisturbed crawl.

    Without those that fail at first, which every crawl asks for again.
    """
    return {
        url
        for url in web.asked
        if web.asked.count(url) > crawled.web.asked.count(url)
        and "/2024" in url
        and "_7" not in url
    }


@pytest.mark.parametrize(
    ("folder", "size"), [("archive", "24k"), ("articles", "24k"), ("state", "240k")]
)
def test_a_full_disk_ends_the_crawl_and_a_larger_one_completes_it(
    crawl: Crawl, crawled: Crawled, folder: str, size: str
) -> None:
    # Each of the three that write meets it, amid its work.
    with small_disk(crawl.output / folder, size):
        ended = crawl("full")
        assert ended.code == 1
        assert "cannot be written" in ended.errors
        assert len(list((crawl.output / folder).iterdir())) > 0
        assert mount("-o", "remount,size=64m", crawl.output / folder)
        whole_again(crawl, crawled, "again")


def test_a_folder_that_became_read_only_ends_the_crawl_and_loses_nothing(
    web: Web, crawl: Crawl, crawled: Crawled
) -> None:
    articles = crawl.output / "articles"
    articles.mkdir(parents=True)
    # Permission bits do not stop root; a read-only mount does.
    mounted = mount("-t", "tmpfs", "-o", "ro", "tmpfs", articles)
    if not mounted:
        articles.chmod(0o500)
        if os.access(articles, os.W_OK):
            pytest.skip("this user writes read-only folders and may not mount one")
    try:
        ended = crawl("read-only")
        assert ended.code == 1
        assert ended.last["reason"] == "store_failed"
        ((code, _),) = [issue for issue in crawl.issues("read-only") if issue[0] == "store"][:1]
        assert code == "store"
    finally:
        if mounted:
            subprocess.run(["umount", articles], check=True)
        articles.chmod(0o700)
    whole_again(crawl, crawled, "again")
    # What had been fetched was in the archive, and came from there; not what was under way.
    assert len(asked_twice(web, crawled)) <= UNDER_WAY


def tear_archive(output: Path) -> None:
    """A power cut: of the archive, what the system had not yet written is gone."""
    (path,) = output.glob("archive/haiqing/*.warc.gz")
    last = max(record.offset for record in read_records(path))
    os.truncate(path, last + 40)


def tear_journal(output: Path) -> None:
    """Cut the state's journal in the middle of one of its frames."""
    journal = output / "state" / "haiqing.sqlite-wal"
    assert journal.stat().st_size > 8192
    os.truncate(journal, journal.stat().st_size // 2 + 100)


def spoil_state(output: Path) -> None:
    """Write over the state, as a bad disk does."""
    (output / "state" / "haiqing.sqlite-wal").unlink()
    (output / "state" / "haiqing.sqlite").write_bytes(b"no database at all" * 1000)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Web, Crawl]]:
    """Give what a crawl left that was killed with some articles stored, for tests to copy."""
    with serving(Web(small_city())) as web:
        crawl = crawl_into(web, tmp_path_factory.mktemp("killed"))
        assert crawl.killed_after(20, "killed") == -9
        yield web, crawl


def spoilt(killed: tuple[Web, Crawl], output: Path, spoil: Callable[[Path], None]) -> Crawl:
    """Return a crawl of a copy of what was left, with something spoilt in it."""
    web, crawl = killed
    shutil.copytree(crawl.output, output)
    (output / "state" / "haiqing.sqlite-shm").unlink(missing_ok=True)
    spoil(output)
    return Crawl(web, crawl.cities, output)


@pytest.mark.parametrize("tear", [tear_archive, tear_journal])
def test_a_torn_archive_and_a_torn_journal_are_made_whole(
    killed: tuple[Web, Crawl], crawled: Crawled, tmp_path: Path, tear: Callable[[Path], None]
) -> None:
    # What was lost is fetched again, and archived again: no record refers to one that is gone.
    whole_again(spoilt(killed, tmp_path / "output", tear), crawled, "again")


def test_a_state_file_that_is_garbage_is_named_and_can_be_moved_away(
    killed: tuple[Web, Crawl], crawled: Crawled, tmp_path: Path
) -> None:
    crawl = spoilt(killed, tmp_path / "output", spoil_state)
    state = crawl.output / "state" / "haiqing.sqlite"
    ended = crawl("garbage")
    assert ended.code == 1
    assert f"{state}: not a usable state file" in ended.errors
    assert "move it away" in ended.errors
    state.rename(state.with_suffix(".broken"))
    whole_again(crawl, crawled, "again")


@contextmanager
def under_way(web: Web, crawl: Crawl, requests: int) -> Iterator["subprocess.Popen[str]"]:
    """Start `shizheng crawl`; go on when the server was asked so often."""
    web.pause = 0.1
    with start(web, "crawl", crawl.output, crawl.cities, "haiqing") as process:
        while len(web.asked) < requests and process.poll() is None:
            time.sleep(0.02)
        assert process.poll() is None
        yield process
        process.wait(1800)
    web.pause = 0.0


def test_sigterm_ends_a_command_cleanly_and_the_next_crawl_goes_on(
    web: Web, crawl: Crawl, crawled: Crawled
) -> None:
    with under_way(web, crawl, 9) as process:
        process.terminate()
        _, errors = process.communicate(timeout=1800)
    assert process.returncode == 143
    begun, ended = errors.splitlines()
    assert begun.startswith("shizheng: 1 crawl is storing what was fetched, 10 s at most")
    assert ended == (
        "shizheng: stopped by SIGTERM; what was stored is whole, run the command again to go on"
    )
    (manifest,) = manifests(crawl.output)
    assert manifest["cut_short"] == "stopped by SIGTERM"
    assert manifest["so_far"]["haiqing"]["articles"] > 0
    # Asked to end, the crawl had stored what it had fetched.
    assert 0 < len(tables(crawl.output)["articles"]) < 26
    assert not damage(crawl.output)
    whole_again(crawl, crawled, "again")
    assert len(asked_twice(web, crawled)) <= UNDER_WAY


def crawling(process: "subprocess.Popen[str]") -> int:
    """Return the process that crawls for a command."""
    threads = Path(f"/proc/{process.pid}/task").glob("*/children")
    (child,) = [int(pid) for path in threads for pid in path.read_text().split()]
    return child


def test_a_command_that_is_killed_takes_its_crawl_along_and_its_lock_lasts_until_then(
    web: Web, crawl: Crawl, crawled: Crawled
) -> None:
    with under_way(web, crawl, 9) as process:
        # A page that is under way keeps the crawl from ending before we have looked.
        answer, asked = threading.Event(), len(web.asked)
        web.on_request = lambda number: answer.wait(1800) and None
        while len(web.asked) == asked:
            time.sleep(0.02)
        process.kill()
        process.wait()
        assert lock.holder(crawl.output, "haiqing") == str(process.pid)
        answer.set()
        while lock.holder(crawl.output, "haiqing"):
            time.sleep(0.05)
    # Left alone, the crawl had stored what it had fetched.
    (log,) = crawl.output.glob("runs/*/haiqing.log")
    assert 0 < len(tables(crawl.output)["articles"]) < 26, log.read_text()[-3000:]
    assert not damage(crawl.output)
    whole_again(crawl, crawled, "again")


def test_a_killed_crawl_is_told_by_its_signal(web: Web, crawl: Crawl) -> None:
    with under_way(web, crawl, 9) as process:
        os.kill(crawling(process), signal.SIGKILL)
        _, errors = process.communicate(timeout=1800)
    assert process.returncode in (3, 4)  # by what it had told of its lists until then
    assert "haiqing: the crawling process was ended by SIGKILL" in errors
