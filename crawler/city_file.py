"""City files of contributors, loaded strictly; errors name file and line."""

import atexit
import json
import os
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

from crawler import city_patterns
from crawler.city import (
    DRIFTS,
    RENDERERS,
    RIGHTS,
    STATUSES,
    Assertions,
    City,
    Rights,
    Seen,
    Source,
    Status,
    Tls,
    key_problem,
)
from crawler.cms import FAMILIES
from crawler.errors import ShizhengError
from crawler.item import LANGS
from crawler.posted import with_text
from crawler.yaml_nodes import composed


def _shipped() -> Path:
    """Return the folder of the city files that ship.

    It is beside this file; for a zipped egg, as Scrapyd runs it, the folder is a copy that lasts as
    long as the process.
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

OWN_CITIES = "SHIZHENG_CITIES"
"""Variable that names a folder of the user's own city files, which add to those that ship."""

LARGEST = 64 << 10
"""Bytes of a city file; those that ship have 3,000 at most."""
LONGEST = 2_000
"""Characters of one value."""
MOST = 1_000_000_000
"""The largest whole number; days are at most `MOST_DAYS`."""
MOST_DAYS = 36_500

DIVISION = re.compile("[0-9]{6}")
"""Code of a division in GB/T 2260."""
UNKNOWN = "unknown"
"""Day of a listing that nobody saw, or saw without a date."""
_SHOWN = 60
_NO_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_FORM = re.compile(r"[^\s=&{]+=[^\s&]*(?:&[^\s=&]+=[^\s&]*)*")
"""Body of a form."""
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::(\d{1,5}))?", re.ASCII)


T = TypeVar("T")


class CityError(ShizhengError):
    """Unusable city file; the message names file, line and expected value."""


def load_city(path: Path, key: str | None = None) -> City:
    """Read and check one city file.

    `key` is the city's future key, if the file's name is not yet that. Raises `CityError`.
    """
    key = path.stem if key is None else key
    problem = key_problem(key)
    if problem is not None:
        raise CityError(f"{path}:1: the file's name is the city's, and {problem}: rename the file")
    reader = _Reader(path)
    top = reader.mapping(reader.root, "the file")
    reader.only(
        top,
        ("name", "hosts", "sources"),
        ("division", "status", "since", "reason", "rights", "tls", "pairing", "assertions"),
        "the file",
    )
    name = reader.mapping(top["name"], "name")
    reader.only(name, ("zh", "en"), (), "name")
    hosts = tuple(reader.text(node, "a host") for node in reader.items(top["hosts"], "hosts"))
    for node, host in zip(top["hosts"].value, hosts, strict=True):
        written = _HOST.fullmatch(host)
        if written is None:
            expected = "a host is written like en.dl.gov.cn, without scheme or path"
            reader.fail(node, f"{expected}: {_short(host)}")
        if written[1] and not 1 <= int(written[1]) <= 65_535:
            reader.fail(node, f"a port lies between 1 and 65535: {host!r}")
    city = City(
        key=key,
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
        tls=_tls(reader, top["tls"]) if "tls" in top else Tls(),
        file=str(path),
        **_city_rights(reader, top),
        **_pairing(reader, top),
        **_assertions(reader, top),
    )
    if city.status not in ("unverified", "active") and not (city.since and city.reason):
        reader.fail(top["status"], f"status {city.status} needs since: and reason: beside it")
    if city.division is not None and not DIVISION.fullmatch(city.division):
        reader.fail(top["division"], 'division is a GB/T 2260 code: six digits in quotes, "210200"')
    return city


def load_cities(folder: Path | None = None) -> dict[str, City]:
    """Read the city files of a folder, or all known ones, sorted.

    Raises `CityError` when a folder is missing or has no city file, or for the first bad file.
    """
    return {key: load_city(path) for key, path in city_files(folder).items()}


def city_files(folder: Path | None = None) -> dict[str, Path]:
    """Return the city files of a folder, or all known ones.

    Known are those that ship and the user's own (`own_folder`), which replace one of the same
    name. Raises `CityError`.
    """
    if folder is not None:
        return _listed(folder)
    own = own_folder()
    return dict(sorted({**_listed(CITIES_DIR), **(_listed(own) if own else {})}.items()))


