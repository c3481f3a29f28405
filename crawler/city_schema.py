"""JSON schema of a city file, for editors.

It describes the file that `crawler.city_file` reads, as far as a schema can: that a list's host is
among the hosts, say, only the reader knows.
"""

from typing import Any

from crawler.city import DRIFTS, RENDERERS, RIGHTS, STATUSES
from crawler.cms import FAMILIES
from crawler.item import LANGS

_HOST = r"^[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]{1,5})?$"


def city_schema() -> dict[str, Any]:
    """Return the schema (JSON Schema 2020-12)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A city of shizheng",
        **_object(
            "One city: a file crawler/cities/<city>.yaml.",
            {
                "name": _object(
                    "Names of the city.",
                    {"zh": _text("In Chinese: 大连市."), "en": _text("In English: Dalian.")},
                    ("zh", "en"),
                ),
                "division": _text("Code in GB/T 2260, in quotes.") | {"pattern": "^[0-9]{6}$"},
                "hosts": _list(
                    "The only hosts that are asked.",
                    _text("en.dl.gov.cn, without scheme or path.") | {"pattern": _HOST},
                ),
                "status": _choice("Whether it is crawled: the first two are.", STATUSES),
                "since": _day("Day since when the status holds; required from paused on."),
                "reason": _text("Reason of the status; required from paused on."),
                "rights": _rights("What a release may contain of its articles."),
                "tls": _object(
                    "A waiver of the verification of certificates.",
                    {
                        "verify": {"type": "boolean", "description": "False: not verified."},
                        "reason": _text("Why the certificate is no use; required with false."),
                    },
                    ("verify",),
                ),
                "sources": _list("The lists of its news.", _source()),
                "pairing": _object(
                    "How its articles are paired.",
                    {"max_days": _number("integer", "Days between an article and its mate.", 0)},
                ),
                "assertions": _assertions(),
            },
            ("name", "hosts", "sources"),
        ),
    }


def _source() -> dict[str, Any]:
    return _object(
        "A list of one edition.",
        {
            "lang": _choice("Language of its articles.", LANGS),
            "cms": _choice("Publishing system of the site (families).", sorted(FAMILIES)),
            "list": _text("Address of the list's first page.") | {"pattern": "^https?://"},
            "post": _text("Body by which the list is asked for, of its first page."),
            "articles": _text("Regular expression in the addresses of its articles."),
            "rights": _rights("Rights of these articles; needs `articles`."),
            "render": _choice("The list is drawn by a script.", RENDERERS),
            "since": _day("First day of this system on the site."),
            "until": _day("Its last day; such a list is no longer crawled."),
            "seen": _object(
                "Last sign that the list works.",
                {
                    "when": {
                        "type": ["string", "integer"],
                        "description": "A day, month or year, or `unknown`.",
                    },
                    "where": _text("The witness: the site, an archive, public code."),
                },
                ("when", "where"),
            ),
        },
        ("lang", "cms", "list"),
    )


def _assertions() -> dict[str, Any]:
    per_lang = {lang: _number("integer", f"Articles in `{lang}`.", 0) for lang in LANGS}
    drifts = {name: _number("number", f"Distance of `{name}`.", 0) for name in DRIFTS}
    return _object(
        "Conditions of a healthy crawl.",
        {
            "min_articles": _object("Fewest articles stored, per language.", per_lang),
            "max_rejects": _number("number", "Greatest share of rejected pages.", 0, 1),
            "quiet_days": _number("integer", "Days without news before a warning.", 0),
            "min_precision": _number("number", "Share of pairs that people judge right.", 0, 1),
            "max_drift": _object("Greatest distance from usual.", drifts),
        },
    )


def _rights(description: str) -> dict[str, Any]:
    return _object(
        description,
        {
            "text": _choice("From least to most.", RIGHTS),
            "terms": {"type": ["string", "null"], "description": "Ground: the site's terms."},
            "checked": _day("Day when a person read the terms.") | {"type": ["string", "null"]},
        },
        ("text",),
    )


def _object(
    description: str, properties: dict[str, Any], required: tuple[str, ...] = ()
) -> dict[str, Any]:
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _list(description: str, items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "description": description, "items": items, "minItems": 1}


def _text(description: str) -> dict[str, Any]:
    return {"type": "string", "description": description}


def _day(description: str) -> dict[str, Any]:
    return _text(description) | {"format": "date"}


def _choice(description: str, values: tuple[str, ...] | list[str]) -> dict[str, Any]:
    return _text(description) | {"enum": list(values)}


def _number(kind: str, description: str, least: float, most: float | None = None) -> dict[str, Any]:
    bound = {} if most is None else {"maximum": most}
    return {"type": kind, "description": description, "minimum": least, **bound}
