"""Arrow schemas as features of Hugging Face's `datasets`, for a dataset card."""

from typing import Any

import pyarrow as pa


def features(of: pa.Schema) -> list[dict[str, Any]]:
    """Return the columns as the list `features` of a card's `dataset_info`."""
    return [_feature(field.name, field.type) for field in of]


def _feature(name: str, of: pa.DataType) -> dict[str, Any]:
    if pa.types.is_list(of):
        return {"name": name, "list": _dtype(of.value_type)}
    if pa.types.is_struct(of):
        parts = [of.field(at) for at in range(of.num_fields)]
        return {"name": name, "struct": [_feature(part.name, part.type) for part in parts]}
    return {"name": name, "dtype": _dtype(of)}


def _dtype(of: pa.DataType) -> str:
    return {"float": "float32", "double": "float64"}.get(str(of), str(of))