def own_folder() -> Path | None:
    """Return the folder of the user's own city files; None without one.

    The variable names it. Commands set it to the corpus's own folder `cities` where there is one.
    """
    named = os.environ.get(OWN_CITIES)
    return Path(named) if named else None


def _listed(folder: Path) -> dict[str, Path]:
    paths = sorted(folder.glob("*.yaml")) if folder.is_dir() else []
    if not paths:
        raise CityError(f"{folder}: expected a folder with city files (*.yaml), found none")
    return {path.stem: path for path in paths}


def _source(reader: "_Reader", node: yaml.Node, hosts: tuple[str, ...]) -> Source:
    fields = reader.mapping(node, "a source")
    reader.only(
        fields,
        ("lang", "cms", "list"),
        ("post", "articles", "rights", "render", "since", "until", "seen"),
        "a source",
    )
    url = _listing(reader, fields["list"], hosts)
    body = reader.optional(fields, "post", reader.body)
    if body and "render" in fields:
        reader.fail(
            fields["post"], "a list with post: is asked for by no browser: take out render:"
        )
    pattern = reader.optional(fields, "articles", reader.text)
    wrong = None if pattern is None else city_patterns.problem(pattern)
    if wrong is not None:
        reader.fail(fields["articles"], f"articles is a regular expression: {wrong}")
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
        list=with_text(url, body) if body else url,
        articles=pattern,
        line=node.start_mark.line + 1,
        rights=_rights(reader, fields["rights"]) if "rights" in fields else None,
        render=reader.choice(fields, "render", RENDERERS, None) if "render" in fields else None,
        since=since,
        until=until,
        seen=_seen(reader, fields["seen"]) if "seen" in fields else None,
    )


def _seen(reader: "_Reader", node: yaml.Node) -> Seen:
    fields = reader.mapping(node, "seen")
    reader.only(fields, ("when", "where"), (), "seen")
    when = reader.text(fields["when"], "when")
    if when != UNKNOWN and not _is_day_or_longer(when):
        expected = f"when is a day, month or year, 2026-11-30, 2026-11 or 2026, or {UNKNOWN}"
        reader.fail(fields["when"], f"{expected}, not {_short(when)}")
    return Seen(when, reader.text(fields["where"], "where"))


def _is_day_or_longer(when: str) -> bool:
    try:
        date.fromisoformat(f"{when}-01-01"[:10] if len(when) < 10 else when)
    except ValueError:
        return False
    return re.fullmatch(r"\d{4}(-\d\d){0,2}", when, re.ASCII) is not None


def _listing(reader: "_Reader", node: yaml.Node, hosts: tuple[str, ...]) -> str:
    url = reader.text(node, "list")
    try:
        parts = urlsplit(url)
        host, named, _ = parts.hostname, "@" in parts.netloc, parts.port
    except ValueError as error:
        reader.fail(node, f"list is no URL ({error}): {_short(url)}")
    if parts.scheme not in ("http", "https") or not host:
        reader.fail(node, f"list is an absolute http(s) URL, not {_short(url)}")
    if named:
        reader.fail(node, "list holds a user's name or password, which would be archived")
    if host not in hosts and parts.netloc not in hosts:
        reader.fail(node, f"host {_short(parts.netloc)} is not among hosts: add it there")
    return url


def _short(value: str) -> str:
    return repr(value) if len(value) <= _SHOWN else f"{value[:_SHOWN]!r}…"


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


def _tls(reader: "_Reader", node: yaml.Node) -> Tls:
    fields = reader.mapping(node, "tls")
    reader.only(fields, ("verify",), ("reason",), "tls")
    verify = reader.choice(fields, "verify", ("true", "false"), None) == "true"
    reason = reader.optional(fields, "reason", reader.text)
    if not verify and reason is None:
        reader.fail(node, "verify: false needs reason: beside it, why the certificate is no use")
    if verify and reason is not None:
        reader.fail(fields["reason"], "reason belongs to verify: false; take it out")
    return Tls(verify, reason)


