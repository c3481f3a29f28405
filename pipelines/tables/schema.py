"""Every table shizheng writes, column by column: the one place where a column is defined.

The data dictionary in `output/README.md` is generated from these schemas, so a column is documented
where it is declared or not at all. A schema carries its table's name and version in its metadata;
every file that holds the table repeats them. All columns are nullable from day one, so that a later
version can leave one empty instead of breaking readers.
"""

from pathlib import Path

import pyarrow as pa

from crawler.errors import ExitCode, ShizhengError

SCHEMA_VERSION = "1"
"""Raised when a reader of the old layout would notice. A column more does not raise it: in files
written before, it reads as null."""

NEWS_TIME = pa.timestamp("ms", tz="Asia/Shanghai")
RUN_TIME = pa.timestamp("ms", tz="UTC")
STRINGS = pa.list_(pa.string())


class VersionError(ShizhengError):
    """A file of another schema version. The message says which, and what to do."""

    exit_code = ExitCode.INTERNAL


def version_of(found: pa.Schema) -> int:
    """Return the schema version a file was written with; 0 for a file without one."""
    stated = (found.metadata or {}).get(b"schema_version", b"0")
    return int(stated) if stated.isdigit() else 0


def check_version(path: Path, found: pa.Schema) -> None:
    """Raise `VersionError` unless a file with this schema can be read as it is."""
    theirs, ours = version_of(found), int(SCHEMA_VERSION)
    if theirs > ours:
        raise VersionError(
            f"{path}: schema version {theirs}, written by a newer shizheng; this one reads up to "
            f"{ours}: install the newer one"
        )
    if theirs < ours:
        raise VersionError(
            f"{path}: schema version {theirs or 'missing'}, this shizheng reads {ours}; it did not "
            "write this file: restore it from a back-up, or move it away and run again"
        )


def column(name: str, kind: pa.DataType, doc: str) -> pa.Field:
    """Return one documented column."""
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
    column("article_id", pa.string(), "Stable id, from the canonical URL; imports keep their own"),
    column("city", pa.string(), "City key: the name of its file in crawler/cities"),
    column("site", pa.string(), "Host the article was read from"),
    column("url", pa.string(), "URL the article was read from"),
    column("lang", pa.string(), "zh or en"),
    column("script", pa.string(), "Hans, Hant or Latn"),
    column("title", pa.string(), "Headline as shown, kicker and subtitle included"),
    column("text", pa.string(), "Body: paragraphs joined by one newline"),
    column("published_at", NEWS_TIME, "When the site says it was published; null if undated"),
    column("published_precision", pa.string(), "minute, day, month or year"),
    column("source", pa.string(), "Who the site names as the source"),
    column("author", pa.string(), "Author or editor named by the site"),
    column("column", pa.string(), "Column (section) of the site"),
    column("keywords", STRINGS, "Keywords given by the site"),
    column("images", STRINGS, "Absolute URLs of images in the body"),
    column("captions", STRINGS, "What was said of the images; not part of text"),
    column("attachments", STRINGS, "Absolute URLs of documents attached"),
    column("first_seen", RUN_TIME, "When this article was first stored"),
    column("last_seen", RUN_TIME, "When this revision was stored"),
    column("revision", pa.int32(), "1 for the first text stored, one more for each correction"),
    column("content_sha256", pa.string(), "SHA-256 of title, blank line, text"),
    column(
        "extractor", pa.string(), "What read the body: a family's rule, or the general extractor"
    ),
    column(
        "extract_agreement", pa.float32(), "Agreement of independent extractors, 0-1; null: one"
    ),
    column("lang_evidence", pa.string(), "What the judgement of language rests on"),
    column(
        "duplicate_of", pa.string(), "article_id of the cluster's first article; null if it is it"
    ),
    column(
        "duplicate_city",
        pa.string(),
        "City of that article, if it is another one: a repost, which still stands for itself when "
        "its own city is paired; null: the same city",
    ),
    column("flags", STRINGS, "Remarks to filter by, such as lang_mismatch or short"),
    column("mate_id", pa.string(), "The other language of a page that holds both, or null"),
    column(
        "mate_groups",
        pa.list_(pa.int32()),
        "For each paragraph of text, the number of the paragraphs it shares with those of mate_id",
    ),
    column("rights", pa.string(), "What the source's terms allow a release to hold"),
    column("run_id", pa.string(), "Run that stored this revision"),
)

