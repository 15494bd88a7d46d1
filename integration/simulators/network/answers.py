"""Every way in which a supplier answers one purchase order: names, each with what it changes and what it means.

An answer is a name, or several joined by ``+`` that do not touch the same part: ``short+duplicate+functional_last``
is a short 855 that comes twice, with its 997 behind it. What the names of parts stand for is told by
``order_answers`` (lines of the 855), ``change_answers`` (lines of the 865), ``functional_answers`` (997) and ``envelope_faults`` (the file of the 855).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Plan:
    """What a supplier sends for one purchase order; as it stands, a 997 and an 855 that accept it.

    ``functional`` names the verdict of the 997 and ``order`` the way in which the lines are answered, blank for
    none at all. ``late`` has the 855 wait for the network's pause. ``again`` has it come twice: ``same`` bytes,
    ``renumbered``, or ``altered`` under the same control numbers. ``fault`` befalls its file. ``identity`` says how
    much of the ``other`` supplier stands in it: his ``interchange`` ID, or his ``whole`` identity. ``change`` is how a change
    of the purchase order (860) is answered, blank for not at all; ``change_late`` and ``change_again`` are as for the 855.
    """

    functional: str = "accept"
    functional_last: bool = False
    functional_twice: bool = False
    order: str = "accept"
    late: bool = False
    again: str = ""
    fault: str = ""
    identity: str = ""
    change: str = "accept"
    change_late: bool = False
    change_again: str = ""


@dataclass(frozen=True)
class Answer:
    """``meaning``: what it says of a real supplier. ``changes`` are the fields of ``Plan`` that it sets."""

    meaning: str
    changes: Mapping[str, Any]


def plan_of(answer: str) -> Plan:
    """Return what ``answer`` has a supplier send. Raises ``ValueError`` with a sentence where it says nothing."""
    changed: dict[str, Any] = {}
    for name in answer.split("+"):
        if name not in ANSWERS:
            raise ValueError(f"There is no answer {name!r}. Answers are: {', '.join(ANSWERS)}.")
        changes = ANSWERS[name].changes
        if twice := sorted(changed.keys() & changes.keys()):
            raise ValueError(
                f"The parts of {answer!r} contradict each other: two of them set {', '.join(twice)}."
            )
        changed.update(changes)
    return replace(Plan(), **changed)


ANSWERS = {
    # What the 855 says.
    "accept": Answer("takes all of it, as it was asked", {}),
    "short": Answer("one of the first line is backordered, the rest comes", {"order": "short"}),
    "over": Answer("the first line is one more than was asked: whole packs only", {"order": "over"}),
    "price_up": Answer("the first line costs a tenth more: our price list is old", {"order": "price_up"}),
    "price_down": Answer("the first line costs a tenth less: a promotion", {"order": "price_down"}),
    "late_date": Answer("the first line comes two weeks later than was asked", {"order": "late_date"}),
    "substitute": Answer("the successor of the first line's item is offered", {"order": "substitute"}),
    "reject_line": Answer("the first line will not come, the others will", {"order": "reject_line"}),
    "reject_all": Answer("none of it will come", {"order": "reject_all"}),
    "hold": Answer("nothing is decided yet: the order waits for something", {"order": "hold"}),
    # Whether and when there is an 855.
    "silent": Answer("no 997 and no 855: nobody has looked, or it was lost", {"functional": "", "order": ""}),
    "functional_only": Answer("a 997, and no 855: read by a machine, and by nobody after it", {"order": ""}),
    "late": Answer("the 855 comes after the pause", {"late": True}),
    # What the 865 says that answers a change, and when it comes.
    "change_reject": Answer("no change is taken: it is on its way already", {"change": "reject"}),
    "change_partly": Answer("the first line of a change is not taken, the others are", {"change": "partly"}),
    "change_other": Answer("one more comes of the first line than the change asks for", {"change": "other"}),
    "change_silent": Answer("a change gets a 997, and no 865", {"change": ""}),
    "change_late": Answer("the 865 comes after the pause", {"change_late": True}),
    "change_duplicate": Answer("the network delivers the same 865 twice", {"change_again": "same"}),
    "change_renumbered": Answer(
        "the same 865 comes again under new control numbers", {"change_again": "renumbered"}
    ),
    # How often it comes.
    "duplicate": Answer("the network delivers the same interchange twice", {"again": "same"}),
    "duplicate_renumbered": Answer(
        "the same 855 comes again under new control numbers: sent once more by hand", {"again": "renumbered"}
    ),
    "duplicate_altered": Answer(
        "an 855 with other content comes under the same control numbers: they were restarted",
        {"again": "altered"},
    ),
    # What has become of its file.
    "corrupt": Answer("the 855 has noise in its middle", {"fault": "corrupt"}),
    "cut_off": Answer("the 855 ends in its middle: the transfer broke off", {"fault": "cut_off"}),
    "wrong_counts": Answer("all three counts of the trailers are wrong", {"fault": "wrong_counts"}),
    "wrong_se01": Answer("the count of segments is wrong", {"fault": "wrong_se01"}),
    "wrong_se02": Answer("SE bears another control number than ST", {"fault": "wrong_se02"}),
    "wrong_ge01": Answer("the count of transaction sets is wrong", {"fault": "wrong_ge01"}),
    "wrong_ge02": Answer("GE bears another control number than GS", {"fault": "wrong_ge02"}),
    "wrong_iea01": Answer("the count of groups is wrong", {"fault": "wrong_iea01"}),
    "wrong_iea02": Answer("IEA bears another control number than ISA", {"fault": "wrong_iea02"}),
    "not_x12": Answer("a letter comes in place of the 855", {"fault": "not_x12"}),
    "empty": Answer("a file of no bytes comes in place of the 855", {"fault": "empty"}),
    "huge": Answer("a file of 51 MB comes in place of the 855", {"fault": "huge"}),
    # Whose it says it is.
    "other_supplier": Answer(
        "the other supplier acknowledges a purchase order that he never got", {"identity": "whole"}
    ),
    "other_isa06": Answer(
        "the 855 says in ISA06 that it is the other supplier's, in GS02 not", {"identity": "interchange"}
    ),
    # What the 997 says, and when it comes.
    "reject": Answer("the 850 is rejected with findings; no 855", {"functional": "reject", "order": ""}),
    "functional_errors": Answer("the 850 is accepted with errors", {"functional": "errors"}),
    "functional_partial": Answer(
        "the group is accepted in part, this 850 not; no 855", {"functional": "partial", "order": ""}
    ),
    "functional_unknown_group": Answer(
        "the 997 is about a group that was never sent", {"functional": "unknown_group"}
    ),
    "functional_contradiction": Answer("AK5 accepts, AK9 rejects", {"functional": "contradiction"}),
    "functional_contradiction_set": Answer("AK5 rejects, AK9 accepts", {"functional": "contradiction_set"}),
    "functional_twice": Answer("the 997 comes again, under new control numbers", {"functional_twice": True}),
    "functional_last": Answer("the 997 comes after the 855", {"functional_last": True}),
    "no_functional": Answer("an 855, and no 997 ever", {"functional": ""}),
}
