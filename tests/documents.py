"""Documents of ours that a partner complained of, for tests of their pages."""

from __future__ import annotations

from archive.models import Document
from integration.flows.match import match
from integration.flows.written_again import sent_set
from integration.work import Unclaimed
from integration.x12.syntax import segment
from tests import factories


def position_of(document: Document, tag: str) -> int:
    """Return where the first segment of that name stands in ``document``, counted from ST."""
    return next(each.position for each in sent_set(document).segments if each.tag == tag)


def rejected_at(document: Document, tag: str, element: int) -> Document:
    """Return the 997 by which the partner rejects ``document`` for one element of its first segment ``tag``; it is matched."""
    assert document.agreement is not None
    functional_id = factories.GROUPS[document.transaction_set]
    body = [
        segment("AK1", functional_id, document.group_control_number),
        segment("AK2", document.transaction_set, document.control_number),
        segment("AK3", tag, str(position_of(document, tag)), "", "8"),
        segment("AK4", str(element), "212", "6"),
        segment("AK5", "R", "5"),
        segment("AK9", "R", "1", "1", "0"),
    ]
    answer = factories.received(document.agreement, "997", body)
    match(str(answer.pk), Unclaimed())
    return answer
