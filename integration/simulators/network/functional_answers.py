"""What a supplier's translator says of an 850 as a document: the body of its 997, as a table of verdicts.

=================== ============================================================================= ===== =====
verdict             what the supplier means                                                       AK501 AK901
=================== ============================================================================= ===== =====
accept              the document holds to the standard                                            A     A
errors              it is used, though its order type (BEG02) is a code that he does not know     E     E
reject              it is not used: the purchase order number (BEG03) holds a character that he    R     R
                    does not take
partial             as reject; others of the group are used, or he says so of a group of one      R     P
unknown_group       accept, of a group that was never sent to him (AK102)                         A     A
contradiction       the set is accepted, and its group rejected                                   A     R
contradiction_set   the set is rejected, and its group accepted                                   R     A
=================== ============================================================================= ===== =====

Where no verdict says otherwise, AK901 follows from the sets of the group: P where some are rejected, else R, E or A.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from integration.simulators.network.purchase_orders import PurchaseOrder, Segments

HEADINGS = {"850": "BEG", "855": "BAK", "860": "BCH"}
NEVER_SENT = "987654321"
"""A group control number beyond all that a test or a demo reaches."""


@dataclass(frozen=True)
class Verdict:
    """``set_code`` is AK501; ``group_code`` AK901 where it does not follow from the sets."""

    set_code: str
    group_code: str = ""
    group_number: str = ""


VERDICTS = {
    "accept": Verdict("A"),
    "errors": Verdict("E"),
    "reject": Verdict("R"),
    "partial": Verdict("R", group_code="P"),
    "unknown_group": Verdict("A", group_number=NEVER_SENT),
    "contradiction": Verdict("A", group_code="R"),
    "contradiction_set": Verdict("R", group_code="A"),
}


def functional_acknowledgment(group: Sequence[tuple[PurchaseOrder, str]]) -> Segments:
    """Return the body of a 997 for the purchase orders of one group, each with the name of its verdict."""
    verdicts = [VERDICTS[name] for _, name in group]
    group_number = next((each.group_number for each in verdicts if each.group_number), group[0][0].gs06)
    body = [["AK1", group[0][0].group, group_number]]
    for (order, _), verdict in zip(group, verdicts, strict=True):
        findings = _findings(order, verdict.set_code)
        body.append(["AK2", order.code, order.st02])
        body.extend(findings)
        body.append(["AK5", verdict.set_code, *(["5"] if findings else [])])
    return [*body, _group_verdict(verdicts)]


def _findings(order: PurchaseOrder, set_code: str) -> Segments:
    element_errors = {
        "E": ["AK4", "2", "92", "7", order.order_type],
        "R": ["AK4", "3", "324", "6", order.number],
    }
    error = element_errors.get(set_code)
    return [["AK3", HEADINGS[order.code], "2", "", "8"], error] if error else []


def _group_verdict(verdicts: Sequence[Verdict]) -> list[str]:
    accepted = sum(each.set_code != "R" for each in verdicts)
    stated = next((each.group_code for each in verdicts if each.group_code), "")
    code = stated or _following(verdicts, accepted)
    counted = {"A": len(verdicts), "R": 0}.get(code, accepted)
    return ["AK9", code, str(len(verdicts)), str(len(verdicts)), str(counted)]


def _following(verdicts: Sequence[Verdict], accepted: int) -> str:
    if accepted < len(verdicts):
        return "P" if accepted else "R"
    return "E" if any(each.set_code == "E" for each in verdicts) else "A"
