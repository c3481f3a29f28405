"""Why two articles are or are not a pair, in sentences: what both say, what clashes, the rival."""

from collections.abc import Iterable, Mapping, Sequence

from pipelines.facts import figures
from pipelines.facts.dates import Day
from pipelines.facts.facts import Facts
from pipelines.facts.figures import Quantity
from pipelines.pairs.calibration import Calibration
from pipelines.pairs.model import PairModel, days_apart
from pipelines.pairs.pair import Pairing, Scored
from pipelines.pairs.prepared import PreparedArticle
from pipelines.tables.vocabulary import DECISION

KINDS: Mapping[str, tuple[str, ...]] = {
    "what the sentences say": ("similarity", "title", "covered_en", "covered_zh", "order"),
    "what the other candidates say": ("edge",),
    "figures": ("figures_agree", "figures_clash", "numbers_agree", "numbers_missing"),
    "days, months and years": ("dates_agree", "dates_clash", "dates_lead", "periods_agree",
                               "periods_clash", "years_agree", "years_clash"),
    "ordinals": ("ordinals_agree", "ordinals_clash", "sessions_agree"),
    "names": ("names_agree", "names_missing", "guests_agree", "guests_clash"),
    "places and Latin words": ("places_agree", "places_missing"),
    "titles of documents": ("titles_agree", "titles_clash"),
    "tense": ("stage_agree", "stage_clash"),
    "length": ("longer", "shorter"),
    "publication": ("soon", "early", "late"),
    "link": ("link",),
}  # fmt: skip
"""The kinds of evidence, each with the features that weigh it."""
_LEAST = 0.05
_SHOWN = 6


def explain_pair(
    pairing: Pairing,
    zh: Sequence[PreparedArticle],
    en: Sequence[PreparedArticle],
    ids: tuple[str, str],
    model: PairModel,
    *,
    calibration: Calibration | None = None,
) -> str:
    """Say in words why the articles with these ids (Chinese, English) are a pair or are not.

    Weights in brackets are log odds: 0.7 doubles the odds, 2.3 is ten to one. Probabilities are
    those of `calibration`, if there is one; of the pair asked for, the model's own is named too.
    """
    mine = [
        one for one in (*pairing.pairs, *pairing.unassigned) if en[one.en].document.id == ids[1]
    ]
    mine.sort(key=lambda one: (-one.score, zh[one.zh].document.id))
    asked = next((one for one in mine if zh[one.zh].document.id == ids[0]), None)
    if asked is None:
        for one in (*zh, *en):
            if one.document.id in ids and not one.readable:
                language = "Chinese" if one.document.lang == "zh" else "English"
                return (
                    f"Not a pair: {one.document.id} was not compared, because it is filed as "
                    f"{language} and has few words of {language}."
                )
        listed = "".join(
            f"\n  {_titled(zh[one.zh])}: {_probability(one, calibration):.3f}" for one in mine[:5]
        )
        return (
            f"Not a pair: {ids[0]} and {ids[1]} were not compared, because neither their "
            "sentences, nor facts they share, nor their titles proposed the two. Compared with "
            f"{ids[1]}, with their probabilities:{listed or ' nothing.'}"
        )
    ours, theirs = zh[asked.zh], en[asked.en]
    lines = [_titled(ours), _titled(theirs), "", _verdict(asked, pairing, en, calibration)]
    worth = _worth(asked, model)
    for heading, sign in (("For it:", 1), ("Against it:", -1)):
        kinds = [kind for kind in worth if sign * worth[kind] >= _LEAST]
        kinds.sort(key=lambda kind: -abs(worth[kind]))
        if kinds:
            lines += ["", heading]
            lines += [
                f"  [{worth[kind]:+.1f}] {_sentence(kind, asked, ours, theirs)}" for kind in kinds
            ]
    rival = next((one for one in mine if one is not asked), None)
    if rival is not None:
        lines += ["", *_against(asked, rival, zh, en, model=model, calibration=calibration)]
    return "\n".join(lines)


