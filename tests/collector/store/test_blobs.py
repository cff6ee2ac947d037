"""Stored values begin with their kind and version; bytes of every version are still decoded."""

import json
import re
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct, msgpack, structs

from collector.contract.states import Because, Reason
from collector.occupancy.evidence import EMPTY_EVIDENCE
from collector.occupancy.zone_air import AirState
from collector.store.blobs import AIR, EVIDENCE, BlobFormat, BlobKind, BlobRejected, OlderVersion
from tests.support.collector.stored_blobs import FOLDER, FORMATS, VALUES_OF, describe_layout, name_fields, path_of
from tests.support.servers import ROOT

HOW = "raise the version of its BlobFormat, decode the old one in `older`, and run tests.support.collector.stored_blobs"


def split_layout(text: str) -> tuple[list[str], dict[str, set[str]]]:
    """The lines of structs; the values of enumerations."""
    enums = [line.partition(": ") for line in text.splitlines() if line.startswith(VALUES_OF)]
    structs = [line for line in text.splitlines() if not line.startswith(VALUES_OF)]
    return structs, {name: set(values.split()) for name, _, values in enums}


def test_every_kind_of_value_has_one_format() -> None:
    assert sorted(each.kind for each in FORMATS) == sorted(BlobKind)


def test_no_other_file_encodes_stored_values() -> None:
    blobs = ROOT / "collector" / "store" / "blobs.py"
    others = [
        path for path in (ROOT / "collector").rglob("*.py") if path not in {blobs, blobs.with_name("journal_schema.py")}
    ]
    assert not [str(path) for path in others if "msgpack." in path.read_text()]


@pytest.mark.parametrize("format_", FORMATS, ids=lambda each: each.kind.name)
def test_a_layout_changes_only_together_with_its_version(format_: BlobFormat[Any]) -> None:
    recorded = path_of(format_, format_.version, "layout")
    assert recorded.exists(), f"there is no {recorded}: {HOW}"
    stored, stored_values = split_layout(recorded.read_text())
    now, now_values = split_layout(describe_layout(format_.stored_type))
    assert now == stored, f"{format_.kind.name.lower()} has another layout: {HOW}"
    for name, values in stored_values.items():  # more values may be added without a new version
        assert values <= now_values[name], f"{format_.kind.name.lower()}: {name} are fewer: {HOW}"


@pytest.mark.parametrize("blob", sorted(FOLDER.glob("*.blob")), ids=lambda path: path.stem)
def test_stored_bytes_of_every_version_are_decoded(blob: Path) -> None:
    stored = blob.read_bytes()
    (format_,) = (each for each in FORMATS if each.kind == stored[0])
    assert name_fields(format_.decode(stored)) == json.loads(blob.with_suffix(".json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("format_", FORMATS, ids=lambda each: each.kind.name)
def test_every_version_that_was_ever_written_has_stored_bytes(format_: BlobFormat[Any]) -> None:
    for version in range(1, format_.version + 1):
        assert path_of(format_, version, "blob").read_bytes()[:2] == bytes((format_.kind, version))


@pytest.mark.parametrize(("mine", "other"), list(permutations(FORMATS, 2)), ids=lambda each: each.kind.name)
def test_a_value_of_another_kind_is_rejected(mine: BlobFormat[Any], other: BlobFormat[Any]) -> None:
    stored = path_of(other, other.version, "blob").read_bytes()
    with pytest.raises(BlobRejected, match=f"expected {mine.kind.name.lower()}, got {other.kind.name.lower()}"):
        mine.decode(stored)


@pytest.mark.parametrize(
    ("stored", "problem"),
    [
        (b"", "expected evidence, got nothing"),
        (b"\x01", "expected evidence, got evidence"),
        (b"\x9c\x94\xcf\x00\x00", "expected evidence, got an unknown kind of value (9c94cf00)"),
        (b"\x01\x63\x90", "unknown version 99 of evidence; known versions: 1, 2, 3, 4, 5"),
        (b"\x01\x01", "evidence of version 1 cannot be decoded: Input data was truncated"),
        (b"\x01\x01" + b"\x91" * 5000, "evidence of version 1 cannot be decoded: "),
        (b"\x01\x01" + msgpack.encode(AirState()), "evidence of version 1 cannot be decoded: Expected `array`"),
    ],
)
def test_bytes_that_are_no_such_value_are_rejected_with_the_reason(stored: bytes, problem: str) -> None:
    with pytest.raises(BlobRejected, match=f"^{re.escape(problem)}"):
        EVIDENCE.decode(stored)


def test_what_is_encoded_is_decoded_to_the_same_value() -> None:
    assert EVIDENCE.decode(EVIDENCE.encode(EMPTY_EVIDENCE)) == EMPTY_EVIDENCE
    assert AIR.decode(AIR.encode(AirState())) == AirState()


@pytest.mark.parametrize(
    ("stored_name", "reason"), [("never_heard", Reason.NEVER_REPORTED), ("settling", Reason.WARMING_UP)]
)
def test_a_renamed_reason_of_older_evidence_is_decoded(stored_name: str, reason: Reason) -> None:
    evidence = structs.replace(EMPTY_EVIDENCE, because=Because(reason), previous_because=Because(reason))
    fields = [{"reason": stored_name} if isinstance(field, Because) else field for field in structs.astuple(evidence)]
    assert EVIDENCE.decode(bytes((BlobKind.EVIDENCE, 1)) + msgpack.encode(fields)) == evidence


class OldLimits(Struct, array_like=True):
    low: int
    high: int


class NewLimits(Struct, array_like=True):
    high: int
    low: int


def test_a_value_of_an_older_version_is_decoded_by_the_decoder_of_that_version() -> None:
    old = BlobFormat(BlobKind.AIR, 1, OldLimits).encode(OldLimits(low=3, high=9))
    new = BlobFormat(BlobKind.AIR, 2, NewLimits, {1: OlderVersion(OldLimits, lambda old: NewLimits(old.high, old.low))})
    assert new.decode(old) == NewLimits(high=9, low=3)
    assert new.decode(new.encode(NewLimits(high=9, low=3))) == NewLimits(high=9, low=3)
