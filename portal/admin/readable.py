"""A canonical document (the JSON of ``Translation.content``) as blocks and tables for people, whatever its kind."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any

from archive.models import document_name
from integration.documents import KINDS, SETS
from integration.x12.acknowledgment_codes import (
    CODE_MEANINGS,
    GROUP_MEANINGS,
    NOTE_MEANINGS,
    SET_MEANINGS,
)
from portal.admin.blocks import Block, Cell, Column, Pair, Readable, Row, Table
from portal.admin.business_document import BusinessDocument, party_lines
from portal.admin.record_words import DATES, REFERENCES, ROLES, coded
from portal.admin.show import day

Json = Mapping[str, Any]


def readable(transaction_set: str, content: Json | None) -> Readable | None:
    """Return the canonical ``content`` for people; None where the document was not translated."""
    if content is None:
        return None
    if transaction_set in _ANSWERS:
        return _ANSWERS[transaction_set](content)
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


def _interchange_acknowledgment(content: Json) -> Readable:
    note = content.get("note", "")
    why = NOTE_MEANINGS.get(note, "for a reason that we do not know")
    pairs = [
        Pair("Answers our interchange (ISA13)", content.get("control_number", "")),
        Pair("Sent on", " ".join(part for part in (_date(content), content.get("time", "")) if part)),
        Pair("The interchange is", _code_words(content.get("code", ""))),
    ]
    if note and note != "000":
        pairs.append(Pair("Because", f"{why[:1].upper()}{why[1:]} ({note})"))
    return Readable(pairs, [], [], [str(problem) for problem in content.get("problems", ())])


def _text_message(content: Json) -> Readable:
    purpose = _PURPOSES.get(content.get("purpose", ""), f"Code {content.get('purpose', '')}")
    named = [
        ("Purpose", purpose),
        ("About", content.get("description", "")),
        ("Kind", content.get("kind", "")),
    ]
    pairs = [Pair(title, text) for title, text in named if text]
    for each in content.get("dates", ()):
        day_words = " ".join(part for part in (_date(each), each.get("time", "")) if part)
        pairs.append(Pair(coded(DATES, each.get("qualifier", ""), "Date"), day_words))
    blocks = [_message_party(each) for each in content.get("parties", ())]
    notes = []
    for message in content.get("messages", ()):
        notes.append(
            " ".join(part for part in (message.get("title", ""), f"({message.get('number', '')})") if part)
        )
        blocks.extend(_message_party(each) for each in message.get("parties", ()))
        notes.extend(line for line in message.get("lines", ()) if line.strip())
    return Readable(pairs, blocks, [], notes + [str(problem) for problem in content.get("problems", ())])


def _message_party(party: Json) -> Block:
    lines = party_lines(
        {
            **party,
            "id_kind": party.get("id_qualifier", ""),
            "address_lines": [
                *party.get("more_names", ()),
                *party.get("address_lines", ()),
            ],
        }
    )
    lines += [
        f"{coded(REFERENCES, kind, 'Reference')}: {number}" for kind, number in party.get("references", ())
    ]
    for contact in party.get("contacts", ()):
        lines += [contact.get("name", ""), *(number for _, number in contact.get("channels", ()))]
    return Block(coded(ROLES, party.get("role", ""), "Party"), [line for line in lines if line])


def _date(content: Json) -> str:
    text = str(content.get("date", ""))
    year = f"20{text}" if len(text) == 6 else text
    try:
        return day(datetime.datetime.strptime(year, "%Y%m%d").date())  # noqa: DTZ007 - a date alone
    except ValueError:
        return text


_PURPOSES = {
    "00": "Original",
    "01": "Cancel",
    "04": "Change",
    "05": "Replace",
    "06": "Confirmation",
    "07": "Duplicate",
}
_ANSWERS: Mapping[str, Callable[[Json], Readable]] = {
    "997": _functional_acknowledgment,
    "999": _functional_acknowledgment,
    "TA1": _interchange_acknowledgment,
    "864": _text_message,
}
