"""Encoders from disk: a real ONNX model, built here, and errors for paths without one."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Split

from pipelines.cli.app import main
from pipelines.vectors.encoder import EncoderError
from pipelines.vectors.load import load_encoder

CHARACTERS = "[?]市政府召开会议工程完成投资 abcdefghijklmnopqrstuvwxyz."
DIM = 12


def build(folder: Path, *, pooled: bool = False, seed: int = 1) -> Path:
    """Write a model that looks characters up and, if `pooled`, averages them itself."""
    folder.mkdir(parents=True)
    tokens = ["[?]", *dict.fromkeys(CHARACTERS[3:])]
    rng = np.random.default_rng(seed)
    table = numpy_helper.from_array(
        rng.standard_normal((len(tokens), DIM)).astype(np.float32), "table"
    )
    name = "sentence_embedding" if pooled else "last_hidden_state"
    nodes = [helper.make_node("Gather", ["table", "input_ids"], ["rows" if pooled else name])]
    if pooled:
        nodes.append(helper.make_node("ReduceMean", ["rows"], [name], axes=[1], keepdims=0))
    shape = ["batch", DIM] if pooled else ["batch", "length", DIM]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "length"])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)],
        [table],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, str(folder / "model.onnx"))
    words = WordLevel({token: at for at, token in enumerate(tokens)}, unk_token="[?]")
    tokenizer = Tokenizer(words)
    tokenizer.pre_tokenizer = Split("", "isolated")
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


SENTENCES = ["市政府召开会议", "the city held a meeting.", "工程完成", "投资", "", "\ud800"]


@pytest.mark.parametrize("pooled", [False, True])
def test_a_folder_and_its_onnx_file_are_the_same_encoder(tmp_path: Path, pooled: bool) -> None:
    folder = build(tmp_path / "tiny", pooled=pooled)
    encoder = load_encoder(str(folder))
    vectors = encoder.encode(SENTENCES)
    assert vectors.shape == (len(SENTENCES), encoder.dim) == (6, DIM)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=2e-3)
    again = load_encoder(str(folder / "model.onnx"))
    assert again.name == encoder.name
    assert again.encode(SENTENCES).tobytes() == vectors.tobytes()
    assert encoder.encode([]).shape == (0, DIM)


def test_a_vector_is_the_mean_over_the_tokens_whatever_is_encoded_beside_it(tmp_path: Path) -> None:
    encoder = load_encoder(str(build(tmp_path / "tiny")))
    one, two, both = encoder.encode(["市", "政", "市政"]).astype(np.float64)
    both /= np.abs(both).max()
    alone = np.concatenate([encoder.encode([s]) for s in SENTENCES])
    assert alone.tobytes() == encoder.encode(SENTENCES).tobytes()
    # Two tokens' mean lies in the plane of the two.
    assert np.linalg.matrix_rank(np.stack([one, two, both]), tol=5e-3) == 2


def test_the_first_token_stands_for_all_where_the_folder_says_so(tmp_path: Path) -> None:
    folder = build(tmp_path / "tiny")
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}')
    first, whole = load_encoder(str(folder)).encode(["市", "市政府"])
    assert np.array_equal(first, whole)


def test_another_model_under_the_same_name_has_another_cache(tmp_path: Path) -> None:
    names = {load_encoder(str(build(tmp_path / str(n) / "tiny", seed=n))).name for n in (1, 2)}
    assert len(names) == 2
    assert all(name.startswith("tiny-") for name in names)


def test_an_export_keeps_its_model_in_a_folder_of_its_own(tmp_path: Path) -> None:
    folder = build(tmp_path / "tiny")
    (folder / "onnx").mkdir()
    (folder / "model.onnx").rename(folder / "onnx" / "model.onnx")
    assert load_encoder(str(folder)).name.startswith("tiny-")


def test_a_file_is_aligned_with_it(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text(json.dumps({"id": "a", "zh": SENTENCES[:1], "en": SENTENCES[1:2]}) + "\n")
    folder = build(tmp_path / "tiny")
    result = tmp_path / "out.jsonl"
    assert main(["align-sentences", str(source), str(result), "--encoder", str(folder)]) == 0
    assert json.loads(result.read_text())["id"] == "a"


def test_a_wrong_path_says_what_was_expected(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "weights.bin").write_bytes(b"x")
    (tmp_path / "broken.onnx").write_bytes(b"x")
    for name, message in (
        ("nowhere", "no such file or folder"),
        ("empty", "holds no model; expected a .onnx file with a tokenizer.json"),
        ("weights.bin", "not an ONNX model"),
        ("broken.onnx", "no tokenizer.json"),
    ):
        with pytest.raises(EncoderError, match=message) as raised:
            load_encoder(str(tmp_path / name))
        assert str(tmp_path / name) in str(raised.value)
    build(tmp_path / "tiny")
    (tmp_path / "tiny" / "model.onnx").write_bytes(b"not a model")
    with pytest.raises(EncoderError, match="not an ONNX model that can be run"):
        load_encoder(str(tmp_path / "tiny"))


def test_a_folder_of_sentence_transformers_asks_for_the_package(tmp_path: Path) -> None:
    (tmp_path / "st").mkdir()
    (tmp_path / "st" / "modules.json").write_text("[]")
    with pytest.raises(EncoderError, match="sentence-transformers"):
        load_encoder(str(tmp_path / "st"))


def test_a_sentence_transformers_folder_gives_what_that_package_gives(tmp_path: Path) -> None:
    """Not in the lock, whose torch would bring several GB: run where both are installed."""
    torch = pytest.importorskip("torch", reason="sentence-transformers is not installed")
    package = pytest.importorskip("sentence_transformers")
    models = pytest.importorskip("sentence_transformers.models")
    static = models.StaticEmbedding(
        Tokenizer.from_file(str(build(tmp_path / "tiny") / "tokenizer.json")),
        embedding_weights=torch.arange(len(CHARACTERS) * DIM).reshape(-1, DIM).sin().numpy(),
    )
    model = package.SentenceTransformer(modules=[static], device="cpu")
    model.save(str(tmp_path / "static"))
    encoder = load_encoder(str(tmp_path / "static"))
    vectors = encoder.encode(SENTENCES)
    there = model.encode(SENTENCES[:-1], normalize_embeddings=True)
    assert encoder.name.startswith("static-")
    assert vectors.shape == (len(SENTENCES), encoder.dim)
    assert np.allclose(vectors[:-1], there, atol=1e-3)
    alone = np.concatenate([encoder.encode([s]) for s in SENTENCES])
    assert alone.tobytes() == vectors.tobytes()
