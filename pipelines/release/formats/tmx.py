"""Translation Memory eXchange 1.4b (LISA/GALA, 2005), for translators' tools.

One `<tu>` for each bead that has both sides, with its probability and, where there are any, its
flags as properties. The Chinese is zh-Hans or zh-Hant. A side is on one line, as in Moses files.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pyarrow as pa

from pipelines.release.formats.moses import one_line
from pipelines.release.snapshot import Snapshot

COLUMNS = ["pair_id", "position", "kind", "zh", "en", "probability", "flags", "zh_script"]
_NO_XML = re.compile("[\ufffe\uffff]")

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE tmx SYSTEM "tmx14.dtd">
<tmx version="1.4">
<header creationtool="shizheng" creationtoolversion={tool} segtype="block" o-tmf="shizheng" \
adminlang="en" srclang="*all*" datatype="plaintext" creationdate="{date}">
<prop type="x-release">{release}</prop>
</header>
<body>
"""
_TAIL = "</body>\n</tmx>\n"


def write(release: Snapshot, folder: Path) -> None:
    """Write `<split>.tmx` for each part."""
    head = _HEAD.format(
        tool=quoteattr(str(release.manifest["shizheng"])),
        date=re.sub(r"[-:]", "", str(release.manifest["as_of"]))[:15] + "Z",
        release=escape(release.version),
    )
    for split in release.splits("sentences"):
        with (folder / f"{split}.tmx").open("w", encoding="utf-8", newline="\n") as file:
            file.write(head)
            for batch in release.batches("sentences", split, COLUMNS):
                file.writelines(_units(batch))
            file.write(_TAIL)


def _units(batch: pa.RecordBatch) -> Iterator[str]:
    columns = (batch.column(name).to_pylist() for name in COLUMNS)
    for pair_id, position, kind, zh, en, probability, flags, script in zip(*columns, strict=True):
        zh_segment, en_segment = _content(zh), _content(en)
        if not zh_segment or not en_segment:
            continue
        props = f'<prop type="x-probability">{probability:.6g}</prop>'
        props += f'<prop type="x-kind">{escape(kind)}</prop>'
        props += "".join(f'<prop type="x-flag">{escape(flag)}</prop>' for flag in flags or ())
        chinese = f"zh-{script}" if script else "zh"
        yield (
            f"<tu tuid={quoteattr(f'{pair_id}.{position}')}>{props}\n"
            f'<tuv xml:lang="{chinese}"><seg>{zh_segment}</seg></tuv>\n'
            f'<tuv xml:lang="en"><seg>{en_segment}</seg></tuv></tu>\n'
        )


def _content(text: str | None) -> str:
    """Return a side as XML character data, on one line."""
    return escape(_NO_XML.sub("", one_line(text)))
