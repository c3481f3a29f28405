"""YAML as nodes, and every fault of a file as one sentence."""

from pathlib import Path

import yaml


def composed(path: Path, text: str, error: type[Exception]) -> yaml.Node | None:
    """Return a text's root node, None for an empty text.

    No tag makes an object. Raises `error` for what is no YAML; the message names path and line.
    """
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as reason:
        line = reason.problem_mark.line + 1 if reason.problem_mark else 1
        raise error(f"{path}:{line}: not YAML: {reason.problem}") from reason
    except yaml.reader.ReaderError as reason:
        line = text.count("\n", 0, reason.position) + 1
        sign = f"U+{ord(text[reason.position]):04X}"
        raise error(f"{path}:{line}: the character {sign} is not allowed in YAML") from reason
    except RecursionError as reason:
        raise error(f"{path}:1: nested too deeply for such a file") from reason
    except (yaml.YAMLError, ValueError) as reason:
        raise error(f"{path}:1: not YAML: {reason}") from reason
