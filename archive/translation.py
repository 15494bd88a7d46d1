"""What one document says: judged against the standard, read by its guide, and named for search. No writing here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from archive.models import Validation
from integration.documents import (
    AcknowledgedLine,
    Item,
    PurchaseOrder,
    PurchaseOrderAcknowledgment,
    to_json,
)
from integration.x12.acknowledgment import read_997
from integration.x12.findings import Finding
from integration.x12.structure import walk
from integration.x12.syntax import Segment, Separators
from integration.x12.tables import find_table
from integration.x12.validate import check_set
from partners.mapping.compiler import load_shipped_guide
from partners.mapping.reader import read
from partners.mapping.report import Entry

Codes = Mapping[str, Mapping[str, str]]
GUIDED_SETS = frozenset({"850", "855"})


@dataclass(frozen=True)
class Translated:
    """Everything derived from the bytes of one document."""

    validation: str
    findings: list[dict[str, Any]]
    report: list[dict[str, Any]] = field(default_factory=list)
    content: dict[str, Any] | None = None
    number: str = ""
    references: list[tuple[str, str]] = field(default_factory=list)


def guide_name(transaction_set: str, version: str) -> str:
    """Return the name of the shipped guide that reads such a set, or ``""``."""
    return f"shipped/{version[:6]}/{transaction_set}" if transaction_set in GUIDED_SETS else ""


def translate_segments(
    segments: Sequence[Segment],
    transaction_set: str,
    version: str,
    separators: Separators,
    codes: Codes,
    findings: Sequence[Finding] | None = None,
) -> Translated:
    """Read one transaction set, ST to SE. ``findings`` are those of its group's check where that was made."""
    table = find_table(transaction_set, version)
    if findings is None:
        findings = check_set(segments, table, separators).findings
    if table is None or not segments:
        return Translated(_validation(findings, []), [asdict(each) for each in findings])
    if transaction_set == "997":
        content = asdict(read_997(segments, separators))
        return Translated(_validation(findings, []), [asdict(each) for each in findings], [], content)
    if transaction_set not in GUIDED_SETS:
        return Translated(_validation(findings, []), [asdict(each) for each in findings])
    result = read(walk(segments, table).root, load_shipped_guide(transaction_set, version), codes, separators)
    document = result.document
    return Translated(
        validation=_validation(findings, result.report),
        findings=[asdict(each) for each in findings],
        report=[asdict(each) for each in result.report],
        content=to_json(document) if document is not None else None,
        number=(document.purchase_order_number or "") if document is not None else "",
        references=_references(document),
    )


def storable(value: Any) -> Any:
    """Return ``value`` with what PostgreSQL cannot keep as text made visible: NUL as ␀, half a surrogate pair as �.

    The bytes stay as they came in the payload; this is for what was read out of them.
    """
    if isinstance(value, str):
        return value.replace("\x00", "␀").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {name: storable(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [storable(each) for each in value]
    return value


def _validation(findings: Sequence[Finding], report: Sequence[Entry]) -> str:
    severities = {each.severity for each in findings}
    if "error" in severities:
        return Validation.INVALID
    if "warning" in severities or any(each.kind in ("error", "untranslated", "conflict") for each in report):
        return Validation.VALID_WITH_NOTES
    return Validation.VALID


def _references(document: PurchaseOrder | PurchaseOrderAcknowledgment | None) -> list[tuple[str, str]]:
    """Return every number by which ``document`` may be looked for, with its kind (``archive.search.KINDS``)."""
    if document is None:
        return []
    found = [("purchase_order", document.purchase_order_number), ("order", document.customer_order_number)]
    if isinstance(document, PurchaseOrderAcknowledgment):
        found.append(("vendor_order", document.vendor_order_number))
    found += [("reference", each.value) for each in document.other_references]
    for line in document.lines:
        found += _item_references(line)
        found += [("reference", each.value) for each in line.references]
        if isinstance(line, AcknowledgedLine):
            for said in line.acknowledgments:
                found += _item_references(said.substitute) if said.substitute else []
    return [(kind, value) for kind, value in dict.fromkeys(found) if value]


def _item_references(item: Item) -> list[tuple[str, str | None]]:
    return [
        ("sku", item.buyer_item),
        ("sku", item.sku),
        ("vendor_item", item.vendor_item),
        ("upc", item.upc),
        ("upc", item.ean),
        ("upc", item.gtin14),
        ("item", item.manufacturer_item),
        ("item", item.buyer_catalogue),
        *(("item", each.value) for each in item.other_ids),
    ]
