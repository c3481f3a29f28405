"""City files: what contributors write. Loaded strictly; every error names file and line."""

import atexit
import re
import shutil
import tempfile
from collections.abc import Callable
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any, NoReturn, TypeVar, cast
from urllib.parse import urlsplit

import yaml

from crawler.city import (
    DRIFTS,
    LANGS,
    RENDERERS,
    RIGHTS,
    STATUSES,
    Assertions,
    City,
    Rights,
    Source,
    Status,
    key_problem,
)
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


T = TypeVar("T")


class CityError(ValueError):
    """A city file that cannot be used. The message names file, line and what was expected."""


def load_city(path: Path) -> City:
    """Read and check one city file. Raises `CityError`."""
    problem = key_problem(path.stem)
    if problem is not None:
        raise CityError(f"{path}:1: the file's name is the city's, and {problem}: rename the file")
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
