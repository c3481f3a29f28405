"""Moses files: `<split>.zh` and `<split>.en`, a bead a line.

Beads with an empty side are left out. A line of `<split>.ids` is the bead's pair_id, position,
probability and script (Hans or Hant), separated by tabs.
"""

import re
from pathlib import Path

from pipelines.release.snapshot import Snapshot

COLUMNS = ["pair_id", "position", "zh", "en", "probability", "zh_script"]
# Everything that some reader takes for the end of a line, and other control characters.
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def write(release: Snapshot, folder: Path) -> None:
    """Write the three files of each part."""
    for split in release.splits("sentences"):
        with (
            (folder / f"{split}.zh").open("w", encoding="utf-8", newline="\n") as zh_file,
            (folder / f"{split}.en").open("w", encoding="utf-8", newline="\n") as en_file,
            (folder / f"{split}.ids").open("w", encoding="utf-8", newline="\n") as id_file,
        ):
            for batch in release.batches("sentences", split, COLUMNS):
                columns = (batch.column(name).to_pylist() for name in COLUMNS)
                for pair_id, position, zh, en, probability, script in zip(*columns, strict=True):
                    zh_line, en_line = one_line(zh), one_line(en)
                    if zh_line and en_line:
                        zh_file.write(f"{zh_line}\n")
                        en_file.write(f"{en_line}\n")
                        about = (pair_id, position, f"{probability:.6g}", script or "")
                        id_file.write("\t".join(map(str, about)) + "\n")


def one_line(text: str | None) -> str:
    """Return a side of a bead on one line."""
    return _BREAKS.sub(" ", text).strip() if text else ""
