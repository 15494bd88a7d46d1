"""Judges an interchange as a whole: what a TA1 says of it.

Faults that a sender has to mend before anything of the interchange can be used are errors (R); what is wrong and
stands in nobody's way is a warning (E). ``reading`` finds those that the bytes show; those that depend on what we
know (the sender, the receiver, the numbers seen before) are judged here, and only where that is given.
"""

from __future__ import annotations

from collections.abc import Collection, Container
from dataclasses import dataclass
from typing import Literal

from integration.x12.findings import Finding, interchange_finding
from integration.x12.received import InterchangeReading

# Qualifier and ID, as ISA05 and ISA06 or ISA07 and ISA08 hold them, without padding.
Identity = tuple[str, str]

_NO_ERROR = "000"
_STRUCTURE = "022"


@dataclass(frozen=True, slots=True)
class InterchangeVerdict:
    """The judgement on an interchange: TA104 (A accepted, E accepted with errors noted, R rejected) and TA105.

    ``requested``: ISA14 asks for a TA1. ``note`` is that of the first finding of the gravest kind, 000 where there is
    none. ``findings`` are all of the interchange.
    """

    requested: bool
    code: Literal["A", "E", "R"]
    note: str
    findings: list[Finding]


def judge_interchange(
    reading: InterchangeReading,
    *,
    receivers: Collection[Identity] | None = None,
    senders: Collection[Identity] | None = None,
    numbers_seen: Container[str] | None = None,
    usage: str | None = None,
) -> InterchangeVerdict:
    """Judges an interchange that was read.

    ``receivers`` are our own identities, ``senders`` those of whom we take interchanges, ``numbers_seen`` the control
    numbers (ISA13) that this sender used before, ``usage`` the ISA15 that we take. What is not given is not judged.
    """
    findings = [*reading.findings]
    if reading.sender_id or not reading.problem:
        if receivers is not None:
            findings += _receiver_findings(reading, receivers)
        if senders is not None:
            findings += _sender_findings(reading, senders)
        if numbers_seen is not None and reading.control_number in numbers_seen:
            sentence = f"Interchange control number {reading.control_number} (ISA13) was used before."
            findings.append(interchange_finding("error", "ISA", "025", reading.control_number, sentence))
        if usage is not None and reading.usage_indicator != usage:
            sentence = f"ISA15 is {reading.usage_indicator!r}, {usage!r} is taken here."
            findings.append(interchange_finding("error", "ISA", "020", reading.usage_indicator, sentence))
    if reading.problem and not any(finding.severity == "error" for finding in findings):
        findings.append(interchange_finding("error", "ISA", _STRUCTURE, "", reading.problem))
    requested = reading.acknowledgment_requested
    for severity, code in (("error", "R"), ("warning", "E")):
        note = next((each.code_997 for each in findings if each.severity == severity), None)
        if note is not None:
            return InterchangeVerdict(requested, "R" if code == "R" else "E", note, findings)
    return InterchangeVerdict(requested, "A", _NO_ERROR, findings)


def _receiver_findings(reading: InterchangeReading, receivers: Collection[Identity]) -> list[Finding]:
    qualifier, name = reading.receiver_qualifier, reading.receiver_id
    if (qualifier, name) in receivers:
        return []
    if any(name == each for _, each in receivers):
        sentence = f"The receiver {name!r} is known here under another qualifier than {qualifier!r} (ISA07)."
        return [interchange_finding("error", "ISA", "007", qualifier, sentence)]
    if not name:
        return [interchange_finding("error", "ISA", "008", name, "The receiver ID (ISA08) is blank.")]
    sentence = f"The receiver {qualifier}:{name} is not known here."
    return [interchange_finding("error", "ISA", "009", name, sentence)]


def _sender_findings(reading: InterchangeReading, senders: Collection[Identity]) -> list[Finding]:
    qualifier, name = reading.sender_qualifier, reading.sender_id
    if (qualifier, name) in senders:
        return []
    if any(name == each for _, each in senders):
        sentence = f"The sender {name!r} is known here under another qualifier than {qualifier!r} (ISA05)."
        return [interchange_finding("error", "ISA", "005", qualifier, sentence)]
    sentence = f"The sender {qualifier}:{name} is not known here."
    return [interchange_finding("error", "ISA", "006", name, sentence)]
