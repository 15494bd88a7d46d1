"""A canonical document (the JSON of ``Translation.content``) as blocks and tables for people, whatever its kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archive.models import document_name
from integration.documents import KINDS, SETS
from integration.x12.acknowledgment import (
    CODE_MEANINGS,
    GROUP_MEANINGS,
    SET_MEANINGS,
)
from portal.admin.blocks import Cell, Column, Pair, Readable, Row, Table
from portal.admin.business_document import BusinessDocument

Json = Mapping[str, Any]


def readable(transaction_set: str, content: Json | None) -> Readable | None:
    """Return the canonical ``content`` for people; None where the document was not translated."""
    if content is None:
        return None
    if transaction_set == "997":
        return _functional_acknowledgment(content)
    if transaction_set not in SETS:
        return None
    return BusinessDocument(content, str(content.get("currency", ""))).whole(KINDS[SETS[transaction_set]])


def _functional_acknowledgment(content: Json) -> Readable:
    code = content.get("group_code", "")
    pairs = [
        Pair(
            "Answers our group",
            f"{content.get('group_id', '')} {content.get('group_control_number', '')}".strip(),
        ),
        Pair("The group is", _code_words(code)),
    ]
    for name, title in (
        ("declared", "Documents sent"),
        ("received", "Documents received"),
        ("accepted", "Documents accepted"),
    ):
        if content.get(name) is not None:
            pairs.append(Pair(title, str(content[name])))
    rows = [
        Row(
            [
                Cell(document_name(each.get("set_code", ""))),
                Cell(each.get("control_number", "")),
                Cell(_code_words(each.get("code", ""))),
            ],
            [_finding(finding) for finding in each.get("findings", ())]
            + [SET_MEANINGS.get(reason, f"Code {reason}").capitalize() for reason in each.get("reasons", ())],
        )
        for each in content.get("sets", ())
    ]
    tables = (
        [Table("Documents", [Column("Document"), Column("Control number"), Column("Answer")], rows)]
        if rows
        else []
    )
    notes = [
        GROUP_MEANINGS.get(reason, f"Code {reason}").capitalize() for reason in content.get("reasons", ())
    ]
    return Readable(pairs, [], tables, notes + [str(problem) for problem in content.get("problems", ())])


def _code_words(code: str) -> str:
    if not code:
        return "not said"
    return f"{CODE_MEANINGS[code].capitalize()} ({code})" if code in CODE_MEANINGS else f"Code {code}"


def _finding(finding: Json) -> str:
    return (
        str(finding.get("sentence") or "")
        or f"Segment {finding.get('segment_tag', '')}, code {finding.get('code_997', '')}"
    )