def _pairing(reader: "_Reader", top: dict[str, yaml.Node]) -> dict[str, Any]:
    if "pairing" not in top:
        return {}
    fields = reader.mapping(top["pairing"], "pairing")
    reader.only(fields, (), ("max_days",), "pairing")
    days = reader.optional(fields, "max_days", reader.days)
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
    quiet = reader.optional(fields, "quiet_days", reader.days)
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
    """YAML file as nodes, so that every complaint can name its line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        root = composed(path, self._content(), CityError)
        if root is None:
            raise CityError(f"{path}:1: the file is empty; see crawler/cities/dalian.yaml")
        self.root = root

    def _content(self) -> str:
        if self.path.exists() and not self.path.is_file():
            raise CityError(f"{self.path}:1: expected a file; this is a folder, a pipe or a device")
        try:
            with self.path.open("rb") as file:
                data = file.read(LARGEST + 1)
        except OSError as error:
            raise CityError(f"{self.path}:1: cannot be read ({error.strerror or error})") from error
        if len(data) > LARGEST:
            raise CityError(f"{self.path}:1: larger than {LARGEST:,} bytes: this is no city file")
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise CityError(
                f"{self.path}:{line}: expected text in UTF-8, found the byte "
                f"0x{data[error.start]:02x}; save the file as UTF-8"
            ) from error

    def fail(self, node: yaml.Node, message: str) -> NoReturn:
        raise CityError(f"{self.path}:{node.start_mark.line + 1}: {message}")

    def mapping(self, node: yaml.Node, what: str) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            self.fail(node, f"{what} must be a mapping (key: value)")
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = self.text(key, f"a key in {what}")
            if name in found:
                self.fail(key, f"{_short(name)} appears twice in {what}")
            found[name] = value
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
                self.fail(node, f"unknown key {_short(key)} in {what}; known: {known}")
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
        value = str(node.value).strip()
        if len(value) > LONGEST:
            self.fail(node, f"{what} has {len(value):,} characters, {LONGEST:,} at most are taken")
        strange = _NO_TEXT.search(value)
        if strange:
            self.fail(node, f"{what} must be one line of text, without U+{ord(strange[0]):04X}")
        return value

    def body(self, node: yaml.Node, what: str) -> str:
        value = self.text(node, what)
        try:
            right = bool(_FORM.fullmatch(value)) or isinstance(json.loads(value), dict)
        except ValueError:
            right = False
        if not right:
            expected = f"{what} is a form, cid=7&page=1, or a JSON object in quotes"
            self.fail(node, f"{expected}, not {_short(value)}")
        return value

    def whole(self, node: yaml.Node, what: str, most: int = MOST) -> int:
        value = self.text(node, what)
        if not re.fullmatch(r"\d+", value, re.ASCII):
            self.fail(node, f"{what} must be a whole number, not {_short(value)}")
        if len(value) > len(str(most)) or int(value) > most:
            self.fail(node, f"{what} must be {most} at most, not {_short(value)}")
        return int(value)

    def days(self, node: yaml.Node, what: str) -> int:
        return self.whole(node, what, MOST_DAYS)

    def share(self, node: yaml.Node, what: str) -> float:
        value = self.text(node, what)
        if not re.fullmatch(r"0(\.\d{1,9})?|1(\.0{1,9})?", value, re.ASCII):
            self.fail(node, f"{what} must be a share between 0 and 1, not {_short(value)}")
        return float(value)

    def positive(self, node: yaml.Node, what: str) -> float:
        value = self.text(node, what)
        if not re.fullmatch(r"\d{1,9}(\.\d{1,9})?", value, re.ASCII) or float(value) == 0:
            expected = f"{what} must be a number above 0, like 0.2"
            self.fail(node, f"{expected}, not {_short(value)}")
        return float(value)

    def day(self, node: yaml.Node, what: str) -> date:
        value = self.text(node, what)
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(node, f"{what} must be a date like 2026-11-23, not {_short(value)}")

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
            self.fail(found[key], f"{key} must be one of {', '.join(allowed)}, not {_short(value)}")
        return value
