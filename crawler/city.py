"""City files: what contributors write. Loaded strictly; every error names file and line."""

import atexit
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, NoReturn, TypeVar, cast
from urllib.parse import urlsplit

import yaml

from crawler.cms import FAMILIES


def _shipped() -> Path:
    """Return the folder of the city files that ship.

    It lies beside this file; where this file lies in a zipped egg, as Scrapyd runs it, the folder
    is a copy that lasts as long as the process.
    """
    folder = Path(__file__).parent / "cities"
    if folder.is_dir():
        return folder
    copy = Path(tempfile.mkdtemp(prefix="shizheng-cities-"))
    atexit.register(shutil.rmtree, copy, ignore_errors=True)
    for file in files("crawler").joinpath("cities").iterdir():
        if file.name.endswith(".yaml"):
            (copy / file.name).write_bytes(file.read_bytes())
    return copy


CITIES_DIR = _shipped()

Status = Literal["unverified", "active", "paused", "blocked", "gone"]
STATUSES: tuple[Status, ...] = ("unverified", "active", "paused", "blocked", "gone")
CRAWLED: tuple[Status, ...] = ("unverified", "active")
LANGS = ("zh", "en")
RENDERERS = ("browser",)
DRIFTS = ("yield", "score", "length_ratio")
RIGHTS = ("metadata", "metadata+excerpt", "full")
"""What a release may hold of an article, from least to most."""


T = TypeVar("T")


class CityError(ValueError):
    """A city file that cannot be used. The message names file, line and what was expected."""


@dataclass(frozen=True, slots=True)
class Rights:
    """What may be republished: `text` is one of `RIGHTS`, from least to most; `terms` says on what
    that rests; `checked` is when a person read the terms, None if nobody has."""

    text: str = "metadata"
    terms: str | None = None
    checked: date | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """One listing of one edition. `articles` narrows, by a regular expression searched in the URL,
    which links of the listing are this source's articles; None takes what the CMS family takes.
    `rights` holds for those articles instead of the city's; None leaves the city's.
    `render` is "browser" where a script draws the list. `since` and `until` (inclusive) say when
    the site used this system: a source with `until` is not crawled, but reads archived pages."""

    lang: str
    cms: str
    list: str
    articles: str | None = None
    line: int = 0
    rights: Rights | None = None
    render: str | None = None
    since: date | None = None
    until: date | None = None

    def wants(self, url: str) -> bool:
        """Whether a link of the listing is one of this source's articles."""
        if self.articles is not None:
            return bool(re.search(self.articles, url))
        return FAMILIES[self.cms].is_article(url)

    def held_on(self, served: date) -> bool:
        """Whether the site used this system on the day a page was served."""
        return (self.since is None or self.since <= served) and (
            self.until is None or served <= self.until
        )


