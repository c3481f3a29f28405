"""Parquet tables of shizheng: the one definition of every column.

To add a column, add a line here with its meaning, fill it where the table is written, and run
`make dictionary`: `output/README.md` is generated from these schemas. Every column may be null, so
that a later version can leave one empty and files written before a column existed still read.
Each file repeats its table's name and version in its metadata.
"""

from pathlib import Path

import pyarrow as pa

from crawler.errors import ExitCode, ShizhengError

SCHEMA_VERSION = "1"
"""Raised when a reader of the layout before would break; a new column does not raise it."""

STRING = pa.string()
STRINGS = pa.list_(STRING)
INTEGER = pa.int32()
INTEGERS = pa.list_(INTEGER)
FLOAT = pa.float32()
BOOLEAN = pa.bool_()
NEWS_TIME = pa.timestamp("ms", tz="Asia/Shanghai")
RUN_TIME = pa.timestamp("ms", tz="UTC")


def column(name: str, kind: pa.DataType, doc: str) -> pa.Field:
    """Return a column with its meaning."""
    return pa.field(name, kind, nullable=True, metadata={"doc": doc})


def table(name: str, doc: str, *columns: pa.Field) -> pa.Schema:
    """Return the schema of the table `name`."""
    return pa.schema(
        columns, metadata={"table": name, "doc": doc, "schema_version": SCHEMA_VERSION}
    )


ARTICLES = table(
    "articles",
    "The newest revision of each article. articles/<city>/<YYYY>.parquet by year of publication, "
    "undated.parquet for the rest.",
    column("article_id", STRING, "Stable id, from the canonical URL; imports keep their own"),
    column("city", STRING, "City key: the name of its file in crawler/cities"),
    column("site", STRING, "Host the article was read from"),
    column("url", STRING, "URL the article was read from"),
    column("lang", STRING, "Language: zh or en"),
    column("script", STRING, "Script: Hans, Hant or Latn"),
    column("title", STRING, "Headline as shown, kicker and subtitle included"),
    column("text", STRING, "Body: paragraphs joined by one newline"),
    column("published_at", NEWS_TIME, "Time of publication given by the site; null: undated"),
    column("published_precision", STRING, "Precision of that time: minute, day, month or year"),
    column("source", STRING, "Source named by the site"),
    column("author", STRING, "Author or editor named by the site"),
    column("column", STRING, "Column (section) of the site"),
    column("keywords", STRINGS, "Keywords given by the site"),
    column("images", STRINGS, "Absolute URLs of images in the body"),
    column("captions", STRINGS, "Captions of the images; not part of text"),
    column("attachments", STRINGS, "Absolute URLs of attached documents"),
    column(
        "first_seen",
        RUN_TIME,
        "Time when the article was first stored, or first captured by a web archive",
    ),
    column("last_seen", RUN_TIME, "Time when this revision was stored, or captured"),
    column("revision", INTEGER, "1 for the first text stored, one more for each correction"),
    column("content_sha256", STRING, "SHA-256 of title, blank line, text"),
    column("extractor", STRING, "Rule that read the body: a site family's, or the general one"),
    column("extract_agreement", FLOAT, "Agreement of independent extractors, 0-1; null: only one"),
    column("lang_evidence", STRING, "Evidence for the language"),
    column(
        "duplicate_of",
        STRING,
        "article_id of the first article of its cluster of duplicates; null: it is the first",
    ),
    column(
        "duplicate_city",
        STRING,
        "City of that article if it is another city: a repost, which is still paired in its own "
        "city; null: the same city",
    ),
    column("flags", STRINGS, "Remarks to filter by, such as lang_mismatch or short"),
    column(
        "mate_id",
        STRING,
        "article_id in the other language: of a two-language page, or as linked; null",
    ),
    column(
        "mate_groups",
        INTEGERS,
        "For each paragraph of text, the number of the group it shares with paragraphs of mate_id",
    ),
    column("rights", STRING, "Part of the article that the source's terms let a release contain"),
    column("run_id", STRING, "Run that stored this revision"),
    column(
        "fetched_from",
        STRING,
        "Web archive the page was fetched from: service, crawl or collection, time of the capture; "
        "null: from the site itself, or imported",
    ),
)

REVISIONS = table(
    "revisions",
    "Earlier revisions of corrected articles: the same columns. revisions/<city>.parquet.",
    *ARTICLES,
)

REJECTS = table(
    "rejects",
    "Pages that were fetched and gave no article. rejects/<city>.parquet.",
    column("url", STRING, "URL of the page"),
    column("city", STRING, "City key"),
    column("reason", STRING, "Reason code, to count by"),
    column("detail", STRING, "The reason as a sentence"),
    column("seen_at", RUN_TIME, "Time of the rejection"),
    column("run_id", STRING, "Run that rejected it"),
)

