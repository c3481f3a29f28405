"""Successors of dead or silent lists, and patches of city files."""

import difflib
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from crawler.city import City
from crawler.city_file import CITIES_DIR, CityError, load_city
from pipelines.errors import UsageError
from pipelines.operations.probing import Source, find_lists, pattern_for

_DEAD = frozenset(
    (
        "list_empty",
        "links_off_host",
        "redirected_away",
        "soft_404",
        "empty_shell",
        "http_4xx",
        "odd_status",
        "dns_failure",
        "refused",
        "off_host",
        "redirects",
        "not_a_page",
    )
)
"""Faults of a list that moved. That a site refuses visitors, or is down, is none of them."""


@dataclass(frozen=True, slots=True)
class Moved:
    """List that went dead or silent, and its proposed successor."""

    city: str
    old: str
    lang: str
    why: str
    new: Source


@dataclass(frozen=True, slots=True)
class Patch:
    """Change of a city's file: new text, difference, moved lists."""

    path: Path
    text: str
    diff: str
    moved: Sequence[Moved]

    def apply(self, own: Path) -> Path:
        """Write the changed file and return its path.

        One that ships is written to the folder of one's `own`, which replaces it.
        """
        path = own / self.path.name if self.path.parent == CITIES_DIR else self.path
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.partial")
        partial.write_text(self.text, encoding="utf-8")
        partial.replace(path)
        return path


def why_lost(source: Source, city: City, today: date) -> str | None:
    """Return the reason to look for a list elsewhere, or None.

    It is dead, or its newest entry is older than the city's file allows.
    """
    if source["code"] in _DEAD:
        return f"{source['code']}: {source['evidence']}"
    if source["code"] or not source["newest"]:
        return None
    days = (today - date.fromisoformat(source["newest"])).days
    most = city.assertions.quiet_days
    return f"silent for {days} days, at most {most} expected" if days > most else None


def patch(city: City, sources: Sequence[Source], today: date) -> Patch | None:
    """Return the patch of a city's file, or None.

    None if no list is lost, or no other was found. `sources` are the findings of a check.
    """
    lost = [(source, why) for source in sources if (why := why_lost(source, city, today))]
    if not lost:
        return None
    living = {source["list"] for source in sources}
    proposals = [found for found in _proposals(city, lost) if found["list"] not in living]
    moved: list[Moved] = []
    for source, why in lost:
        for found in proposals:
            taken = any(found is other.new for other in moved)
            if not taken and found["lang"] == source["lang"] and _is_newer(found, source):
                moved.append(Moved(city.key, source["list"], source["lang"], why, found))
                break
    return _patched(city, moved, sources, today) if moved else None


def _proposals(city: City, lost: Sequence[tuple[Source, str]]) -> list[Source]:
    """Return the lists chosen from the city's home pages.

    Those on the hosts of the lost lists come first.
    """
    urls = [source["list"] for source, _ in lost] + [source.list for source in city.listings]
    homes = dict.fromkeys(f"{urlsplit(url).scheme}://{urlsplit(url).netloc}/" for url in urls)
    wanted = {source["lang"] for source, _ in lost}
    waiver = city.tls.reason if not city.tls.verify else None
    options = [f"--host={host}" for host in city.hosts]
    options += [f"--tls-waiver={waiver}"] if waiver else []
    chosen: list[Source] = []
    for home in homes:
        chosen += [found for found in find_lists([home], options) if found["chosen"]]
        if wanted <= {found["lang"] for found in chosen}:
            break
    return chosen


def _is_newer(found: Source, source: Source) -> bool:
    """Return True if a list may replace another by its age."""
    if source["code"] or not source["newest"]:
        return True
    return bool(found["newest"]) and found["newest"] > source["newest"]


def _patched(city: City, moved: Sequence[Moved], sources: Sequence[Source], today: date) -> Patch:
    path = Path(city.file)
    before = path.read_text(encoding="utf-8")
    tops = _values(yaml.compose(before, Loader=yaml.SafeLoader))
    edits: list[tuple[int, int, str]] = []
    nodes = {_values(node)["list"].value.strip(): node for node in tops["sources"].value}
    around = [source for source in sources if source["list"] not in {m.old for m in moved}]
    for each in moved:
        edits += _edits(nodes[each.old], each.new, [*around, *(m.new for m in moved)], today)
    edits += _host_edits(tops["hosts"], city, moved)
    after = before
    for start, end, text in sorted(edits, reverse=True):
        after = after[:start] + text + after[end:]
    _check(path, after, city.key)
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), path.name, path.name, lineterm=""
    )
    return Patch(path, after, "\n".join(lines), tuple(moved))


def _values(node: yaml.Node | None) -> dict[str, yaml.CollectionNode]:
    """Return the values of a mapping node by key."""
    return {key.value: value for key, value in node.value} if node else {}


def _edits(
    node: yaml.CollectionNode, found: Source, sources: Sequence[Source], today: date
) -> Iterator[tuple[int, int, str]]:
    """Yield the edits of one source: start, end, new text."""
    values = _values(node)
    url = str(found["list"]).replace('"', "%22")
    pattern = pattern_for(found, sources)
    if "articles" in values and re.search(values["articles"].value, found["article"]["url"]):
        pattern = str(values["articles"].value).replace("'", "''")
    wanted = {
        "cms": found["cms"],
        "list": f'"{url}"',
        "articles": f"'{pattern}'" if pattern else None,
        "seen": f"{{when: {today}, where: the site}}",
        "render": found["render"],
    }
    added = ""
    for key, text in wanted.items():
        if key in values and text is not None:
            yield values[key].start_mark.index, values[key].end_mark.index, text
        elif text is not None:
            added += _entry(node, key, text)
    if added:
        at = values["list"].end_mark.index
        yield at, at, added
    for key in ("articles", "render"):
        if key in values and wanted[key] is None:
            yield _cut(node, key)


def _entry(node: yaml.CollectionNode, key: str, text: str) -> str:
    """Return an entry of a mapping, to be written behind another."""
    if node.flow_style:
        return f", {key}: {text}"
    return f"\n{' ' * node.start_mark.column}{key}: {text}"


def _cut(node: yaml.Node, key: str) -> tuple[int, int, str]:
    """Return the edit that removes an entry, not the first."""
    before = None
    for name, value in node.value:
        if name.value == key:
            start = before.end_mark.index if before else name.start_mark.index
            return start, value.end_mark.index, ""
        before = value
    raise AssertionError(key)


def _host_edits(
    node: yaml.CollectionNode, city: City, moved: Sequence[Moved]
) -> Iterator[tuple[int, int, str]]:
    wanted = [h for m in moved for h in (urlsplit(m.new["list"]).netloc, *m.new["hosts"])]
    new = [host for host in dict.fromkeys(wanted) if not city.allows(f"http://{host}/")]
    if new:
        last = node.value[-1]
        indent = " " * node.start_mark.column
        text = "".join(f", {h}" if node.flow_style else f"\n{indent}- {h}" for h in new)
        yield last.end_mark.index, last.end_mark.index, text


def _check(path: Path, text: str, key: str) -> None:
    """Raise `UsageError` for a patch that would spoil the file."""
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder) / path.name
        trial.write_text(text, encoding="utf-8")
        try:
            load_city(trial, key)
        except CityError as error:
            raise UsageError(f"{path}: it cannot be patched; edit it by hand: {error}") from error
