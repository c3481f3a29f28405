"""`datasheet.md` of a release: how it was made, what is wrong with it, what it is for."""

from pipelines.release.about import prose
from pipelines.release.snapshot import Snapshot

FILE = "datasheet.md"


def write(release: Snapshot) -> None:
    """Write the datasheet into the release's folder."""
    (release.folder / FILE).write_text(
        prose.render("datasheet.md.j2", release.manifest), encoding="utf-8"
    )