@dataclass(frozen=True, slots=True)
class Assertions:
    """What a healthy crawl of the city satisfies.

    `min_articles` per language over all stored; `max_rejects` as a share of fetched articles (0-1);
    `quiet_days` without a new article before that is worth a warning. Of the pairs: `min_precision`
    is the share that must be right by people's verdicts (0-1); `max_drift` how far from usual
    `yield` (share of English articles with a mate), `score` (log odds) and `length_ratio` (as a
    share of the usual) may be.
    """

    min_articles: Mapping[str, int] = field(default_factory=dict)
    max_rejects: float = 0.2
    quiet_days: int = 14
    min_precision: float | None = None
    max_drift: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class City:
    """One city: its hosts are the only ones ever fetched, its sources the listings to read."""

    key: str
    name_zh: str
    name_en: str
    hosts: tuple[str, ...]
    sources: tuple[Source, ...]
    division: str | None = None
    status: Status = "unverified"
    since: date | None = None
    reason: str | None = None
    rights: str = "metadata"
    rights_terms: str | None = None
    rights_checked: date | None = None
    max_days: int = 60
    assertions: Assertions = Assertions()
    file: str = ""

    def allows(self, url: str) -> bool:
        """Whether `url` is http(s) on a host this city names (`name`, any port, or `name:port`)."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return False
        return parts.hostname in self.hosts or parts.netloc.rpartition("@")[2] in self.hosts

    @property
    def listings(self) -> tuple[Source, ...]:
        """The sources that are crawled: those the site still uses."""
        return tuple(source for source in self.sources if source.until is None)

    def source_of(self, url: str, served: date | None = None) -> Source | None:
        """Return the source an article URL most likely belongs to, or None off its hosts.

        Sources that the site used on the day the page was `served`, if that is known, come first,
        then those whose `articles` pattern is found in the URL, then those whose listing lies on
        the same host, the longest shared path first.
        """
        parts = urlsplit(url)
        best: tuple[int, int, int] = (-1, -1, -1)
        found: Source | None = None
        for source in self.sources:
            listing = urlsplit(source.list)
            named = bool(source.articles and re.search(source.articles, url))
            if not named and (listing.netloc != parts.netloc or source.articles):
                continue
            held = served is None or source.held_on(served)
            rank = (int(held), int(named), _shared_prefix(listing.path, parts.path))
            if rank > best:
                best, found = rank, source
        return found

    def rights_of(self, url: str) -> Rights:
        """Return what may be republished of the article at `url`: its source's rights or, where
        the source has none of its own, the city's."""
        source = self.source_of(url)
        if source is not None and source.rights is not None:
            return source.rights
        return Rights(self.rights, self.rights_terms, self.rights_checked)


def load_city(path: Path) -> City:
    """Read and check one city file. Raises `CityError`."""
    reader = _Reader(path)
    top = reader.mapping(reader.root, "the file")
    reader.only(
        top,
        ("name", "hosts", "sources"),
        ("division", "status", "since", "reason", "rights", "pairing", "assertions"),
        "the file",
    )
    name = reader.mapping(top["name"], "name")
    reader.only(name, ("zh", "en"), (), "name")
    hosts = tuple(reader.text(node, "a host") for node in reader.items(top["hosts"], "hosts"))
    for node, host in zip(top["hosts"].value, hosts, strict=True):
        if not re.fullmatch(r"[a-z0-9.-]+(:\d+)?", host):
            reader.fail(
                node, f"a host is written like en.dl.gov.cn, without scheme or path: {host!r}"
            )
    city = City(
        key=path.stem,
        name_zh=reader.text(name["zh"], "name.zh"),
        name_en=reader.text(name["en"], "name.en"),
        hosts=hosts,
        sources=tuple(
            _source(reader, node, hosts) for node in reader.items(top["sources"], "sources")
        ),
        division=reader.optional(top, "division", reader.text),
        status=cast(Status, reader.choice(top, "status", STATUSES, "unverified")),
        since=reader.optional(top, "since", reader.day),
        reason=reader.optional(top, "reason", reader.text),
        file=str(path),
        **_city_rights(reader, top),
        **_pairing(reader, top),
        **_assertions(reader, top),
    )
    if city.status not in ("unverified", "active") and not (city.since and city.reason):
        reader.fail(top["status"], f"status {city.status} needs since: and reason: beside it")
    if city.division is not None and not re.fullmatch(r"\d{6}", city.division):
        reader.fail(top["division"], 'division is a GB/T 2260 code: six digits in quotes, "210200"')
    return city


def load_cities(folder: Path | None = None) -> dict[str, City]:
    """Read every city file of `folder` (by default the ones that ship), by key, sorted.

    Raises `CityError` when the folder is missing or holds no city file, or for the first bad file.
    """
    folder = CITIES_DIR if folder is None else folder
    paths = sorted(folder.glob("*.yaml")) if folder.is_dir() else []
    if not paths:
        raise CityError(f"{folder}: expected a folder with city files (*.yaml), found none")
    return {path.stem: load_city(path) for path in paths}


