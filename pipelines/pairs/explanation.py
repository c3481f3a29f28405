"""Explanations of pairs in sentences: evidence, contradictions, the rival."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pipelines.facts import content_words, figures
from pipelines.facts.figures import Quantity
from pipelines.facts.mentions import Day
from pipelines.pairs.calibration import Calibration
from pipelines.pairs.model import PairModel, days_apart
from pipelines.pairs.pair import FLOOR, Pairing, Scored
from pipelines.pairs.prepared import PreparedArticle
from pipelines.tables.vocabulary import DECISION

_LEAST = 0.05
"""Log odds below which a kind of evidence is left out."""
_LEAST_GAP = 0.3
"""Log odds below which the difference between two candidates is left out."""
_SHOWN = 6
"""Most facts of a kind in a sentence."""
_SYMBOLS = {
    "percent": "%", "length": "m", "area": "m²", "volume": "m³", "mass": "kg", "energy": "kWh",
    "power": "kW", "degrees": "°C", "frequency": "Hz",
}  # fmt: skip
"""Symbols of the base units of classes that do not name one."""
_OTHERS_SHOWN = 5
"""Most candidates in the list of an article that was not compared."""
_WORDS_SHOWN = 12
"""Most words without a Chinese one in a sentence."""
_RARE_BITS = 2
"""Information of an English figure, in bits, from which its absence in Chinese is shown."""


@dataclass(frozen=True, slots=True)
class _Case:
    """A scored pair with its articles."""

    scored: Scored
    zh: PreparedArticle
    en: PreparedArticle


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of evidence, its features, and its sentence about a pair."""

    name: str
    features: tuple[str, ...]
    sentence: Callable[[_Case], str]

    def weight(self, scored: Scored, model: PairModel) -> float:
        """Return the log odds that the kind adds to a pair."""
        return sum(model.weights.get(name, 0.0) * scored.features[name] for name in self.features)


def explain_pair(
    pairing: Pairing,
    zh: Sequence[PreparedArticle],
    en: Sequence[PreparedArticle],
    ids: tuple[str, str],
    model: PairModel,
    *,
    calibration: Calibration | None = None,
) -> str:
    """Explain why two articles are a pair or not, in sentences.

    `ids`: Chinese, English. Weights in brackets are log odds: 0.7 doubles the odds, 2.3 is ten to
    one; they sum to those of the pair. Probabilities are those of `calibration`, if there is one;
    of the pair asked for, the model's own is named too.
    """
    cases = [
        _Case(each, zh[each.zh], en[each.en])
        for each in (*pairing.pairs, *pairing.unassigned)
        if en[each.en].document.id == ids[1]
    ]
    cases.sort(key=lambda case: (-case.scored.score, case.zh.document.id))
    case = next((case for case in cases if case.zh.document.id == ids[0]), None)
    if case is None:
        return _not_compared((*zh, *en), ids, cases, calibration)
    lines = [
        _titled(case.zh),
        _titled(case.en),
        "",
        _verdict(case.scored, pairing, en, calibration),
    ]
    terms = _terms(case, model)
    for heading, sign in (("For it:", 1), ("Against it:", -1)):
        own = [(weight, text) for weight, text in terms if sign * weight > 0]
        own.sort(key=lambda term: -abs(term[0]))
        if own:
            lines += ["", heading, *(f"  [{weight:+.1f}] {text}" for weight, text in own)]
    rival = next((other for other in cases if other is not case), None)
    if rival is not None:
        lines += ["", *_against(case, rival, model, calibration)]
    return "\n".join(lines)


def _terms(case: _Case, model: PairModel) -> list[tuple[float, str]]:
    """Return the terms of the log odds, as printed."""
    weights = {kind: kind.weight(case.scored, model) for kind in KINDS}
    terms = [
        (round(weight, 1), kind.sentence(case))
        for kind, weight in weights.items()
        if abs(weight) >= _LEAST
    ]
    terms.append((round(model.bias, 1), "Most candidates are no pair, before any evidence."))
    shared = round(-math.log1p(case.scored.rivals), 1)
    terms.append((shared, "Other members of the series may be the counterpart."))
    rest = round(round(_log_odds(case.scored), 1) - sum(weight for weight, _ in terms), 1)
    return [*terms, (rest, "Small things and rounding.")]


def _log_odds(scored: Scored) -> float:
    """Return the log odds against rivals and no link."""
    return scored.score - math.log1p(scored.rivals)


def _not_compared(
    articles: Iterable[PreparedArticle],
    ids: tuple[str, str],
    others: Sequence[_Case],
    calibration: Calibration | None,
) -> str:
    for article in articles:
        if article.document.id in ids and not article.readable:
            language = "Chinese" if article.document.lang == "zh" else "English"
            return (
                f"Not a pair: {article.document.id} was not compared, because it is filed as "
                f"{language} and has few words of {language}."
            )
    listed = "".join(
        f"\n  {_titled(case.zh)}: {_probability(case.scored, calibration):.3f}"
        for case in others[:_OTHERS_SHOWN]
    )
    return (
        f"Not a pair: {ids[0]} and {ids[1]} were not compared, because neither their "
        "sentences, nor facts they share, nor their titles proposed the two. Compared with "
        f"{ids[1]}, with their probabilities:{listed or ' nothing.'}"
    )