REVISIONS = table(
    "revisions",
    "What articles held before a correction: same columns. revisions/<city>.parquet.",
    *ARTICLES,
)

REJECTS = table(
    "rejects",
    "Pages that were fetched and gave no article. rejects/<city>.parquet.",
    column("url", pa.string(), "URL of the page"),
    column("city", pa.string(), "City key"),
    column("reason", pa.string(), "Reason code to count by"),
    column("detail", pa.string(), "The reason as a sentence"),
    column("seen_at", RUN_TIME, "When it was rejected"),
    column("run_id", pa.string(), "Run that rejected it"),
)

EVIDENCE = pa.struct(
    [
        column("similarity", pa.float32(), "Mean cosine of aligned sentences, 0-1"),
        column("order", pa.float32(), "Share of the shorter text covered in order by beads, 0-1"),
        column("numbers", pa.float32(), "Agreement of figures after unit normalisation, -1 to 1"),
        column("dates", pa.float32(), "Agreement of dates in the text, -1 to 1"),
        column("ordinals", pa.float32(), "Agreement of session numbers and the like, -1 to 1"),
        column("names", pa.float32(), "Agreement of personal and place names, -1 to 1"),
        column("length_ratio", pa.float32(), "English words per Chinese character, over the usual"),
        column("days_apart", pa.int32(), "English publication minus Chinese, days"),
        column("link", pa.bool_(), "One page links to the other, or their URLs swap a language"),
    ]
)

PAIRS = table(
    "pairs",
    "Every assigned document pair, with its probability: 0.5 is the default decision. "
    "pairs/<city>.parquet.",
    column("pair_id", pa.string(), "Stable id, from both article ids"),
    column("city", pa.string(), "City key"),
    column("zh_id", pa.string(), "article_id of the Chinese article"),
    column("en_id", pa.string(), "article_id of the English article"),
    column("zh_url", pa.string(), "URL of the Chinese article"),
    column("en_url", pa.string(), "URL of the English article"),
    column("zh_title", pa.string(), "Title of the Chinese article"),
    column("en_title", pa.string(), "Title of the English article"),
    column("probability", pa.float32(), "Calibrated probability that the two tell the same thing"),
    column(
        "relation", pa.string(), "translation, abridged, part_of (English of Chinese), same_event"
    ),
    column("score", pa.float32(), "The uncalibrated score behind the probability (log odds)"),
    column("margin", pa.float32(), "Score above the best other candidate of either article"),
    column(
        "evidence", EVIDENCE, "Why: what was compared; null where a side has nothing to compare"
    ),
    column("method", pa.string(), "Encoder and model versions that made the pair"),
    column("aligned_at", RUN_TIME, "When the pair was first made as it stands"),
)

CANDIDATES = table(
    "candidates",
    "The runners-up: scored pairs that were not assigned. candidates/<city>.parquet.",
    *(field for field in PAIRS if field.name not in ("relation", "margin", "aligned_at")),
)

SENTENCES = table(
    "sentences",
    "Aligned sentences, in order, nulls included. sentences/<city>.parquet.",
    column("pair_id", pa.string(), "The document pair they belong to"),
    column("position", pa.int32(), "Order of the bead within the pair, from 0"),
    column(
        "kind", pa.string(), "Chinese and English sentences in the bead: 1-1, 1-2, ..., 1-0, 0-1"
    ),
    column("zh", pa.string(), "Chinese side; empty for 0-1"),
    column("en", pa.string(), "English side; empty for 1-0"),
    column(
        "zh_start",
        pa.int32(),
        "Offset of the side in the article's text, in characters; null if empty",
    ),
    column("zh_end", pa.int32(), "End offset, exclusive"),
    column(
        "en_start",
        pa.int32(),
        "Offset of the side in the article's text, in characters; null if empty",
    ),
    column("en_end", pa.int32(), "End offset, exclusive"),
    column("probability", pa.float32(), "Probability that the bead is right"),
    column(
        "flags",
        STRINGS,
        "Remarks to filter by: number_mismatch, length_outlier, fragment, boilerplate",
    ),
)

