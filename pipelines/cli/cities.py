"""`shizheng cities list|check|add`."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from crawler.credentials import without_user
from crawler.errors import ExitCode
from pipelines.cli.options import SHARED, CitiesDir, City, Shared, option
from pipelines.terminal import complain, number_of, progress, say, say_json, show_table

if TYPE_CHECKING:
    from crawler import city as records
    from pipelines.operations.cities import Checked
    from pipelines.operations.moved_lists import Patch
    from pipelines.operations.probing import Source


def list_cities(*, cities_dir: CitiesDir = None, shared: Shared = SHARED) -> ExitCode:
    """List the cities and their sources."""
    from crawler.city_file import load_cities

    cities = load_cities(cities_dir)
    if shared.json:
        say_json([_as_json(city) for city in cities.values()])
        return ExitCode.DONE
    rows = [
        (
            c.key,
            c.name_zh,
            c.name_en,
            c.status if c.tls.verify else f"{c.status}, TLS not verified",
            " ".join(f"{s.lang}:{s.cms}" for s in c.sources),
        )
        for c in cities.values()
    ]
    show_table(("city", "中文", "English", "status", "sources"), rows)
    return ExitCode.DONE


def check(
    *cities: City,
    live: Annotated[
        bool, option("also read a list page and two articles of each source, politely")
    ] = False,
    fix: Annotated[
        bool, option("like --live, and write the proposed changes to the city files")
    ] = False,
    cities_dir: CitiesDir = None,
    shared: Shared = SHARED,
) -> ExitCode:
    """Check the city files; with --live, the sites, too.

    For a list that is dead or silent, the site is searched for the list in its place.
    """
    from pipelines.operations import cities as checking
    from pipelines.operations import new_city

    own = new_city.places(shared.output, cities_dir)[0] if fix else None
    with progress() as tracker:
        found = checking.check(cities_dir, cities, tracker, live=live, fix=own)
    valid = [city.key for city in found.valid]
    if shared.json:
        looked: dict[str, Any] = {"cities": found.sources} if live or fix else {}
        if looked:
            looked |= {"patches": [_plain(each) for each in found.patches], "fixed": fix}
        say_json({"valid": valid, "errors": found.errors} | looked)
        return found.exit_code
    if live or fix:
        _show(found)
    else:
        say(f"valid city files: {len(valid)}")
    for city in found.valid:
        if not city.tls.verify:
            say(f"{city.key}: TLS certificates are not verified ({city.tls.reason})")
    for error in found.errors:
        complain(error)
    return found.exit_code


def _division(value: str) -> str:
    from crawler.city_file import DIVISION

    if not DIVISION.fullmatch(value):
        raise ValueError(f"expected six digits, like 210200, not {value!r}")
    return value


def add(
    *urls: Annotated[
        str,
        option("home page, or list pages of one or both languages", name="URL", required=True),
    ],
    key: Annotated[str | None, option("name of the file (default: from the host)", "KEY")] = None,
    zh: Annotated[str | None, option("Chinese name (default: the site's own)", "NAME")] = None,
    en: Annotated[str | None, option("English name (default: from the key)", "NAME")] = None,
    division: Annotated[
        str | None, option("GB/T 2260 code, six digits", "CODE", read=_division)
    ] = None,
    host: Annotated[
        tuple[str, ...],
        option("another host of the city that has articles; may be repeated", "HOST"),
    ] = (),
    fixtures: Annotated[
        Path | None,
        option(
            "where one article of each language is recorded (default: tests/cms in a "
            "checkout, else beside the city file)",
            "DIR",
        ),
    ] = None,
    cities_dir: CitiesDir = None,
    shared: Shared = SHARED,
) -> ExitCode:
    """Draft a city's file and fixtures from its pages.

    From a home page the news lists of both languages are looked for, and ranked with reasons.
    """
    from crawler.city_file import load_cities
    from pipelines.operations import new_city

    folder, recorded = new_city.places(shared.output, cities_dir)
    known = {} if cities_dir and not any(folder.glob("*.yaml")) else load_cities(cities_dir)
    plain = tuple(map(without_user, urls))
    order = new_city.Order(plain, folder, fixtures or recorded, known, key, zh, en, division, host)
    try:
        added = new_city.add(order)
    except new_city.UnreadListsError as error:
        for line in str(error).splitlines():
            complain(line)
        return error.exit_code
    sources = added.sources
    if shared.json:
        names = ("lang", "cms", "list", "links", "render")
        say_json(
            {
                "city": added.key,
                "file": str(added.path),
                "sources": [{name: source[name] for name in names} for source in sources],
                "fixtures": [str(case) for case in added.cases],
                "proposals": [
                    {name: each.get(name) for name in (*names[:4], "score", "reasons", "chosen")}
                    for each in added.proposals
                ],
            }
        )
        return ExitCode.DONE
    if added.proposals:
        columns = ("chosen", "lang", "list", "score", "reasons")
        show_table(columns, [_proposal(each) for each in added.proposals])
    say(f"{added.path}: {number_of(len(sources), 'source')}, to be looked through by a person")
    header = ("lang", "cms", "links", "list")
    show_table(header, [tuple(source[name] for name in header) for source in sources])
    for case in added.cases:
        say(f"{case}: a draft; compare it with the page")
    return ExitCode.DONE


def _proposal(found: "Source") -> tuple[object, ...]:
    reasons = "; ".join(found["reasons"])
    return (
        "yes" if found["chosen"] else "",
        *(found[k] for k in ("lang", "list", "score")),
        reasons,
    )


def _as_json(city: "records.City") -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(asdict(replace(city, file="")), default=str))
    return plain


def _plain(patch: "Patch") -> dict[str, Any]:
    moved = [
        {"list": m.old, "why": m.why, "new": m.new["list"], "reasons": m.new["reasons"]}
        for m in patch.moved
    ]
    return {"file": str(patch.path), "diff": patch.diff, "moved": moved}


def _show(found: "Checked") -> None:
    rows = []
    for city, sources in found.sources.items():
        for source in sources:
            read = [article for article in source["articles"] if not article["code"]]
            fields = ", ".join(read[0]["fields"]) if read else ""
            works = f"{len(read)} of {len(source['articles'])} read: {fields}" if read else "-"
            odd = next((a["lang"] for a in read if a["lang"] != source["lang"]), None)
            word = f"{source['code']}: {source['evidence']}" if source["code"] else ""
            word = word or (f"reads as {odd}, declared {source['lang']}" if odd else "")
            word = word or found.lost.get(source["list"], "")
            rows.append(
                (city, source["lang"], source["cms"], source["list"], source["links"], works, word)
            )
    header = ("city", "lang", "cms", "list", "links", "articles", "remark")
    show_table(header, rows)
    for patch in found.patches:
        for moved in patch.moved:
            say(f"{moved.city}: {moved.old} ({moved.why})")
            say(f"  found {moved.new['list']}: {'; '.join(moved.new['reasons'])}")
        say(patch.diff)
        say(f"{patch.path}: written" if found.fixed else "to write it: --fix")