def _titled(article: PreparedArticle) -> str:
    document = article.document
    return f"{document.title or document.text[:40]} [{document.id}]"


def _probability(scored: Scored, calibration: Calibration | None) -> float:
    return calibration.apply(scored.probability) if calibration else scored.probability


def _verdict(
    scored: Scored,
    pairing: Pairing,
    en: Sequence[PreparedArticle],
    calibration: Calibration | None,
) -> str:
    likely = _probability(scored, calibration)
    own = f" by {calibration.version}, {scored.probability:.3f} by the model" if calibration else ""
    stated = f"probability {likely:.3f}{own}, log odds {_log_odds(scored):+.1f}"
    if any(each is scored for each in pairing.pairs):
        if likely >= DECISION:
            return f"A pair ({scored.relation}): {stated}."
        return f"Not a pair at the default threshold, though the best counterpart: {stated}."
    if any(each.en == scored.en for each in pairing.pairs):
        return f"Not a pair: the English article has another counterpart. This one: {stated}."
    taken = [en[each.en].document.id for each in pairing.pairs if each.zh == scored.zh]
    if taken and scored.probability >= FLOOR:
        return (
            f"Not a pair: the Chinese article is the counterpart of {', '.join(taken)}. "
            f"This one: {stated}."
        )
    return f"Not a pair: to have no counterpart is likelier. This one: {stated}."


def _against(
    case: _Case, rival: _Case, model: PairModel, calibration: Calibration | None
) -> list[str]:
    """List the advantages of the better of two candidates."""
    ahead = case.scored.score >= rival.scored.score
    better, worse = (case, rival) if ahead else (rival, case)
    head = "What the runner-up lacked:" if ahead else "What it lacks against the best candidate:"
    gaps = {
        kind: kind.weight(better.scored, model) - kind.weight(worse.scored, model) for kind in KINDS
    }
    lines = [
        f"{head} {_titled(rival.zh)}, probability {_probability(rival.scored, calibration):.3f}, "
        f"log odds {_log_odds(rival.scored):+.1f}."
    ]
    lines += [
        f"  [{gaps[kind]:+.1f}] by {kind.name}. There: {kind.sentence(rival)}"
        for kind in sorted(KINDS, key=lambda kind: -gaps[kind])
        if gaps[kind] >= _LEAST_GAP
    ]
    if len(lines) == 1:
        lines.append("  Nothing in particular: many small things distinguish the two.")
    return lines


def _joined(*parts: tuple[str, Iterable[str]], default: str) -> str:
    """Join the parts with items into one sentence; `default` without any item."""
    found = [f"{head} {', '.join(items)}".strip() for head, listed in parts if (items := [*listed])]
    text = "; ".join(found) if found else default.rstrip(".")
    return text[0].upper() + text[1:] + "."


def _remarks(case: _Case, *beginnings: str) -> list[str]:
    return [remark for remark in case.scored.comparison.remarks if remark.startswith(beginnings)]


def _sentences(case: _Case) -> str:
    coverage = case.scored.coverage
    part = (
        f"Compared with a part of the Chinese text ({coverage.zh_part:.0%}). "
        if coverage.zh_part < 1
        else f"Compared with a part of the English text ({coverage.en_part:.0%}). "
        if coverage.en_part < 1
        else ""
    )
    return (
        f"{part}The Chinese text covers {coverage.en:.0%} of the English one, and is covered by "
        f"it to {coverage.zh:.0%}; {coverage.order:.0%} in the same order (mean cosine "
        f"{coverage.similarity:.2f})."
    )


def _figures(case: _Case) -> str:
    zh, en = case.zh.facts.figures, case.en.facts.figures
    listed = {(f.kind, f.value): f for f in sorted(en, key=lambda f: -f.bits)}.values()
    both = [f for f in listed if figures.shared_bits(f, zh)]
    lone = [f for f in listed if not figures.shared_bits(f, zh) and f.bits >= _RARE_BITS]
    clash = case.scored.coverage.figures_clash > 1
    return _joined(
        ("in both:", [_matched(f, zh) for f in both[:_SHOWN]]),
        ("only in English:", [_written(f) for f in lone[:_SHOWN]]),
        ("", ["matching sentences give different figures"] if clash else []),
        default="Few figures to compare.",
    )


def _matched(figure: Quantity, zh: Sequence[Quantity]) -> str:
    """Write a common figure, with the Chinese one if it is another."""
    alike = [other for other in zh if figures.agree(other, figure)]
    closest = min(alike, key=lambda other: abs(other.value - figure.value), default=figure)
    if _written(closest) == _written(figure):
        return _written(figure)
    return f"{_written(figure)} (Chinese: {_written(closest)})"


def _written(figure: Quantity) -> str:
    if figure.kind == "clock":
        return f"{int(figure.value) // 60}:{int(figure.value) % 60:02}"
    value = f"{figure.value:,.15g}"
    return value if figure.kind == "count" else f"{value} {_SYMBOLS.get(figure.kind, figure.kind)}"


