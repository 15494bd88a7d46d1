"""The JSON Schema of documents: it takes what is a document, refuses what is none, and says what each field means."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator, FormatChecker

from integration.documents import KINDS, DocumentError, FieldShape, json_schema, shape_of, to_json
from tests.partners.mapping.generated_documents import documents
from tests.partners.mapping.mapped_documents import GOLDEN, PAIRS, guide_of

ROOT = Path(__file__).resolve().parents[2]


def faults(kind: str, data: object) -> list[str]:
    validator = Draft202012Validator(json_schema(kind), format_checker=FormatChecker())
    return sorted("/".join(map(str, each.absolute_path)) for each in validator.iter_errors(data))


@pytest.mark.parametrize("kind", KINDS)
def test_the_schema_is_a_schema(kind: str) -> None:
    schema = json_schema(kind)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert list(schema["properties"]) == list(shape_of(KINDS[kind]))


@pytest.mark.parametrize("name", GOLDEN)
def test_every_hand_made_document_is_of_its_schema(name: str) -> None:
    data = json.loads((PAIRS / f"{name}.json").read_text(encoding="utf-8"))
    assert faults(guide_of(name).document, data) == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_as_json_is_of_the_schema(kind: str) -> None:
    validator = Draft202012Validator(json_schema(kind), format_checker=FormatChecker())
    seen = 0

    @settings(
        max_examples=5,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(documents(kind))
    def law(document: Any) -> None:
        nonlocal seen
        assert list(validator.iter_errors(json.loads(json.dumps(to_json(document))))) == []
        seen += 1

    law()
    assert seen == 5


@pytest.mark.parametrize(
    ("data", "places"),
    [
        ({"total": 12.5}, ["total"]),
        ({"total": "12,50"}, ["total"]),
        ({"invoice_date": "2026-02-31"}, ["invoice_date"]),
        ({"type": "credit"}, ["type"]),
        ({"type": "?ZZ"}, []),
        ({"type": "credit_memo", "color": "red"}, [""]),
        ({"lines": {}}, ["lines"]),
        ({"lines": [{"quantity": "2"}, {"quantity": 2}]}, ["lines/1/quantity"]),
        ({"terms": [{"net_days": 30}, {"net_days": "30"}]}, ["terms/1/net_days"]),
        ({"ship_to": {"contact": {"phone": 7}}}, ["ship_to/contact/phone"]),
    ],
)
def test_what_is_no_invoice_is_refused_at_its_place(data: object, places: list[str]) -> None:
    assert faults("invoice", data) == places


def test_a_time_has_no_zone() -> None:
    assert faults("stock_advice", {"time": "14:30:00"}) == []
    assert faults("stock_advice", {"time": "14:30:00Z"}) == ["time"]


def fields() -> Iterator[tuple[type, FieldShape]]:
    """Every field of every record of every kind, once."""
    records = list(KINDS.values())
    for record in records:
        for shape in shape_of(record).values():
            yield record, shape
            if shape.record is not None and shape.record not in records:
                records.append(shape.record)


def test_every_field_says_what_it_means_and_every_number_its_unit() -> None:
    counted = {"number", "element_reference", "group_control_number"}
    silent = [
        f"{record.__name__}.{shape.name}"
        for record, shape in fields()
        if not shape.meaning
        or (shape.scalar in (Decimal, int) and not (shape.unit or shape.link) and shape.name not in counted)
    ]
    assert silent == []


def test_a_description_holds_meaning_and_unit() -> None:
    lines = json_schema("invoice")["$defs"]["InvoiceLine"]["properties"]
    assert lines["unit_price"] == {
        "description": "Price of one unit. Unit: the document's currency, for each unit.",
        "type": "string",
        "pattern": r"^-?[0-9]+(\.[0-9]+)?(E[+-][0-9]+)?$",
    }


def test_an_unknown_kind_is_told() -> None:
    with pytest.raises(
        DocumentError, match=r"There is no document of the kind 'bill'; use one of purchase_order, "
    ):
        json_schema("bill")


def test_the_schema_is_printed_by_a_command() -> None:
    command = [sys.executable, "-m", "integration.documents", "schema", "stock_advice"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=300)
    assert json.loads(printed.stdout) == json_schema("stock_advice")
    wrong = subprocess.run([*command[:-1], "bill"], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert (wrong.returncode, wrong.stdout) == (2, "")