def _titled(one: PreparedArticle) -> str:
    return f"{one.document.title or one.document.text[:40]} [{one.document.id}]"


def _worth(one: Scored, model: PairModel) -> dict[str, float]:
    return {
        kind: sum(model.weights.get(name, 0.0) * one.features[name] for name in names)
        for kind, names in KINDS.items()
    }


def _probability(one: Scored, calibration: Calibration | None) -> float:
    return calibration.apply(one.probability) if calibration else one.probability


def _verdict(
    asked: Scored, pairing: Pairing, en: Sequence[PreparedArticle], calibration: Calibration | None
) -> str:
    likely = _probability(asked, calibration)
    own = f" by {calibration.version}, {asked.probability:.3f} by the model" if calibration else ""
    stated = f"probability {likely:.3f}{own}, log odds {asked.score:+.1f}"
    paired = any(one is asked for one in pairing.pairs)
    if paired and likely >= DECISION:
        return f"A pair ({asked.relation}): {stated}."
    if paired:
        return f"Not a pair at the default threshold, though no better mate was found: {stated}."
    taken = [one for one in pairing.pairs if one.zh == asked.zh]
    other = [one for one in pairing.pairs if one.en == asked.en]
    if other:
        return f"Not a pair: the English article has another mate. This one: {stated}."
    if taken and asked.probability >= 0.1:
        ids = ", ".join(en[one.en].document.id for one in taken)
        return f"Not a pair: the Chinese article is the mate of {ids}. This one: {stated}."
    return f"Not a pair: to have no mate is likelier. This one: {stated}."


def _sentence(kind: str, one: Scored, zh: PreparedArticle, en: PreparedArticle) -> str:
    """Say what one kind of evidence found."""
    cover, facts = one.coverage, one.comparison
    if kind == "what the sentences say":
        return (
            f"The Chinese text tells {cover.en:.0%} of the English one, which tells "
            f"{cover.zh:.0%} of the Chinese; {cover.order:.0%} in the same order (mean cosine "
            f"{cover.similarity:.2f})."
        )
    if kind == "what the other candidates say":
        better = one.features["edge"] > 0
        return (
            f"Other Chinese articles tell the English sentences {'less' if better else 'as'} well."
        )
    if kind == "figures":
        return _figures(zh.facts, en.facts, one)
    if kind == "days, months and years":
        return _joined(
            ("both name", _days(zh.facts, en.facts)),
            ("", [r for r in facts.remarks if r.startswith(("dates", "years", "periods"))]),
            ("both are about", _periods(zh.facts, en.facts)),
            default="The years go together."
            if facts.years_agree > facts.years_clash
            else "Dates differ.",
        )
    if kind == "ordinals":
        return _joined(
            ("both give", _ordinals(zh.facts, en.facts)),
            ("", [r for r in facts.remarks if "numbers clash" in r]),
            default="Some ordinals are in both texts.",
        )
    if kind == "names":
        named = dict.fromkeys(n.letters for n in en.facts.pinyin if zh.facts.pinyin_index.find(n))
        return _joined(
            ("named in both:", list(named)[:_SHOWN]),
            ("", [r for r in facts.remarks if "as other pairs show" in r]),
            ("", [r for r in facts.remarks if "is not named" in r or r.startswith("guests")]),
            default="A guest's name sounds the same in both texts.",
        )
    if kind == "places and Latin words":
        both = sorted(zh.facts.places & en.facts.places) + sorted(zh.facts.latin & en.facts.latin)
        return _joined(
            ("in both:", both[:_SHOWN]),
            ("", [r for r in facts.remarks if r.startswith("not named in Chinese")]),
            default="Places are in one text only.",
        )
    if kind == "titles of documents":
        word = "the same" if cover.titles_agree > cover.titles_clash else "different"
        return f"The texts name {word} documents or works."
    if kind == "tense":
        word = "the same" if facts.stage_agree > facts.stage_clash else "another"
        return f"The texts report {word} stage: what is to come, what begins, or what is over."
    if kind == "length":
        word = "longer" if one.features["longer"] else "shorter"
        return f"The English text is {word} than a translation would be."
    if kind == "publication":
        days = days_apart(zh.document, en.document) or 0
        return (
            f"English was published {abs(days)} days {'before' if days < 0 else 'after'} Chinese."
        )
    return "The two pages are linked, or their addresses differ only in naming the language."


