"""Data files of the site: JSON in scripts.

A page that was opened from the disk may not fetch its neighbours, but may load their scripts. Each
file calls one function, `shizheng(name, value)`, with its own name and a value that is JSON.
"""

import json
from pathlib import Path
from typing import Any


def store(data: Path, name: str, value: Any) -> None:
    """Write `<name>.js` below the folder of the data."""
    path = data / f"{name}.js"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # Not every file server declares UTF-8, and a lone surrogate would be no UTF-8 at all.
    path.write_text(f'shizheng("{name}",{text})\n', encoding="utf-8", errors="replace")
