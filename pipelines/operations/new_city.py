"""Draft of a new city's file and fixtures from its pages."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from crawler.city import City
from crawler.city_file import CITIES_DIR, CityError, load_city, own_folder
from crawler.cms import columns, detection
from crawler.errors import ExitCode, ShizhengError
from pipelines.errors import UsageError
from pipelines.operations.probing import Source, find_lists, pattern_for, probe
from pipelines.tables.vocabulary import OWN_CITIES

_DRAFT = (
    "Taken down by a program. Look at the page, put right every field that is not as the page "
    "shows it, replace the sentences by your own in both files, and take out this line."
)
REASONS = {
    "list_empty": "no list of articles was found",
    "links_off_host": "its articles are on other hosts: name those of the city with --host",
    "robots": "robots.txt forbids it",
    "blocked_challenge": "the site answers with a challenge, and nothing works around that",
    "blocked_waf": "a firewall refuses it, and nothing works around that",
    "geo_blocked": "the site refuses visitors from here, and nothing works around that",
}


class UnreadListsError(ShizhengError):
    """Lists that the probe could not read, as sentences, a line each."""

    exit_code = ExitCode.UNUSABLE


@dataclass(frozen=True, slots=True)
class Order:
    """City to be added: pages, and facts from the user.

    `urls` are its home page or list pages. None leaves a fact to the site. `folder` is that of the
    city files, `fixtures` that of the recorded articles, `known` the city files whose hosts are
    taken.
    """

    urls: Sequence[str]
    folder: Path
    fixtures: Path
    known: Mapping[str, City]
    key: str | None = None
    zh: str | None = None
    en: str | None = None
    division: str | None = None
    hosts: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Added:
    """City that was added: file, sources, fixtures, proposed lists."""

    key: str
    path: Path
    sources: Sequence[Source]
    cases: Sequence[Path]
    proposals: Sequence[Source] = ()


def places(output: Path, cities_dir: Path | None) -> tuple[Path, Path]:
    """Return the folders of a new city's file and its fixtures.

    In a checkout they are those of the repository. Elsewhere they are the user's own, beside the
    corpus, never those of the installed package.
    """
    tests = CITIES_DIR.parents[1] / "tests" / "cms"
    if tests.is_dir():
        return cities_dir or own_folder() or CITIES_DIR, tests
    folder = cities_dir or own_folder() or output / OWN_CITIES
    return folder, folder / "recorded"


def add(order: Order) -> Added:
    """Write a city's file and fixtures from pages of its site.

    The lists of a home page are looked for. Raises `UsageError` before anything is fetched or
    written, `UnreadListsError`.
    """
    key = _key(order)
    path = order.folder / f"{key}.yaml"
    if path.exists():
        raise UsageError(f"{path} is there already; edit it, or choose another name with --key")
    _check_hosts(order)
    found, proposals = _sources(order)
    _check_read(found)
    recorded = _first_by_lang(found)
    cases = [order.fixtures / key / f"{source['cms']}-{source['lang']}" for source in recorded]
    there = next((case for case in cases if case.exists()), None)
    if there is not None:
        raise UsageError(f"{there} is there already; choose another folder with --fixtures")
    _write_city(path, _yaml(order, key, found))
    for source, case in zip(recorded, cases, strict=True):
        _record(case, source)
    return Added(key, path, found, cases, proposals)


def _sources(order: Order) -> tuple[list[Source], list[Source]]:
    """Return the lists to be written, and those proposed from home pages."""
    options = [f"--host={host}" for host in order.hosts]
    homes = [url for url in order.urls if columns.is_home(url)]
    proposals = find_lists(homes, options) if homes else []
    chosen = [proposal for proposal in proposals if proposal["chosen"]]
    # A home page without a list to find may be one.
    rest = [url for url in order.urls if url not in homes or not chosen]
    named = probe("detect", rest, options) if rest else []
    return [*chosen, *named], proposals


def _key(order: Order) -> str:
    for url in order.urls:
        if not _is_page(url):
            raise UsageError(f"{url}: expected the address of a home or list page, http://…")
    key = order.key or detection.key_of(order.urls[0])
    if not re.fullmatch(r"[a-z][a-z0-9_-]*", key):
        raise UsageError(f"{key!r} is no name for a city's file; give one like dalian: --key")
    return key


def _is_page(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _check_hosts(order: Order) -> None:
    hosts = {urlsplit(url).netloc for url in order.urls}
    owner = next((city for city in order.known.values() if hosts & set(city.hosts)), None)
    if owner is not None:
        shared = ", ".join(sorted(hosts & set(owner.hosts)))
        raise UsageError(f"{shared} belongs to {owner.key}; add the lists to {owner.file}")


def _check_read(found: Sequence[Source]) -> None:
    sentences = [
        f"{source['list']}: {REASONS.get(source['code'], 'it cannot be read')} "
        f"({source['code']}): {source['evidence']}"
        for source in found
        if source["code"]
    ]
    if sentences:
        raise UnreadListsError("\n".join([*sentences, "nothing was written"]))


def _first_by_lang(found: Sequence[Source]) -> list[Source]:
    """Return the first source of each language: its article becomes the fixture."""
    return list({source["lang"]: source for source in reversed(found)}.values())[::-1]


def _yaml(order: Order, key: str, found: Sequence[Source]) -> str:
    listed = [urlsplit(source["list"]).netloc for source in found]
    linked = [host for source in found for host in source["hosts"]]
    hosts = list(dict.fromkeys([*listed, *order.hosts, *linked]))
    name = order.zh or next((s["name"] for s in found if s["name"]), None)
    langs = list(dict.fromkeys(source["lang"] for source in found))
    lines = [
        f"name: {{zh: {_quoted(name or key)}, en: {_quoted(order.en or key.capitalize())}}}",
        *([f'division: "{order.division}"'] if order.division else []),
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
    return "\n".join([*lines, *_open_points(order, langs)]) + "\n"


def _open_points(order: Order, langs: Sequence[str]) -> Iterator[str]:
    """Yield comments on the parts that a person has to complete."""
    guessed = [lang for lang, given in (("zh", order.zh), ("en", order.en)) if not given]
    if guessed:
        yield f"# The name ({', '.join(guessed)}) was guessed from the site."
    if not order.division:
        yield '# Add the division, a GB/T 2260 code: division: "210200"'
    if len(langs) == 1:
        yield f"# Only a list in {langs[0]} was named or found: add one of the other language."


def _source_line(source: Source, found: Sequence[Source]) -> str:
    pattern = pattern_for(source, found)
    options = f", articles: '{pattern}'" if pattern else ""
    options += f", render: {source['render']}" if source["render"] else ""
    url = source["list"].replace('"', "%22")
    list_of = f'lang: {source["lang"]}, cms: {source["cms"]}, list: "{url}"{options}'
    return f"  - {{{list_of},\n     seen: {{when: {date.today()}, where: the site}}}}"


def _quoted(name: str) -> str:
    return json.dumps(name, ensure_ascii=False) if re.search(r"[^\w ]", name) else name


def _write_city(path: Path, text: str) -> None:
    """Write a city's file if it can be read as one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    try:
        load_city(partial, path.stem)
    except CityError:
        partial.unlink()
        raise
    partial.replace(path)


def _record(case: Path, source: Source) -> None:
    """Write an article's page and a draft of its fields."""
    article = source["article"]
    fields = article["fields"]
    headers = {k: v for k, v in article["headers"].items() if k in ("content-type", "date")}
    draft = {"draft": _DRAFT, "url": article["url"], "cms": source["cms"], "lang": source["lang"]}
    draft |= {"headers": headers} | fields | {"text": fields["text"].split("\n")}
    case.mkdir(parents=True)
    (case / "page.html").write_bytes(bytes.fromhex(article["body"]))
    text = json.dumps(draft, ensure_ascii=False, indent=2) + "\n"
    (case / "expected.json").write_text(text, encoding="utf-8")
