"""A canonical document of ours as the body of a transaction set: in the partner's units, by the guide in use, read back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar
from zoneinfo import ZoneInfo

from archive.models import Direction
from integration.documents.kinds import Document as Canonical
from integration.flows.missing import Lacking, lacking_in
from integration.flows.outgoing import NotWritable, Outgoing
from integration.x12.structure import walk
from integration.x12.syntax import Segment, segment
from integration.x12.tables import find_table
from partners.agreements import code_lists
from partners.guides_in_use import GuideInUse, guide_for
from partners.mapping.conversion import Terms, to_partner, with_party_ids
from partners.mapping.normal import norm
from partners.mapping.reader import read
from partners.mapping.report import BLOCKING
from partners.mapping.variants import without
from partners.mapping.writer import write
from partners.models import Agreement

_Document = TypeVar("_Document", bound=Canonical)


class Untranslated(NotWritable):
    """The partner's code lists lack ``lacking``, and nothing else stands in the way."""

    def __init__(self, sentence: str, lacking: tuple[Lacking, ...]) -> None:
        super().__init__(sentence)
        self.lacking = lacking


def counted_for(agreement: Agreement, canonical: _Document, terms: Sequence[Terms]) -> _Document:
    """Return what a guide is given: ``canonical`` in the partner's units, its parties with the IDs that he asks for.

    Raises ``NotWritable`` where something cannot be converted.
    """
    converted = to_partner(canonical, terms)
    if converted.refusals:
        raise NotWritable(converted.refusals[0])
    return with_party_ids(converted.document, agreement.party_id_kind)


def written(agreement: Agreement, transaction_set: str, canonical: Canonical, zone: ZoneInfo) -> Outgoing:
    """Return ``canonical`` as it would be sent now, by the guide that ``agreement`` uses now.

    Raises ``NotWritable`` naming the first value that the guide could not write, ``Untranslated`` where all that is
    lacking are entries of code lists.
    """
    used = guide_for(agreement, transaction_set, Direction.OUT, agreement.version)
    if used is None:
        raise NotWritable(
            f"No guide writes the {transaction_set} in version {agreement.version}; mend the version of agreement"
            f" {agreement}."
        )
    segments = _segments(agreement, transaction_set, canonical, used)
    return Outgoing(agreement, transaction_set, segments, zone, used.name)


def _segments(
    agreement: Agreement, transaction_set: str, canonical: Canonical, used: GuideInUse
) -> list[Segment]:
    """Return the body: written by the guide, then read back and compared before anything is sent."""
    guide = used.guide
    kept = without(canonical, used.left_out)
    codes = code_lists(agreement)
    made = write(kept, guide, codes=codes)
    blocking = [entry for entry in made.report if entry.kind in BLOCKING or entry.kind == "not_carried"]
    lacking = lacking_in(blocking)
    if lacking and all(entry.kind == "untranslated" for entry in blocking):
        raise Untranslated(blocking[0].sentence, lacking)
    if blocking:
        more = f" ({len(blocking) - 1} more of the kind.)" if len(blocking) > 1 else ""
        raise NotWritable(f"{blocking[0].sentence}{more}")
    table = find_table(transaction_set, agreement.version)
    assert table is not None
    whole = [
        segment("ST", transaction_set, "0001"),
        *made.segments,
        segment("SE", str(len(made.segments) + 2), "0001"),
    ]
    back = read(walk(whole, table).root, guide, codes=codes).document
    if back != norm(kept, guide, codes=codes):
        raise NotWritable(
            "What was written does not read back as it was meant: report this to the maker of Gridport."
        )
    return list(made.segments)
