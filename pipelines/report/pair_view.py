"""Pairs as HTML: escaped, cut to a readable length, facts marked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from crawler.legible import visible
from pipelines.facts.facts import facts
from pipelines.report import fact_marks, words
from pipelines.report.fact_marks import Mark
from pipelines.report.pair_examples import ArticleSide, PairExample, Rival, StoredBead
from pipelines.report.words import Words
from pipelines.tables import columns
from pipelines.tables.vocabulary import DECISION, LANGS
from pipelines.text.safe import _LONGEST_URL, web_link

LONGEST_SIDE = 3_000
"""Most characters shown of one side of a bead. Set by hand."""

LONGEST_TITLE = 300
"""Most characters shown of a title. Set by hand."""

_MOST_READ = 40_000
"""Most characters of one side whose facts are marked, so that a huge text cannot stall the page."""

_MOST_FLAGS, _LONGEST_NAME = 8, 80
"""Most remarks shown of one item, and characters of a source or host. Set by hand."""

_MARKUP = 330
"""Bytes of the markup of one bead, about."""


@dataclass(frozen=True, slots=True)
class SideView:
    """One article's head.

    `href` is None unless the URL is http(s); `lang` is a BCP 47 tag.
    """

    lang: str
    title: Markup
    url: str
    href: str | None
    host: str
    published: str | None
    source: str
    flags: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class BeadView:
    """One bead, marked; an empty side is None.

    `traits` are those of `traits.of_beads`.
    """

    kind: str
    zh: Markup | None
    en: Markup | None
    probability: float | None
    flags: tuple[Words, ...]
    traits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MeasureView:
    """One measure of the evidence, for the pair and for the runner-up."""

    name: str
    label: Words
    signed: bool
    metered: bool
    value: float | None
    figure: str
    words: Words
    rival_value: float | None
    rival_figure: str


@dataclass(frozen=True, slots=True)
class RivalView:
    """The runner-up.

    `shared` names the article in common with the pair, `other` is its other article.
    """

    shared: Words
    other: SideView
    probability: float | None


@dataclass(frozen=True, slots=True)
class PairView:
    """A pair to be shown.

    `hidden` beads did not fit; `one_sided` of all have one side.
    """

    pair_id: str
    city: str
    band: int
    kept: bool
    probability: float | None
    relation: Words
    relation_code: str
    score: float | None
    margin: float | None
    method: str
    zh: SideView
    en: SideView
    beads: tuple[BeadView, ...]
    total: int
    one_sided: int
    hidden: int
    linked: bool
    doubts: tuple[str, ...]
    traits: tuple[str, ...]
    measures: tuple[MeasureView, ...]
    rival: RivalView | None


def view(example: PairExample, budget: int) -> PairView:
    """Return a pair to be shown.

    Its sentences may take about `budget` bytes of the page.
    """
    row = example.row
    beads = example.beads or _unlinked(example)
    # Escaped, a character may take five bytes; both sides of one bead fit in any case.
    longest = min(LONGEST_SIDE, budget // 12)
    texts = {
        lang: "\n".join(getattr(bead, lang)[:longest] for bead in beads)[:_MOST_READ]
        for lang in LANGS
    }
    sides = {"zh": example.zh, "en": example.en}
    read = {
        lang: facts(
            texts[lang],
            lang,
            title=side.title[:LONGEST_TITLE],
            published=side.published_at,
            url=side.url[:_LONGEST_URL],
        )
        for lang, side in sides.items()
    }
    found = dict(zip(LANGS, fact_marks.marks(read["zh"], read["en"]), strict=True))
    marks = {
        lang: fact_marks.as_written(found[lang], f"{side.title[:LONGEST_TITLE]}\n{texts[lang]}")
        for lang, side in sides.items()
    }
    shown = tuple(_within(budget, _bead_views(beads, sides, marks, longest)))
    rival = example.rival
    return PairView(
        pair_id=row["pair_id"],
        city=row["city"] or "",
        band=columns.band(row["probability"] or 0.0),
        kept=(row["probability"] or 0.0) >= DECISION,
        probability=row["probability"],
        relation=words.of(row["relation"] or "?", words.RELATIONS),
        relation_code=row["relation"] or "?",
        score=row["score"],
        margin=row["margin"],
        method=row["method"] or "",
        zh=_side(example.zh, marks["zh"]),
        en=_side(example.en, marks["en"]),
        beads=shown,
        total=len(beads),
        one_sided=sum(1 for bead in beads if not bead.zh or not bead.en),
        hidden=len(beads) - len(shown),
        linked=bool(example.beads),
        doubts=example.doubts,
        traits=_listed(example.traits),
        measures=tuple(_measures(row["evidence"], rival.row["evidence"] if rival else None)),
        rival=_rival(rival) if rival else None,
    )


def marked(text: str, marks: Sequence[Mark], offset: int) -> Markup:
    """Return `text` with its marks as HTML.

    `text` is at `offset` in the text that was marked.
    """
    parts, at = [], 0
    for mark in marks:
        start, end = max(at, mark.start - offset), min(len(text), mark.end - offset)
        if start >= end:
            continue
        parts.append(escape(visible(text[at:start])))
        group = Markup(' data-g="{}"').format(mark.group) if mark.group else ""
        parts.append(
            Markup('<mark class="{}{}"{}>{}</mark>').format(
                mark.kind, "" if mark.shared else " alone", group, visible(text[start:end])
            )
        )
        at = end
    return Markup("").join([*parts, escape(visible(text[at:]))])


def _listed(traits: Sequence[str]) -> tuple[str, ...]:
    """Return the traits that fit into a list separated by spaces."""
    return tuple(trait for trait in traits if not any(map(str.isspace, trait)))


def _unlinked(example: PairExample) -> tuple[StoredBead, ...]:
    """Return the paragraphs of a pair without sentences side by side."""
    zh, en = example.zh.text.split("\n"), example.en.text.split("\n")
    most = max(len(zh), len(en))
    zh, en = zh + [""] * (most - len(zh)), en + [""] * (most - len(en))
    return tuple(StoredBead("", a, b, None, ()) for a, b in zip(zh, en, strict=True) if a or b)


def _bead_views(
    beads: Sequence[StoredBead],
    sides: dict[str, ArticleSide],
    marks: dict[str, list[Mark]],
    longest: int,
) -> Iterator[BeadView]:
    offsets = {lang: len(side.title[:LONGEST_TITLE]) + 1 for lang, side in sides.items()}
    for bead in beads:
        html: dict[str, Markup | None] = {}
        for lang in LANGS:
            whole: str = getattr(bead, lang)
            text = whole[:longest]
            end = offsets[lang] + len(text)
            near = [m for m in marks[lang] if m.start < end and m.end > offsets[lang]]
            html[lang] = marked(text, near, offsets[lang]) if text else None
            if len(whole) > len(text):
                cut = Markup('<span class="cut">… +{}</span>').format(f"{len(whole) - len(text):,}")
                html[lang] = (html[lang] or Markup("")) + cut
            offsets[lang] = end + 1
        flags = tuple(words.of(visible(flag), words.FLAGS) for flag in bead.flags[:_MOST_FLAGS])
        traits = _listed(
            (f"bead={bead.kind}", *(f"flag={flag}" for flag in bead.flags[:_MOST_FLAGS]))
        )
        yield BeadView(bead.kind, html["zh"], html["en"], bead.probability, flags, traits)


def _within(budget: int, beads: Iterator[BeadView]) -> Iterator[BeadView]:
    """Yield beads within a budget of bytes, the first in any case."""
    spent = 0
    for index, bead in enumerate(beads):
        spent += _MARKUP + sum(len(side.encode()) for side in (bead.zh, bead.en) if side)
        if index and spent > budget:
            return
        yield bead


def _side(side: ArticleSide, marks: Sequence[Mark]) -> SideView:
    title = side.title[:LONGEST_TITLE]
    script = {"Hans": "zh-Hans", "Hant": "zh-Hant"}.get(side.script, side.lang)
    flags = tuple(words.of(visible(flag), words.FLAGS) for flag in side.flags[:_MOST_FLAGS])
    href = web_link(side.url)
    return SideView(
        lang=script if side.lang == "zh" else "en",
        title=marked(title, [mark for mark in marks if mark.start < len(title)], 0),
        url=visible(side.url[:_LONGEST_URL]),
        href=href,
        host=visible((urlsplit(href).hostname or "") if href else side.url[:_LONGEST_NAME]),
        published=f"{side.published_at:%Y-%m-%d}" if side.published_at else None,
        source=visible(side.source[:_LONGEST_NAME]),
        flags=flags,
    )


def _measures(
    evidence: dict[str, Any] | None, rival: dict[str, Any] | None
) -> Iterator[MeasureView]:
    for name, label in words.MEASURES.items():
        value, other = (evidence or {}).get(name), (rival or {}).get(name)
        yield MeasureView(
            name=name,
            label=label,
            signed=name in words.SIGNED,
            metered=name not in ("length_ratio", "days_apart", "link"),
            value=value,
            figure=words.figure(name, value),
            words=words.measure(name, value),
            rival_value=other,
            rival_figure=words.figure(name, other),
        )


def _rival(rival: Rival) -> RivalView:
    if rival.side.lang == "en":
        shared = Words("the same Chinese article with another English one", "同一中文与另一英文")
    else:
        shared = Words("the same English article with another Chinese one", "同一英文与另一中文")
    return RivalView(shared, _side(rival.side, ()), rival.row["probability"])