VECTORS = table(
    "vectors",
    "Sentence vectors by digest: a cache, safe to delete. vectors/<city>/<encoder>.parquet.",
    column("digest", pa.binary(16), "First 16 bytes of the sentence's SHA-256"),
    column("vector", pa.list_(pa.float16()), "Unit vector"),
)

SKETCHES = table(
    "sketches",
    "MinHash signatures of articles, by which reposts across cities are found: a cache, safe to "
    "delete. sketches/<city>.parquet.",
    column("content_sha256", pa.string(), "content_sha256 of the article"),
    column("lang", pa.string(), "Language as which it was cut into shingles"),
    column("size", pa.int32(), "Characters (zh) or words (en) of the text"),
    column("signature", pa.binary(256), "64 values of 32 bits, little-endian"),
    column("method", pa.string(), "How the signature was made; others are made anew"),
)

KEPT = table(
    "kept",
    "Alignments of texts by digest: a cache, safe to delete. "
    "vectors/<city>/<encoder>.beads.parquet.",
    column("key", pa.binary(16), "First 16 bytes of a SHA-256 of both texts, encoder and program"),
    column("beads", pa.binary(), "Per bead: zh and en sentences (int32), probability (float64)"),
)

FINDINGS = table(
    "findings",
    "What pairing found out about articles and candidates, by digest: caches, safe to delete. "
    "vectors/<city>/<encoder>.articles.parquet, vectors/<city>/<encoder>.candidates.parquet.",
    column("key", pa.binary(16), "First 16 bytes of a SHA-256 of all that it depends on"),
    column("found", pa.binary(), "What was found, as the program that made it packs it"),
)

REVIEWS = table(
    "reviews",
    "What people judged, a row for each verdict as it was given: the newest of one reviewer on one "
    "item counts, an empty verdict takes it back. reviews/*.parquet.",
    column("verdict_id", pa.string(), "Unique id of this verdict"),
    column("level", pa.string(), "What was judged: pair, bead, or unmatched (an English article)"),
    column("city", pa.string(), "City key"),
    column("pair_id", pa.string(), "The pair judged, or that the bead belongs to"),
    column("position", pa.int32(), "Position of the bead in its pair; null for other levels"),
    column("zh_id", pa.string(), "Chinese article; for unmatched the mate found, null if none"),
    column("en_id", pa.string(), "English article"),
    column(
        "verdict",
        pa.string(),
        "pair: translation, abridged, part_of, same_event, different, cannot_tell; "
        "bead: correct, partly, wrong, wrong_language, not_language, boilerplate; "
        "unmatched: missed, none, cannot_tell; null: taken back",
    ),
    column("note", pa.string(), "What the reviewer wrote"),
    column("reviewer", pa.string(), "Name the reviewer gave"),
    column("judged_at", RUN_TIME, "When the verdict was given"),
    column("plan", pa.string(), "Sampling plan the item was drawn by, with its seed"),
    column("stratum", pa.string(), "Stratum of the plan the item was drawn from"),
    column("weight", pa.float64(), "Items of the corpus that a drawn item stands for; null: none"),
    column("probability", pa.float32(), "Probability stored with the item when it was judged"),
    column("method", pa.string(), "Method of the pair when it was judged"),
    column(
        "judged_sha256",
        pa.string(),
        "SHA-256 of the texts judged (docs/how-to/reviewing.md): the verdict counts where the "
        "corpus has them; null in verdicts from before this column",
    ),
)

TABLES = (
    ARTICLES, REVISIONS, REJECTS, PAIRS, CANDIDATES, SENTENCES, VECTORS, KEPT, FINDINGS, SKETCHES,
    REVIEWS,
)  # fmt: skip
