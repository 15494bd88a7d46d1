"""What one document says: judged against the standard, read by its guide, and named for search. No writing here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from archive.models import Validation
from archive.search import KINDS
from integration.documents import Document, DocumentError, StockLine, shape_of, to_json
from integration.matching.evidence import KINDS as PICTURES_AND_FORMS
from integration.matching.evidence import judge
from integration.matching.invoicing.files import read_file
from integration.x12.acknowledgment import read_997
from integration.x12.findings import Finding
from integration.x12.implementation_acknowledgment import read_999
from integration.x12.interchange_acknowledgment import read_ta1
from integration.x12.syntax import Segment, Separators
from integration.x12.tables import find_table
from integration.x12.text_message import read_864
from integration.x12.validate import SetVerdict
from partners.mapping.reader import read
from partners.mapping.report import Entry
from partners.mapping.rules import Guide

NOT_FOUND_BY = frozenset({StockLine})
"""Records whose numbers a document is not looked for by: a stock advice may have 10,000 items, and comes every hour. What
was said of an item stands in the supplier's stock."""
Codes = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Translated:
    """Everything derived from the bytes of one document."""

    validation: str
    findings: list[dict[str, Any]]
    report: list[dict[str, Any]] = field(default_factory=list)
    content: dict[str, Any] | None = None
    number: str = ""
    references: list[tuple[str, str]] = field(default_factory=list)


def translate_segments(
    segments: Sequence[Segment],
    transaction_set: str,
    version: str,
    separators: Separators,
    codes: Codes,
    verdict: SetVerdict,
    guide: Guide | None,
) -> Translated:
    """Read one transaction set, ST to SE, as it was judged, by ``guide``; without one it is not read."""
    if transaction_set == "TA1":
        return Translated(Validation.VALID, [], [], asdict(read_ta1(segments[0])) if segments else None)
    findings = verdict.findings
    if find_table(transaction_set, version) is None or not segments:
        return Translated(_validation(findings, []), [asdict(each) for each in findings])
    if transaction_set in ("997", "999"):
        said = (read_997 if transaction_set == "997" else read_999)(segments, separators)
        return Translated(_validation(findings, []), [asdict(each) for each in findings], [], asdict(said))
    if transaction_set == "864":
        message = read_864(segments)
        named = [("reference", number) for number in message.numbers()]
        return Translated(
            _validation(findings, []),
            [asdict(each) for each in findings],
            content=asdict(message),
            references=named,
        )
    if guide is None or verdict.walk is None:
        return Translated(_validation(findings, []), [asdict(each) for each in findings])
    result = read(verdict.walk.root, guide, codes, separators)
    document = result.document
    return Translated(
        validation=_validation(findings, result.report),
        findings=[asdict(each) for each in findings],
        report=[asdict(each) for each in result.report],
        content=to_json(document) if document is not None else None,
        number=_own_number(document),
        references=list(dict.fromkeys(_references(document))),
    )


def translate_file(data: bytes, file_format: str) -> Translated:
    """Read a file of ours that is no X12: an invoice, or a photo or form, which is whole and says nothing to be read."""
    if file_format in PICTURES_AND_FORMS:
        told = judge(data).kind
        is_whole = told is not None and told.name == file_format
        return Translated(Validation.VALID if is_whole else Validation.INVALID, [])
    try:
        document = read_file(data, file_format)
    except DocumentError:
        return Translated(Validation.INVALID, [])
    return Translated(
        validation=Validation.VALID,
        findings=[],
        content=to_json(document),
        number=_own_number(document),
        references=list(dict.fromkeys(_references(document))),
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


def _own_number(document: Document | None) -> str:
    """Return the number that ``document`` goes by."""
    shapes = shape_of(type(document)).values() if document is not None else ()
    named = (getattr(document, shape.name) for shape in shapes if shape.own_number)
    return next((str(value) for value in named if value), "")


def _references(record: Any) -> Iterator[tuple[str, str]]:
    """Yield every number by which a document, or a part of one, may be looked for, with its kind."""
    if record is None:
        return
    for shape in shape_of(type(record)).values():
        value = getattr(record, shape.name)
        for each in value if shape.many else (value,):
            if shape.record in NOT_FOUND_BY:
                break
            if shape.record is not None:
                yield from _references(each)
            elif shape.reference and each:
                yield shape.reference if shape.reference in KINDS else "reference", str(each)
