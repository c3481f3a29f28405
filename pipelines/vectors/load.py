"""Encoder by name or path."""

from functools import cache
from pathlib import Path

from pipelines.vectors.encoder import BUNDLED, Encoder, EncoderError


def load_encoder(name: str | None = None) -> Encoder:
    """Return the encoder called `name`: None is the bundled one, a path a model on disk.

    The same one for the same name, within a process. Raises `EncoderError` for a name that is not
    known and for a path that holds no encoder, saying what was expected.
    """
    # Not at the top: these take this module's types.
    if name is None or name == BUNDLED:
        from pipelines.vectors.use import bundled

        return bundled()
    if "/" not in name and "\\" not in name and not Path(name).exists():
        raise EncoderError(
            f"no encoder is called {name!r}; known: {BUNDLED}, or the path of a model on disk "
            "(a .onnx file or the folder of a model)"
        )
    return _on_disk(str(Path(name).expanduser().resolve()))


@cache
def _on_disk(path: str) -> Encoder:
    from pipelines.vectors import on_disk

    return on_disk.load(Path(path))
