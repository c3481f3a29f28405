"""The catalogue of cities: are the files right, do the sites still work, and a new city from URLs.

Pages are fetched by `crawler.crawl.probe` in a process of its own, like every crawl.
"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from crawler.city import CRAWLED, City
from crawler.city_file import CITIES_DIR, CityError, load_cities, load_city
from crawler.cms import detection
from crawler.errors import ExitCode, ShizhengError
from pipelines.terminal import complain, progress, say, say_json, show_table

_SECONDS = 900
"""Seconds that the look at one city may take, at two seconds between requests."""

_DRAFT = (
    "Taken down by a program. Look at the page, put right every field that is not as the page "
    "shows it, replace the sentences by your own in both files, and take out this line."
)
_REASONS = {
    "list_empty": "no list of articles was found",
    "links_off_host": "its articles are on other hosts: name those of the city with --host",
    "robots": "robots.txt forbids it",
    "blocked_challenge": "the site answers with a challenge, and nothing works around that",
    "blocked_waf": "a firewall refuses it, and nothing works around that",
    "geo_blocked": "the site refuses visitors from here, and nothing works around that",
}


class CatalogueError(ShizhengError):
    """A city that cannot be added; the message says why and what to do."""


def add_arguments(check: argparse.ArgumentParser, add: argparse.ArgumentParser) -> None:
    """Describe the options of `cities check` and `cities add`."""
    check.add_argument("cities", nargs="*", metavar="CITY")
    check.add_argument(
        "--live",
        action="store_true",
        help="also read a list page and two articles of each source, politely",
    )
    add.add_argument("urls", nargs="+", metavar="URL", help="list pages, of one or both languages")
    add.add_argument("--key", help="name of the file (default: from the host)")
    add.add_argument("--zh", metavar="NAME", help="Chinese name (default: what the site says)")
    add.add_argument("--en", metavar="NAME", help="English name (default: from the key)")
    add.add_argument("--division", metavar="CODE", help="GB/T 2260 code, six digits")
    add.add_argument(
        "--host", action="append", default=[], help="another host of the city that has articles"
    )
    add.add_argument(
        "--fixtures",
        type=Path,
        metavar="DIR",
        help="where one article of each language is recorded (default: tests/cms)",
    )


def check_command(args: argparse.Namespace) -> int:
    """Validate city files and, with --live, look at the sites."""
    paths = _chosen(args.cities_dir or CITIES_DIR, args.cities)
    found: list[City] = []
    wrong: list[str] = []
    for path in paths:
        try:
            found.append(load_city(path))
        except CityError as error:
            wrong.append(str(error))
    if not args.live:
        return _report(args, [city.key for city in found], wrong)
    told: dict[str, list[dict[str, Any]]] = {}
    with progress() as tracker:
        crawled = [city for city in found if city.status in CRAWLED]
        for number, city in enumerate(crawled):
            tracker.update("looking", number, len(crawled), city.key)
            told[city.key] = _probe("check", [city.file])
    if args.json:
        say_json({"valid": [city.key for city in found], "errors": wrong, "cities": told})
    else:
        _show(told)
        for message in wrong:
            complain(message)
    sources = [source for each in told.values() for source in each]
    if wrong:
        return ExitCode.USAGE
    failed = [source for source in sources if source["code"]]
    if not failed:
        return ExitCode.DONE
    return ExitCode.UNUSABLE if len(failed) == len(sources) else ExitCode.UNWELL


def add_command(args: argparse.Namespace) -> int:
    """Write a city's file and its fixtures from the pages of its site."""
    folder = args.cities_dir or CITIES_DIR
    fixtures = args.fixtures or _own_fixtures()
    for url in args.urls:
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise CatalogueError(f"{url}: expected the address of a list page, http://…")
    key = args.key or detection.key_of(args.urls[0])
    if not re.fullmatch(r"[a-z][a-z0-9_-]*", key):
        raise CatalogueError(f"{key!r} is no name for a city's file; give one like dalian: --key")
    path = folder / f"{key}.yaml"
    if path.exists():
        raise CatalogueError(f"{path} is there already; edit it, or choose another name with --key")
    known = load_cities(folder) if any(folder.glob("*.yaml")) else {}
    hosts = {urlsplit(url).netloc for url in args.urls}
    other = next((city for city in known.values() if hosts & set(city.hosts)), None)
    if other is not None:
        shared = ", ".join(sorted(hosts & set(other.hosts)))
        raise CatalogueError(f"{shared} belongs to {other.key}; add the lists to {other.file}")
    found = _probe("detect", args.urls, [f"--host={host}" for host in args.host])
    unread = [source for source in found if source["code"]]
    for source in unread:
        reason = _REASONS.get(source["code"], "it cannot be read")
        complain(f"{source['list']}: {reason} ({source['code']}): {source['evidence']}")
    if unread:
        complain("nothing was written")
        return ExitCode.UNUSABLE
    cases = [fixtures / key / f"{source['cms']}-{source['lang']}" for source in _one_each(found)]
    there = next((case for case in cases if case.exists()), None)
    if there is not None:
        raise CatalogueError(f"{there} is there already; choose another folder with --fixtures")
    _write_city(path, _yaml(args, key, found))
    for source, case in zip(_one_each(found), cases, strict=True):
        _record(case, source)
    summary = {
        "city": key,
        "file": str(path),
        "sources": [{k: s[k] for k in ("lang", "cms", "list", "links", "render")} for s in found],
        "fixtures": [str(case) for case in cases],
    }
    if args.json:
        say_json(summary)
        return ExitCode.DONE
    say(f"{path}: {len(found)} sources, to be looked through by a person")
    show_table(
        ("lang", "cms", "links", "list"),
        [(s["lang"], s["cms"], s["links"], s["list"]) for s in found],
    )
    for case in cases:
        say(f"{case}: a draft; compare it with the page")
    return ExitCode.DONE


