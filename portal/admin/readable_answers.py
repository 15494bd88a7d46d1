"""Acknowledgments (997, 999, TA1) and text messages (864) for people: what no guide reads."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from django.utils.translation import gettext, gettext_lazy

from archive.models import document_name
from integration.x12.acknowledgment_codes import (
    CODE_MEANINGS,
    GROUP_MEANINGS,
    IMPLEMENTATION_SET_MEANINGS,
    NOTE_MEANINGS,
)
from portal.admin.blocks import Block, Cell, Column, Pair, Readable, Row, Table
from portal.admin.show import day

Json = Mapping[str, Any]
_PARTIES = {
    "FR": gettext_lazy("From"),
    "TO": gettext_lazy("To"),
    "BY": gettext_lazy("Buyer"),
    "SE": gettext_lazy("Seller"),
    "ST": gettext_lazy("Ship to"),
    "VN": gettext_lazy("Vendor"),
}
_CHANNELS = {"TE": gettext_lazy("Telephone"), "EM": gettext_lazy("E-mail"), "FX": gettext_lazy("Fax")}


def _functional_acknowledgment(content: Json) -> Readable:
    code = content.get("group_code", "")
    pairs = [
        Pair(
            gettext("Answers our group"),
            f"{content.get('group_id', '')} {content.get('group_control_number', '')}".strip(),
        ),
        Pair(gettext("The group is"), _code_words(code)),
    ]
    if content.get("version"):
        pairs.append(Pair(gettext("Version of the group"), str(content["version"])))
    for name, title in (
        ("declared", gettext("Documents sent")),
        ("received", gettext("Documents received")),
        ("accepted", gettext("Documents accepted")),
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
            + [
                IMPLEMENTATION_SET_MEANINGS.get(
                    reason, gettext("Code %(code)s") % {"code": reason}
                ).capitalize()
                for reason in each.get("reasons", ())
            ],
        )
        for each in content.get("sets", ())
    ]
    tables = (
        [
            Table(
                gettext("Documents"),
                [Column(gettext("Document")), Column(gettext("Control number")), Column(gettext("Answer"))],
                rows,
            )
        ]
        if rows
        else []
    )
    notes = [
        GROUP_MEANINGS.get(reason, gettext("Code %(code)s") % {"code": reason}).capitalize()
        for reason in content.get("reasons", ())
    ]
    return Readable(pairs, [], tables, notes + [str(problem) for problem in content.get("problems", ())])


def _code_words(code: str) -> str:
    if not code:
        return gettext("not said")
    return (
        f"{CODE_MEANINGS[code].capitalize()} ({code})"
        if code in CODE_MEANINGS
        else gettext("Code %(code)s") % {"code": code}
    )


def _finding(finding: Json) -> str:
    return str(finding.get("sentence") or "") or gettext("Segment %(tag)s, code %(code)s") % {
        "tag": finding.get("segment_tag", ""),
        "code": finding.get("code_997", ""),
    }


def _interchange_acknowledgment(content: Json) -> Readable:
    code, note = content.get("code", ""), content.get("note", "")
    pairs = [
        Pair(gettext("Answers our interchange (ISA13)"), str(content.get("control_number", ""))),
        Pair(gettext("The interchange is"), _code_words(code)),
        Pair(
            gettext("Because"),
            f"{NOTE_MEANINGS.get(note) or gettext('of a reason that we do not know')} ({note})",
        ),
        Pair(gettext("Date and time of the interchange"), _moment(content)),
    ]
    if note == "000":
        del pairs[2]
    return Readable(
        [pair for pair in pairs if pair.words], [], [], [str(each) for each in content.get("problems", ())]
    )


def _moment(content: Json) -> str:
    """Return a date of six or eight digits and the time beside it; what is no date as it came."""
    date, time = str(content.get("date", "")), str(content.get("time", ""))
    pattern = {6: "%y%m%d", 8: "%Y%m%d"}.get(len(date))
    if pattern and date.isascii() and date.isdigit():
        with suppress(ValueError):
            date = day(datetime.datetime.strptime(date, pattern).date())  # noqa: DTZ007 - a date alone
    return f"{date} {time}".strip()


def _text_message(content: Json) -> Readable:
    pairs = [
        Pair(gettext("About"), content.get("description", "")),
        Pair(gettext("Kind"), content.get("kind", "")),
        *(
            Pair(gettext("Date (code %(code)s)") % {"code": each.get("qualifier", "")}, _moment(each))
            for each in content.get("dates", ())
        ),
    ]
    blocks = [_party(each) for each in content.get("parties", ())]
    tables = []
    for message in content.get("messages", ()):
        blocks += [_party(each) for each in message.get("parties", ())]
        title = message.get("title") or gettext("Message")
        number = f" ({message['number']})" if message.get("number") else ""
        rows = [Row([Cell(line)]) for line in message.get("lines", ())]
        tables.append(Table(f"{title}{number}", [Column(gettext("Text"))], rows))
    notes = [str(problem) for problem in content.get("problems", ())]
    return Readable([pair for pair in pairs if pair.words], blocks, tables, notes)


def _party(party: Json) -> Block:
    role = party.get("role", "")
    place = " ".join(part for part in (party.get("state"), party.get("postal_code")) if part)
    lines = [party.get("name"), *party.get("more_names", ()), *party.get("address_lines", ())]
    lines += [", ".join(part for part in (party.get("city"), place) if part), party.get("country")]
    lines += [f"{qualifier} {number}" for qualifier, number in party.get("references", ())]
    for contact in party.get("contacts", ()):
        lines.append(contact.get("name"))
        lines += [f"{_CHANNELS.get(kind, kind)} {number}" for kind, number in contact.get("channels", ())]
    return Block(
        _PARTIES.get(role, gettext("Party, role %(role)s") % {"role": role}),
        lines=[str(line) for line in lines if line],
    )


ANSWERS: Mapping[str, Callable[[Json], Readable]] = {
    "997": _functional_acknowledgment,
    "999": _functional_acknowledgment,
    "TA1": _interchange_acknowledgment,
    "864": _text_message,
}
