"""The records that leave the crawler: an `Article`, or a `Reject` that says why there is none."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

NEWS_TIME = ZoneInfo("Asia/Shanghai")
"""News is dated in the time of the cities; runs are timed in UTC."""

Precision = Literal["minute", "day", "month", "year"]

# Query parameters that only say where the reader came from. Every other parameter is kept: on
# some systems the article's whole identity is in the query (english.gov.taipei).
_TRACKING = re.compile(
    r"^(utm_\w+|spm|from|fromsource|share\w*|isappinstalled|wx\w*|_t|timestamp)$"
)


@dataclass(frozen=True, slots=True)
class Article:
    """One news article of one city in one language, as extraction found it.

    `text` holds paragraphs joined by one newline. `published_at` is aware, in Asia/Shanghai, cut
    to `published_precision`; both are None for an undated page. `lang` and `script` are empty until
    the language step has judged the text; what the source declares is in `lang_declared`.
    `parts` names the URLs of pages 2..n of a multi-page article, in order, until `extract.join`
    has used them up.
    """

    article_id: str
    city: str
    site: str
    url: str
    title: str
    text: str
    lang: str = ""
    script: str = ""
    lang_declared: str | None = None
    published_at: datetime | None = None
    published_precision: Precision | None = None
    source: str | None = None
    author: str | None = None
    column: str | None = None
    keywords: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    captions: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()
    extractor: str = ""
    extract_agreement: float | None = None
    lang_evidence: str | None = None
    flags: tuple[str, ...] = ()
    rights: str | None = None
    parts: tuple[str, ...] = ()
    mate_id: str | None = None
    mate_groups: tuple[int, ...] = ()

    @property
    def content_sha256(self) -> str:
        """Digest of title and text: what makes a revision a revision."""
        return hashlib.sha256(f"{self.title}\n\n{self.text}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Reject:
    """Why a fetched page gave no article. `reason` is a code to count by, `detail` a sentence."""

    url: str
    city: str
    reason: str
    detail: str


def canonical_url(url: str) -> str:
    """Return the one spelling of `url` that identifies its page.

    http and https, host case, default ports, fragments, tracking parameters and the print, mobile
    and amp twins of a page fall together; every other part of the query is kept.
    """
    parts = urlsplit(url.strip())
    host = (parts.hostname or "").lower()
    port = f":{parts.port}" if parts.port and parts.port not in (80, 443) else ""
    path = re.sub(r"_print(?=\.\w+$)|(?<=/)(?:amp|mobile)/|/amp/?$", "", parts.path) or "/"
    query = [
        (key, value)
        for key, value in parse_qsl(parts.query, keep_blank_values=True)
        if not _TRACKING.match(key.lower()) and (key.lower(), value) != ("print", "1")
    ]
    host = re.sub(r"^m\.(?=[^.]+\.)", "www.", host)
    return urlunsplit(("http", host + port, path, urlencode(query), ""))


def article_id(url: str, variant: str = "") -> str:
    """Return the stable id of the article at `url`: 16 hex digits of its canonical URL's digest.

    `variant` tells apart two articles of one page (the languages of an interleaved page).
    """
    key = canonical_url(url) + (f"#{variant}" if variant else "")
    return hashlib.sha256(key.encode()).hexdigest()[:16]