def _report(args: argparse.Namespace, valid: Sequence[str], wrong: Sequence[str]) -> int:
    if args.json:
        say_json({"valid": valid, "errors": wrong})
    else:
        say(f"{len(valid)} city files are valid")
        for message in wrong:
            complain(message)
    return ExitCode.USAGE if wrong else ExitCode.DONE


def _chosen(folder: Path, names: Sequence[str]) -> list[Path]:
    paths = {path.stem: path for path in sorted(folder.glob("*.yaml"))}
    if not paths:
        raise CatalogueError(f"{folder}: holds no city file (*.yaml)")
    unknown = [name for name in names if name not in paths]
    if unknown:
        raise CatalogueError(f"unknown city {', '.join(unknown)}; known: {', '.join(paths)}")
    return [paths[name] for name in names] if names else list(paths.values())


def _show(told: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    rows = []
    for city, sources in told.items():
        for source in sources:
            read = [article for article in source["articles"] if not article["code"]]
            fields = ", ".join(read[0]["fields"]) if read else ""
            works = f"{len(read)} of {len(source['articles'])} read: {fields}" if read else "-"
            odd = next((a["lang"] for a in read if a["lang"] != source["lang"]), None)
            word = f"{source['code']}: {source['evidence']}" if source["code"] else ""
            word = word or (f"reads as {odd}, declared {source['lang']}" if odd else "")
            rows.append(
                (city, source["lang"], source["cms"], source["list"], source["links"], works, word)
            )
    header = ("city", "lang", "cms", "list", "links", "articles", "remark")
    show_table(header, rows)


def _probe(task: str, subjects: Sequence[str], options: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Return what a probe found. Raises `CatalogueError` when it ended without a result."""
    command = [sys.executable, "-m", "crawler.crawl.probe", task, *options, "--", *subjects]
    try:
        ended = subprocess.run(
            command, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise CatalogueError(f"{subjects[0]}: no result in {_SECONDS} seconds") from error
    try:
        found: list[dict[str, Any]] = json.loads(ended.stdout)
    except json.JSONDecodeError:
        found = []
    if ended.returncode or not found:
        last = (ended.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise CatalogueError(f"{subjects[0]}: looking at it failed: {last}")
    return found


def _one_each(found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the first source of each language: its article becomes the fixture."""
    return list({source["lang"]: source for source in reversed(found)}.values())[::-1]


def _yaml(args: argparse.Namespace, key: str, found: Sequence[dict[str, Any]]) -> str:
    listed = [urlsplit(source["list"]).netloc for source in found]
    hosts = list(dict.fromkeys([*listed, *args.host]))
    name = args.zh or next((s["name"] for s in found if s["name"]), None)
    langs = list(dict.fromkeys(source["lang"] for source in found))
    guessed = [what for what, given in (("zh", args.zh), ("en", args.en)) if not given]
    lines = [
        f"name: {{zh: {_quoted(name or key)}, en: {_quoted(args.en or key.capitalize())}}}",
        *([f'division: "{args.division}"'] if args.division else []),
        f"hosts: [{', '.join(hosts)}]",
        "status: unverified",
        "rights: {text: metadata+excerpt, terms: null, checked: null}",
        "sources:",
        *(_source_line(source, found) for source in found),
        "pairing: {max_days: 60}",
        f"assertions: {{min_articles: {{{', '.join(f'{lang}: 1' for lang in langs)}}}, "
        "max_rejects: 0.2, quiet_days: 14}",
        "",
        "# Maintainer's notes",
        "#",
        "# Written by `shizheng cities add` from the lists above; nobody has looked it through.",
    ]
    if guessed:
        lines.append(f"# The name ({', '.join(guessed)}) was guessed from the site.")
    if not args.division:
        lines.append('# Add the division, a GB/T 2260 code: division: "210200"')
    if len(langs) == 1:
        lines.append(f"# Only the {langs[0]} edition was named: add a list of the other.")
    return "\n".join(lines) + "\n"


def _source_line(source: Mapping[str, Any], found: Sequence[Mapping[str, Any]]) -> str:
    pattern = _pattern(source, found)
    more = f", articles: '{pattern}'" if pattern else ""
    more += f", render: {source['render']}" if source["render"] else ""
    url = source["list"].replace('"', "%22")
    return f'  - {{lang: {source["lang"]}, cms: {source["cms"]}, list: "{url}"{more}}}'


def _pattern(source: Mapping[str, Any], found: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the pattern by which a source's articles are told, where the family is not enough.

    Where both languages share a host, each is told by its column or its folder.
    """
    pattern: str = str(source["pattern"]).replace("'", "''")
    if source["cms"] in ("generic", "feeds"):
        return pattern
    host = urlsplit(source["list"]).netloc
    rivals = [
        other
        for other in found
        if other["lang"] != source["lang"] and urlsplit(other["list"]).netloc == host
    ]
    if not rivals or any(other["column"] == source["column"] for other in rivals):
        return pattern if rivals else None
    column: str | None = source["column"]
    return column


def _quoted(name: str) -> str:
    return json.dumps(name, ensure_ascii=False) if re.search(r"[^\w ]", name) else name


def _write_city(path: Path, text: str) -> None:
    """Write a city's file, but only if it can be read as one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    try:
        load_city(partial, path.stem)
    except CityError:
        partial.unlink()
        raise
    partial.replace(path)


def _record(case: Path, source: Mapping[str, Any]) -> None:
    """Write an article's page, and a draft of what it holds, for a person to check."""
    article = source["article"]
    fields = article["fields"]
    headers = {k: v for k, v in article["headers"].items() if k in ("content-type", "date")}
    draft = {"draft": _DRAFT, "url": article["url"], "cms": source["cms"], "lang": source["lang"]}
    draft |= {"headers": headers} | fields | {"text": fields["text"].split("\n")}
    case.mkdir(parents=True)
    (case / "page.html").write_bytes(bytes.fromhex(article["body"]))
    text = json.dumps(draft, ensure_ascii=False, indent=2) + "\n"
    (case / "expected.json").write_text(text, encoding="utf-8")


def _own_fixtures() -> Path:
    """Return the fixtures' folder of the checkout that this program runs from."""
    folder = CITIES_DIR.parents[1] / "tests" / "cms"
    if not folder.is_dir():
        raise CatalogueError("not in a checkout of shizheng: name a folder with --fixtures DIR")
    return folder