def unnamed_city(url: str) -> City:
    """Return a city for a host that no file names: its key is the host with dashes for dots."""
    host = urlsplit(url).hostname or "unknown"
    key = re.sub(r"[^a-z0-9]+", "-", host).strip("-")
    return City(key=key, name_zh=host, name_en=host, hosts=(host,), sources=())


def _shared_prefix(a: str, b: str) -> int:
    count = 0
    for left, right in zip(a, b, strict=False):
        if left != right:
            break
        count += 1
    return count


def _source(reader: "_Reader", node: yaml.Node, hosts: tuple[str, ...]) -> Source:
    fields = reader.mapping(node, "a source")
    reader.only(
        fields,
        ("lang", "cms", "list"),
        ("articles", "rights", "render", "since", "until"),
        "a source",
    )
    url = reader.text(fields["list"], "list")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        reader.fail(fields["list"], f"list is an absolute http(s) URL, not {url!r}")
    if parts.hostname not in hosts and parts.netloc not in hosts:
        reader.fail(fields["list"], f"host {parts.netloc} is not among hosts: add it there")
    pattern = reader.optional(fields, "articles", reader.text)
    if pattern is not None:
        try:
            re.compile(pattern)
        except re.error as error:
            reader.fail(fields["articles"], f"articles is a regular expression: {error}")
    if "rights" in fields and pattern is None:
        reader.fail(
            fields["rights"],
            "rights of a source need articles: beside them, the pattern that tells whose they are",
        )
    since = reader.optional(fields, "since", reader.day)
    until = reader.optional(fields, "until", reader.day)
    if since and until and since > until:
        reader.fail(fields["until"], f"until ({until}) is before since ({since})")
    return Source(
        lang=reader.choice(fields, "lang", LANGS, None),
        cms=reader.choice(fields, "cms", tuple(FAMILIES), None),
        list=url,
        articles=pattern,
        line=node.start_mark.line + 1,
        rights=_rights(reader, fields["rights"]) if "rights" in fields else None,
        render=reader.choice(fields, "render", RENDERERS, None) if "render" in fields else None,
        since=since,
        until=until,
    )


def _city_rights(reader: "_Reader", top: dict[str, yaml.Node]) -> dict[str, Any]:
    if "rights" not in top:
        return {}
    found = _rights(reader, top["rights"])
    return {"rights": found.text, "rights_terms": found.terms, "rights_checked": found.checked}


def _rights(reader: "_Reader", node: yaml.Node) -> Rights:
    fields = reader.mapping(node, "rights")
    reader.only(fields, ("text",), ("terms", "checked"), "rights")
    return Rights(
        text=reader.choice(fields, "text", RIGHTS, None),
        terms=reader.optional(fields, "terms", reader.text),
        checked=reader.optional(fields, "checked", reader.day),
    )


def _pairing(reader: "_Reader", top: dict[str, yaml.Node]) -> dict[str, Any]:
    if "pairing" not in top:
        return {}
    fields = reader.mapping(top["pairing"], "pairing")
    reader.only(fields, (), ("max_days",), "pairing")
    days = reader.optional(fields, "max_days", reader.whole)
    return {} if days is None else {"max_days": days}


def _assertions(reader: "_Reader", top: dict[str, yaml.Node]) -> dict[str, Any]:
    if "assertions" not in top:
        return {}
    fields = reader.mapping(top["assertions"], "assertions")
    known = ("min_articles", "max_rejects", "quiet_days", "min_precision", "max_drift")
    reader.only(fields, (), known, "assertions")
    default = Assertions()
    least: dict[str, int] = {}
    if "min_articles" in fields:
        per_lang = reader.mapping(fields["min_articles"], "min_articles")
        reader.only(per_lang, (), LANGS, "min_articles")
        least = {lang: reader.whole(node, lang) for lang, node in per_lang.items()}
    drift: dict[str, float] = {}
    if "max_drift" in fields:
        measures = reader.mapping(fields["max_drift"], "max_drift")
        reader.only(measures, (), DRIFTS, "max_drift")
        drift = {name: reader.positive(node, name) for name, node in measures.items()}
    rejects = reader.optional(fields, "max_rejects", reader.share)
    quiet = reader.optional(fields, "quiet_days", reader.whole)
    return {
        "assertions": Assertions(
            min_articles=least,
            max_rejects=default.max_rejects if rejects is None else rejects,
            quiet_days=default.quiet_days if quiet is None else quiet,
            min_precision=reader.optional(fields, "min_precision", reader.share),
            max_drift=drift,
        )
    }