def _joined(*parts: tuple[str, Iterable[str]], default: str) -> str:
    said = [f"{head} {', '.join(items)}".strip() for head, listed in parts if (items := [*listed])]
    text = "; ".join(said) if said else default.rstrip(".")
    return text[0].upper() + text[1:] + "."


def _figures(zh: Facts, en: Facts, one: Scored) -> str:
    told = {(f.kind, f.value): f for f in sorted(en.figures, key=lambda f: -f.bits)}.values()
    both = [f for f in told if figures.shared_bits(f, zh.figures)]
    lone = [f for f in told if not figures.shared_bits(f, zh.figures) and f.bits >= 2]
    clash = one.coverage.figures_clash
    return _joined(
        ("in both:", [_written(f) for f in both[:_SHOWN]]),
        ("only in English:", [_written(f) for f in lone[:_SHOWN]]),
        ("", ["sentences that tell the same give different figures"] if clash > 1 else []),
        default="Figures say little.",
    )


def _written(figure: Quantity) -> str:
    value = f"{figure.value:,.10g}"
    return value if figure.kind == "count" else f"{value} {figure.kind}"


def _day(day: Day) -> str:
    return f"{day.year}-{day.month:02d}-{day.day:02d}" if day.year else f"{day.month}-{day.day}"


def _days(zh: Facts, en: Facts) -> list[str]:
    ours = {(day.month, day.day) for day in zh.calendar.days}
    theirs = {(d.month, d.day): d for d in en.calendar.days if (d.month, d.day) in ours}
    return [_day(day) for day in theirs.values()][:_SHOWN]


def _periods(zh: Facts, en: Facts) -> list[str]:
    ours = {(period.first, period.last) for period in zh.calendar.periods}
    both = dict.fromkeys((p.first, p.last) for p in en.calendar.periods)
    return [f"months {a} to {b}" for a, b in both if (a, b) in ours][:_SHOWN]


def _ordinals(zh: Facts, en: Facts) -> list[str]:
    ours = {(item.label, item.rank) for item in zh.ordinals}
    both = dict.fromkeys((item.label, item.rank) for item in en.ordinals if item.label)
    return [f"{label} {rank}" for label, rank in both if (label, rank) in ours][:_SHOWN]


def _against(
    asked: Scored,
    rival: Scored,
    zh: Sequence[PreparedArticle],
    en: Sequence[PreparedArticle],
    *,
    model: PairModel,
    calibration: Calibration | None,
) -> list[str]:
    """Say what the better of the two candidates has that the other lacks."""
    ahead = asked.score >= rival.score
    better, worse = (asked, rival) if ahead else (rival, asked)
    head = "What the runner-up lacked:" if ahead else "What it lacks against the best candidate:"
    ours, theirs = _worth(better, model), _worth(worse, model)
    gaps = {kind: ours[kind] - theirs[kind] for kind in KINDS}
    lines = [
        f"{head} {_titled(zh[rival.zh])}, probability {_probability(rival, calibration):.3f}, log "
        f"odds {rival.score:+.1f}."
    ]
    for kind in sorted(gaps, key=lambda kind: -gaps[kind]):
        if gaps[kind] >= 0.3:
            said = _sentence(kind, rival, zh[rival.zh], en[rival.en])
            lines.append(f"  [{gaps[kind]:+.1f}] by {kind}. There: {said}")
    if len(lines) == 1:
        lines.append("  Nothing in particular: the two are told apart by many small things.")
    return lines