EVIDENCE = pa.struct(
    [
        column("similarity", FLOAT, "Mean cosine of aligned sentences, 0-1"),
        column("order", FLOAT, "Share of the shorter text covered in order by beads, 0-1"),
        column("numbers", FLOAT, "Agreement of figures after unit normalisation, -1 to 1"),
        column("dates", FLOAT, "Agreement of dates in the text, -1 to 1"),
        column("ordinals", FLOAT, "Agreement of session numbers and the like, -1 to 1"),
        column("names", FLOAT, "Agreement of personal and place names, -1 to 1"),
        column("length_ratio", FLOAT, "English words per Chinese character, over the usual ratio"),
        column("days_apart", INTEGER, "English publication minus Chinese, in days"),
        column("link", BOOLEAN, "One page links to the other, or their URLs differ by language"),
    ]
)

PAIRS = table(
    "pairs",
    "Every link of two articles, many to many, with its probability: 0.5 is the default decision. "
    "pairs/<city>.parquet.",
    column("pair_id", STRING, "Stable id, from both article ids"),
    column("city", STRING, "City key"),
    column("zh_id", STRING, "article_id of the Chinese article"),
    column("en_id", STRING, "article_id of the English article"),
    column("zh_url", STRING, "URL of the Chinese article"),
    column("en_url", STRING, "URL of the English article"),
    column("zh_title", STRING, "Title of the Chinese article"),
    column("en_title", STRING, "Title of the English article"),
    column("probability", FLOAT, "Calibrated probability that both report the same thing"),
    column(
        "relation",
        STRING,
        "translation, abridged, part_of (English renders a part of Chinese), digest (Chinese is a "
        "part of English), same_event",
    ),
    column(
        "event_id",
        STRING,
        "Event: articles of both languages that likely pairs connect, one pair or a chain of them; "
        "named by the event's first article id; null: probability below 0.5",
    ),
    column(
        "best",
        BOOLEAN,
        "True for the one link to use of both articles: filter by it for pairs one to one",
    ),
    column("score", FLOAT, "Log odds before calibration"),
    column("margin", FLOAT, "Score minus that of the best rival of either article"),
    column("evidence", EVIDENCE, "Measures compared; null where a side has nothing to compare"),
    column("method", STRING, "Encoder and model versions that made the pair"),
    column("aligned_at", RUN_TIME, "Time when the pair was first made with these values"),
)

_OF_LINKS = ("relation", "event_id", "best", "margin", "aligned_at")
"""Columns that only links have."""

CANDIDATES = table(
    "candidates",
    "The runners-up: scored pairs that are no links. candidates/<city>.parquet.",
    *(field for field in PAIRS if field.name not in _OF_LINKS),
)

SENTENCES = table(
    "sentences",
    "Beads: groups of aligned sentences, in order, one-sided ones included. City and titles are in "
    "`pairs`, by `pair_id`. sentences/<city>.parquet.",
    column("pair_id", STRING, "Document pair of the bead"),
    column("position", INTEGER, "Order of the bead within the pair, from 0"),
    column("kind", STRING, "Chinese and English sentences in the bead: 1-1, 1-2, ..., 1-0, 0-1"),
    column("zh", STRING, "Chinese side; empty for 0-1"),
    column("en", STRING, "English side; empty for 1-0"),
    column("zh_start", INTEGER, "First character of the Chinese side in its article's text"),
    column("zh_end", INTEGER, "End of the Chinese side, exclusive; both null if it is empty"),
    column("en_start", INTEGER, "First character of the English side in its article's text"),
    column("en_end", INTEGER, "End of the English side, exclusive; both null if it is empty"),
    column(
        "probability",
        FLOAT,
        "Probability that exactly this bead is right; of a one-sided one, that its sentence has no "
        "counterpart in the other text",
    ),
    column(
        "flags",
        STRINGS,
        "Remarks to filter by: number_mismatch, length_outlier, fragment, boilerplate",
    ),
    column(
        "similarity",
        FLOAT,
        "Cosine of both sides' mean sentence vectors by the encoder in the pair's method, to "
        "filter as by LaBSE's: a score of the texts alone, where probability is of the place in "
        "both articles; null for a one-sided bead",
    ),
    column(
        "length_ratio",
        FLOAT,
        "English words per Chinese character, over the usual ratio; null for a one-sided bead",
    ),
    column(
        "zh_lang",
        STRING,
        "Language of the Chinese side by its text alone: zh, en, mixed or other; empty: it has no "
        "words; null: no side",
    ),
    column("en_lang", STRING, "Language of the English side, likewise"),
)

VECTORS = table(
    "vectors",
    "Sentence vectors by digest: a cache, safe to delete. vectors/<city>/<encoder>.parquet.",
    column("digest", pa.binary(16), "First 16 bytes of the sentence's SHA-256"),
    column("vector", pa.list_(pa.float16()), "Unit vector"),
)