class _Reader:
    """One YAML file as nodes, so that every complaint can name its line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise CityError(f"{path}:{line}: not YAML: {error.problem}") from error
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise CityError(f"{path}:1: cannot be read as YAML in UTF-8: {error}") from error
        if root is None:
            raise CityError(f"{path}:1: the file is empty; see crawler/cities/dalian.yaml")
        self.root = root

    def fail(self, node: yaml.Node, message: str) -> NoReturn:
        raise CityError(f"{self.path}:{node.start_mark.line + 1}: {message}")

    def mapping(self, node: yaml.Node, what: str) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            self.fail(node, f"{what} must be a mapping (key: value)")
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            if key.value in found:
                self.fail(key, f"{key.value!r} appears twice in {what}")
            found[key.value] = value
        return found

    def only(
        self,
        found: dict[str, yaml.Node],
        required: tuple[str, ...],
        allowed: tuple[str, ...],
        what: str,
    ) -> None:
        for key, node in found.items():
            if key not in required + allowed:
                known = ", ".join(required + allowed)
                self.fail(node, f"unknown key {key!r} in {what}; known: {known}")
        for key in required:
            if key not in found:
                line = min((n.start_mark.line for n in found.values()), default=0) + 1
                raise CityError(f"{self.path}:{line}: {what} lacks the key {key!r}")

    def items(self, node: yaml.Node, what: str) -> list[yaml.Node]:
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            self.fail(node, f"{what} must be a list with at least one entry")
        return list(node.value)

    def text(self, node: yaml.Node, what: str) -> str:
        if not isinstance(node, yaml.ScalarNode) or not str(node.value).strip():
            self.fail(node, f"{what} must be a text")
        return str(node.value).strip()

    def whole(self, node: yaml.Node, what: str) -> int:
        value = self.text(node, what)
        if not value.isdigit():
            self.fail(node, f"{what} must be a whole number, not {value!r}")
        return int(value)

    def share(self, node: yaml.Node, what: str) -> float:
        value = self.text(node, what)
        if not re.fullmatch(r"0(\.\d+)?|1(\.0+)?", value):
            self.fail(node, f"{what} must be a share between 0 and 1, not {value!r}")
        return float(value)

    def positive(self, node: yaml.Node, what: str) -> float:
        value = self.text(node, what)
        if not re.fullmatch(r"\d+(\.\d+)?", value) or float(value) == 0:
            self.fail(node, f"{what} must be a number above 0, like 0.2, not {value!r}")
        return float(value)

    def day(self, node: yaml.Node, what: str) -> date:
        value = self.text(node, what)
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(node, f"{what} must be a date like 2026-11-23, not {value!r}")

    def optional(
        self, found: dict[str, yaml.Node], key: str, read: Callable[[yaml.Node, str], T]
    ) -> T | None:
        node = found.get(key)
        if node is None or (isinstance(node, yaml.ScalarNode) and node.tag.endswith(":null")):
            return None
        return read(node, key)

    def choice(
        self,
        found: dict[str, yaml.Node],
        key: str,
        allowed: tuple[str, ...],
        default: str | None,
    ) -> str:
        if key not in found and default is not None:
            return default
        value = self.text(found[key], key)
        if value not in allowed:
            self.fail(found[key], f"{key} must be one of {', '.join(allowed)}, not {value!r}")
        return value