def _dates(case: _Case) -> str:
    zh, en, facts = case.zh.facts.calendar, case.en.facts.calendar, case.scored.comparison
    zh_days = {(day.month, day.day) for day in zh.days}
    days = {(d.month, d.day): d for d in en.days if (d.month, d.day) in zh_days}
    zh_periods = {(period.first, period.last) for period in zh.periods}
    periods = dict.fromkeys((p.first, p.last) for p in en.periods)
    both = [f"months {a} to {b}" for a, b in periods if (a, b) in zh_periods]
    return _joined(
        ("both name", [_day(day) for day in days.values()][:_SHOWN]),
        ("", _remarks(case, "dates", "years", "periods", "hours", "weekday")),
        ("both are about", both[:_SHOWN]),
        default="The years go together."
        if facts.years_agree > facts.years_clash
        else "Dates differ.",
    )


def _day(day: Day) -> str:
    return f"{day.year}-{day.month:02d}-{day.day:02d}" if day.year else f"{day.month}-{day.day}"


def _ordinals(case: _Case) -> str:
    zh = {(item.label, item.rank) for item in case.zh.facts.ordinals}
    en = dict.fromkeys((item.label, item.rank) for item in case.en.facts.ordinals if item.label)
    both = [f"{label} {rank}" for label, rank in en if (label, rank) in zh]
    clashes = [r for r in case.scored.comparison.remarks if "numbers clash" in r]
    return _joined(
        ("both give", both[:_SHOWN]),
        ("", clashes),
        default="Some ordinals are in both texts.",
    )


def _names(case: _Case) -> str:
    found = dict.fromkeys(
        name.letters for name in case.en.facts.pinyin if case.zh.facts.pinyin_index.find(name)
    )
    remarks = case.scored.comparison.remarks
    return _joined(
        ("named in both:", list(found)[:_SHOWN]),
        ("", [r for r in remarks if "as other pairs show" in r]),
        ("", [r for r in remarks if "is not named" in r or r.startswith(("guests", "countries"))]),
        default="A guest's name sounds the same in both texts.",
    )


def _places(case: _Case) -> str:
    zh, en = case.zh.facts, case.en.facts
    both = sorted(zh.places & en.places) + sorted(zh.latin & en.latin)
    return _joined(
        ("in both:", both[:_SHOWN]),
        ("", _remarks(case, "not named in Chinese", "sites")),
        default="Places are in one text only.",
    )


def _titles(case: _Case) -> str:
    coverage = case.scored.coverage
    word = "the same" if coverage.titles_agree > coverage.titles_clash else "different"
    return f"The texts name {word} documents or works."


def _stage(case: _Case) -> str:
    facts = case.scored.comparison
    word = "the same" if facts.stage_agree > facts.stage_clash else "another"
    return f"The texts report {word} stage: a future event, one that begins, or one that is over."


def _words(case: _Case) -> str:
    lost = content_words.missing(case.zh.facts.words, case.en.facts.words)
    return _joined(
        ("without a Chinese word in the dictionary:", lost[:_WORDS_SHOWN]),
        default="The Chinese text has the words of the English title and lead.",
    )


def _direction(_: _Case) -> str:
    return "Figures of the two texts go opposite ways."


def _length(_: _Case) -> str:
    return "The English text is longer than a translation would be."


def _bare(_: _Case) -> str:
    return "Few facts that both give belong to one event only."


def _publication(case: _Case) -> str:
    days = days_apart(case.zh.document, case.en.document) or 0
    order = "before" if days < 0 else "after"
    return f"English was published {abs(days)} days {order} Chinese."


def _link(_: _Case) -> str:
    return "The two pages are linked, or their addresses differ only in naming the language."


KINDS = (
    Kind("sentences", ("covered_zh", "order", "part"), _sentences),
    Kind("figures", ("figures_agree", "figures_clash", "numbers_agree", "numbers_missing"),
         _figures),
    Kind("identifying facts", ("bare",), _bare),
    Kind("days, months and years", ("dates_clash", "dates_lead", "periods_clash", "years_agree",
                                    "years_clash", "hours_clash", "weekday_agree",
                                    "weekday_clash"), _dates),
    Kind("ordinals", ("ordinals_clash", "sessions_agree"), _ordinals),
    Kind("names", ("names_agree", "names_missing", "guests_clash",
                   "countries_clash"), _names),
    Kind("direction", ("direction_clash",), _direction),
    Kind("places and Latin words", ("places_agree", "places_missing", "sites_clash"), _places),
    Kind("titles of documents", ("titles_agree", "titles_clash"), _titles),
    Kind("tense", ("stage_agree", "stage_clash"), _stage),
    Kind("words", ("words_missing",), _words),
    Kind("length", ("longer",), _length),
    Kind("publication", ("soon", "early", "late"), _publication),
    Kind("link", ("link",), _link),
)  # fmt: skip
"""The kinds of evidence; every feature of the model belongs to one."""
