"""`CITATION.cff` of a release (Citation File Format 1.2.0)."""

from typing import Any

import yaml

from pipelines.release.snapshot import Snapshot

FILE = "CITATION.cff"
TITLE = "shizheng: Chinese municipal-government news in Chinese and English"
AUTHORS = ({"name": "shizheng contributors"},)


def write(release: Snapshot) -> None:
    """Write the citation into the release's folder, dated by the newest row."""
    text = yaml.safe_dump(content(release), allow_unicode=True, sort_keys=False, width=100)
    (release.folder / FILE).write_text(text, encoding="utf-8")


def content(release: Snapshot) -> dict[str, Any]:
    """Return the citation as a mapping.

    It has no licence: the rights differ by source.
    """
    facts = release.manifest
    counts = facts["counts"]
    return {
        "cff-version": "1.2.0",
        "message": "If you use this release, please cite it as below.",
        "type": "dataset",
        "title": TITLE,
        "version": release.version,
        "date-released": facts["as_of"][:10],
        "authors": [dict(author) for author in AUTHORS],
        "abstract": (
            f"{counts['articles']['all']} articles of {len(facts['cities'])} Chinese cities, "
            f"{counts['pairs']['all']} pairs of a Chinese and an English article that tell the "
            f"same thing, and {counts['sentences']['all']} beads of aligned sentences. The texts "
            "belong to their publishers; the columns rights and held state what may be held."
        ),
        "keywords": [
            "parallel corpus",
            "comparable corpus",
            "Chinese",
            "English",
            "municipal government news",
            *(city["name"]["en"] for city in facts["cities"].values()),
        ],
        "identifiers": [
            {
                "type": "other",
                "value": f"sha256:{facts['inputs']['digest']}",
                "description": "Digest of everything the release was made from",
            }
        ],
        "references": [
            {
                "type": "software",
                "title": "shizheng",
                "version": facts["shizheng"],
                "authors": [dict(author) for author in AUTHORS],
                "scope": "The program that made the release",
            }
        ],
    }