SKETCHES = table(
    "sketches",
    "MinHash signatures of articles, to find reposts across cities: a cache, safe to delete. "
    "sketches/<city>.parquet.",
    column("content_sha256", STRING, "content_sha256 of the article"),
    column("lang", STRING, "Language by whose rule it was cut into shingles"),
    column("size", INTEGER, "Characters (zh) or words (en) of the text"),
    column("signature", pa.binary(256), "64 values of 32 bits, little-endian"),
    column("method", STRING, "Version of the signature; others are computed anew"),
)

ALIGNMENT_CACHE = table(
    "kept",
    "Alignments of texts by digest: a cache, safe to delete. "
    "vectors/<city>/<encoder>.beads.parquet.",
    column("key", pa.binary(16), "First 16 bytes of a SHA-256 of both texts, encoder and program"),
    column("beads", pa.binary(), "Per bead: zh and en sentences (int32), probability (float64)"),
)

VALUE_CACHE = table(
    "findings",
    "Facts of articles and comparisons of candidates by digest: caches, safe to delete. "
    "vectors/<city>/<encoder>.articles.parquet, vectors/<city>/<encoder>.candidates.parquet.",
    column("key", pa.binary(16), "First 16 bytes of a SHA-256 of everything the value depends on"),
    column("found", pa.binary(), "The value, packed by the program that computed it"),
)

REVIEWS = table(
    "reviews",
    "Verdicts of reviewers, a row for each as it was given: the newest of one reviewer on one item "
    "counts, an empty verdict withdraws it. reviews/*.parquet.",
    column("verdict_id", STRING, "Unique id of this verdict"),
    column("level", STRING, "Kind of item: pair, bead, or unmatched (an English article)"),
    column("city", STRING, "City key"),
    column("pair_id", STRING, "The pair judged, or the bead's pair"),
    column("position", INTEGER, "Position of the bead in its pair; null for other levels"),
    column("zh_id", STRING, "Chinese article; for unmatched the counterpart found, null if none"),
    column("en_id", STRING, "English article"),
    column(
        "verdict",
        STRING,
        "pair: translation, abridged, part_of, digest, same_event, different, cannot_tell; "
        "bead: correct, partly, wrong, wrong_language, not_language, boilerplate; "
        "unmatched: missed, none, cannot_tell; null: withdrawn",
    ),
    column("note", STRING, "Note of the reviewer"),
    column("reviewer", STRING, "Name the reviewer gave"),
    column("judged_at", RUN_TIME, "Time of the verdict"),
    column("plan", STRING, "Sampling plan that drew the item, with its seed"),
    column("stratum", STRING, "Stratum of the plan that the item was drawn from"),
    column("weight", pa.float64(), "Items of the corpus represented by a drawn one; null: none"),
    column("probability", FLOAT, "Probability stored with the item when it was judged"),
    column("method", STRING, "Method of the pair when it was judged"),
    column(
        "judged_sha256",
        STRING,
        "SHA-256 of the texts judged (docs/how-to/reviewing.md): the verdict counts if the corpus "
        "still has them; null in verdicts from before this column",
    ),
    column(
        "relation",
        STRING,
        "unmatched, missed: relation of article and counterpart, one of a pair's; null: not stated",
    ),
    column("discuss", pa.bool_(), "True: the reviewer wants the item discussed"),
    column(
        "seconds",
        FLOAT,
        "Seconds spent on the item for this verdict, pauses cut; null: not measured",
    ),
    column(
        "correction",
        STRING,
        "bead: JSON list of [zh, en], the beads that it and those after it with the same texts "
        "should be; null: none",
    ),
)

TABLES = (
    ARTICLES, REVISIONS, REJECTS, PAIRS, CANDIDATES, SENTENCES, VECTORS, ALIGNMENT_CACHE,
    VALUE_CACHE, SKETCHES, REVIEWS,
)  # fmt: skip


class VersionError(ShizhengError):
    """A file of another schema version, with a remedy."""

    exit_code = ExitCode.INTERNAL


def version_of(found: pa.Schema) -> int:
    """Return a file's schema version, 0 if it has none."""
    stated = (found.metadata or {}).get(b"schema_version", b"0")
    return int(stated) if stated.isdigit() else 0


def check_version(path: Path, found: pa.Schema) -> None:
    """Raise `VersionError` unless a file of this schema is readable."""
    stored, known = version_of(found), int(SCHEMA_VERSION)
    if stored > known:
        raise VersionError(
            f"{path}: schema version {stored}, written by a newer shizheng; this one reads up to "
            f"{known}: install the newer one"
        )
    if stored < known:
        raise VersionError(
            f"{path}: schema version {stored or 'missing'}, this shizheng reads {known}; it did "
            "not write this file: restore it from a back-up, or move it away and run again"
        )
