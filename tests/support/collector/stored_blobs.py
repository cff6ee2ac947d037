"""Every kind of value that the journal stores as bytes, its layout, and an example with different values everywhere.

`python -m tests.support.collector.stored_blobs` writes the files of a new version into `tests/stored_data/blobs/`:

- `KIND-VERSION.blob`: a stored example. It is never written again.
- `KIND-VERSION.json`: the same with the names of the fields.
- `KIND-VERSION.layout`: the names, order and types of the fields.
"""

import json
from collections.abc import Iterator
from enum import Enum
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect

from collector.alerts.alert_store import ALERT_NOTES
from collector.health.health_store import HEALTH_NOTES, SENSOR_HISTORIES
from collector.rollup.people_buckets import PEOPLE_ESTIMATE
from collector.store.blobs import AIR, EVIDENCE, BlobFormat
from collector.store.stored_adjustments import ADJUSTMENTS
from collector.truth.truth_store import TRUTH
from tests.support.servers import ROOT

FORMATS: tuple[BlobFormat[Any], ...] = (
    EVIDENCE,
    AIR,
    PEOPLE_ESTIMATE,
    SENSOR_HISTORIES,
    HEALTH_NOTES,
    ALERT_NOTES,
    ADJUSTMENTS,
    TRUTH,
)
VALUES_OF = "values of"
FOLDER = ROOT / "tests" / "stored_data" / "blobs"


def path_of(format_: BlobFormat[Any], version: int, suffix: str) -> Path:
    return FOLDER / f"{format_.kind.name.lower()}-{version}.{suffix}"


def describe_layout(type_: Any) -> str:
    """One line for each struct: its fields in order, with their types; a field with `=` has a default.

    After them, one line for each enumeration with its values.
    """
    found: dict[str, str] = {}
    top = _describe(inspect.type_info(type_), found)
    return "".join(f"{line}\n" for line in (top, *(f"{name}: {fields}" for name, fields in sorted(found.items()))))


def _describe(info: inspect.Type, structs: dict[str, str]) -> str:  # noqa: PLR0911 - one for each type
    match info:
        case inspect.StructType():
            name = info.cls.__name__
            if name not in structs:
                structs[name] = ""
                fields = [
                    f"{each.encode_name} {_describe(each.type, structs)}{'' if each.required else ' ='}"
                    for each in info.fields
                ]
                structs[name] = f"{'array' if info.array_like else 'map'} of {', '.join(fields)}"
            return name
        case inspect.EnumType():
            structs[f"{VALUES_OF} {info.cls.__name__}"] = " ".join(sorted(str(each.value) for each in info.cls))
            return info.cls.__name__
        case inspect.UnionType():
            return " or ".join(_describe(each, structs) for each in info.types)
        case inspect.VarTupleType() | inspect.ListType() | inspect.CollectionType():
            return f"[{_describe(info.item_type, structs)}, ...]"
        case inspect.TupleType():
            return f"[{', '.join(_describe(each, structs) for each in info.item_types)}]"
        case inspect.DictType():
            return f"{{{_describe(info.key_type, structs)}: {_describe(info.value_type, structs)}}}"
    return type(info).__name__.removesuffix("Type").lower()


def name_fields(value: Any) -> Any:
    """The same value, structs as objects with the names of their fields."""
    if isinstance(value, msgspec.Struct):
        return {name: name_fields(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, dict):
        return {str(key): name_fields(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [name_fields(each) for each in value]
    return value.value if isinstance(value, Enum) else value


def make_example(type_: Any) -> Any:
    """A value of a type in which no two numbers or texts are equal, so that swapped fields are seen."""
    return msgspec.convert(_make(inspect.type_info(type_), count(1)), type_, strict=False)


def _make(info: inspect.Type, numbers: Iterator[int]) -> Any:  # noqa: C901, PLR0911 - one for each type
    match info:
        case inspect.StructType():
            values = {each.encode_name: _make(each.type, numbers) for each in info.fields}
            return list(values.values()) if info.array_like else values
        case inspect.EnumType():
            values = [each.value for each in info.cls]
            return values[next(numbers) % len(values)]
        case inspect.UnionType():
            return _make(next(each for each in info.types if not isinstance(each, inspect.NoneType)), numbers)
        case inspect.VarTupleType() | inspect.ListType():
            return [_make(info.item_type, numbers)]
        case inspect.TupleType():
            return [_make(each, numbers) for each in info.item_types]
        case inspect.DictType():
            return {str(_make(info.key_type, numbers)): _make(info.value_type, numbers)}
        case inspect.StrType():
            return f"text-{next(numbers)}"
        case inspect.FloatType():
            return next(numbers) + 0.5
        case inspect.BoolType():
            return True
        case inspect.IntType():
            return next(numbers)
    raise TypeError(f"no example of {info}")


def write_new_versions() -> None:
    """Write the files of versions that have none."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for each in FORMATS:
        path = path_of(each, each.version, "blob")
        if path.exists():
            continue
        value = make_example(each.stored_type)
        path.write_bytes(each.encode(value))
        named = json.dumps(name_fields(value), indent=1, ensure_ascii=False)
        path.with_suffix(".json").write_text(f"{named}\n", encoding="utf-8")
        path.with_suffix(".layout").write_text(describe_layout(each.stored_type), encoding="utf-8")


if __name__ == "__main__":
    write_new_versions()
