"""A floor for short titles that mislead: the file says what each is in."""

from pathlib import Path

from crawler.rows import rows_in
from pipelines.articles.language import detect

DATA = Path(__file__).parents[3] / "benchmarks" / "accuracy" / "data"
FLOOR = 0.985
"""Share of titles whose language is right; the script must be right for every Chinese one that
holds a character of one script only."""


def test_hard_titles_are_told_and_none_is_korean() -> None:
    names = ("titles.tsv", "titles_unseen.tsv")
    rows = [row for name in names for row in rows_in((DATA / name).read_text(encoding="utf-8"))]
    assert len(rows) >= 200
    found = [detect(title) for _, _, title in rows]
    wrong = [
        (lang, title, verdict.lang)
        for (lang, _, title), verdict in zip(rows, found, strict=True)
        if verdict.lang != lang.replace("-", "")
    ]
    assert len(wrong) <= (1 - FLOOR) * len(rows), wrong
    assert not [title for (lang, title, got) in wrong if lang == "zh" and got == "other"]
    scripts = [
        (title, verdict.script)
        for (lang, script, title), verdict in zip(rows, found, strict=True)
        if lang == verdict.lang == "zh"
        and verdict.script != script
        and "traditional 0" not in verdict.evidence
    ]
    assert not scripts
