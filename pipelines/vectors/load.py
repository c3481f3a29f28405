"""Encoders by name, or by the path of a model on disk."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from pipelines.vectors.encoder import BUNDLED, Encoder, EncoderError

_EXPECTED = (
    "expected a .onnx file with a tokenizer.json beside it, a folder that holds both (model.onnx "
    "or onnx/model.onnx), or a folder that sentence-transformers wrote (modules.json)"
)


def load_encoder(name: str | None = None) -> Encoder:
    """Return the bundled encoder or a model on disk.

    The same object for the same name, within a process. Raises `EncoderError` for an unknown name
    and for a path without an encoder; the message has what was expected.
    """
    # Imported at first use: each runtime takes seconds.
    if name is None or name == BUNDLED:
        from pipelines.vectors.use import bundled

        return bundled()
    if "/" not in name and "\\" not in name and not Path(name).exists():
        raise EncoderError(
            f"no encoder is called {name!r}; known: {BUNDLED}, or the path of a model on disk "
            "(a .onnx file or the folder of a model)"
        )
    return _on_disk(Path(name).expanduser().resolve())


@cache
def _on_disk(path: Path) -> Encoder:
    """Return the encoder at a path.

    A sentence-transformers folder (`modules.json`) that also has an ONNX model is read by that
    package if it is installed.
    """
    if not path.exists():
        raise EncoderError(f"{path}: there is no such file or folder; {_EXPECTED}")
    if path.is_dir():
        exports = (path / "model.onnx", path / "onnx" / "model.onnx")
        model = next((file for file in exports if file.is_file()), None)
        installed = find_spec("sentence_transformers") is not None
        if (path / "modules.json").is_file() and (model is None or installed):
            from pipelines.vectors.sentence_transformers import SentenceTransformersEncoder

            return SentenceTransformersEncoder(path)
        if model is None:
            raise EncoderError(f"{path}: holds no model; {_EXPECTED}")
        path = model
    if path.suffix != ".onnx":
        raise EncoderError(f"{path}: is not an ONNX model; {_EXPECTED}")
    from pipelines.vectors.onnx import OnnxEncoder

    return OnnxEncoder(path)
