"""Holds: what they cover is not destroyed, whatever its retention. Taken by one person, released by two."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from archive.governance import active_holds, open_release
from archive.models import Document, Hold, HoldDocument, HoldRelease, HoldReleaseDecision
from archive.record import record_audit, record_event
from integration.flows.rights import RELEASE_HOLD, TAKE_HOLD, Refused, require
from integration.models import Order
from partners.models import TradingPartner

MOST_LISTED = 10_000
Scope = Hold.Scope
VERBS = ("take hold", "add to hold", "propose release", "release hold", "decline release")


@dataclass(frozen=True)
class Covered:
    """What a hold covers: an order, a partner or a period or both, or documents that were found or are named."""

    order: Order | None = None
    partner: TradingPartner | None = None
    begins_at: datetime | None = None
    ends_at: datetime | None = None
    documents: Collection[int] | None = None
    search: str = ""

    @property
    def scope(self) -> str:
        """Which of the scopes it is."""
        if self.order is not None:
            return Scope.ORDER
        if self.documents is not None:
            return Scope.SEARCH if self.search else Scope.MATTER
        return Scope.PARTNER if self.partner is not None else Scope.PERIOD

    @property
    def problem(self) -> str:
        """Why it covers nothing that could be meant, or ``""``."""
        if self.documents is not None:
            if len(self.documents) > MOST_LISTED:
                return gettext(
                    "More than %(most)s documents were found: hold a partner or a period instead."
                ) % {"most": f"{MOST_LISTED:,}"}
            return "" if self.documents else gettext("No document was found to be held.")
        if (self.begins_at is None) != (self.ends_at is None):
            return gettext("Give both days of the period, the first and the last.")
        if self.begins_at is not None and self.ends_at is not None and self.begins_at >= self.ends_at:
            return gettext("The period ends before it begins.")
        if self.order is None and self.partner is None and self.begins_at is None:
            return gettext("Say what is held: an order, a partner, a period, or what a search finds.")
        return ""

    @property
    def words(self) -> str:
        """What it covers, for people."""
        if self.order is not None:
            return f"Everything of order {self.order.number} of {self.order.store}, now and later"
        if self.documents is not None:
            counted = "1 document" if len(self.documents) == 1 else f"{len(self.documents):,} documents"
            # The words may be somebody's name, and what is written of a hold stays.
            return f"{counted} that a search found" if self.search else counted
        whose = f"Everything of {self.partner}" if self.partner is not None else "Everything"
        if self.begins_at is None or self.ends_at is None:
            return f"{whose}, now and later"
        return f"{whose} sent or received from {_day(self.begins_at)} until before {_day(self.ends_at)}"


def take_hold(user: User, matter: str, covered: Covered, reason: str) -> Hold:
    """Let nothing of ``covered`` be destroyed from now on; waits for what is being destroyed at this moment.

    Raises ``Refused``, with nothing done.
    """
    reason = require(user, TAKE_HOLD, reason)
    if not matter.strip():
        raise Refused(gettext("Name the matter that it is held for, such as a lawsuit or an audit."))
    if covered.problem:
        raise Refused(covered.problem)
    with transaction.atomic():
        hold = Hold.objects.create(
            scope=covered.scope,
            matter=matter.strip(),
            covers=covered.words[:300],
            order=covered.order.pk if covered.order else None,
            partner=covered.partner,
            begins_at=covered.begins_at,
            ends_at=covered.ends_at,
            is_list=covered.documents is not None,
            actor=user.get_username(),
            reason=reason,
        )
        _list(user, hold, covered.documents or ())
        record_audit(user, "take hold", hold.subject, reason=reason, detail={"covers": covered.words})
        record_event(
            hold.subject, "held", f"Hold taken. {covered.words}: {reason}", actor=user.get_username()
        )
        if covered.order is not None:
            record_event(
                covered.order.subject, "held", f"Its documents are on hold: {reason}", actor=hold.actor
            )
    return hold


def add_to_hold(user: User, hold: Hold, documents: Collection[int], reason: str) -> int:
    """Put further documents on the list of ``hold``; return how many were not on it before."""
    reason = require(user, TAKE_HOLD, reason)
    with transaction.atomic():
        _require_active(hold)
        if not hold.is_list:
            raise Refused(gettext("This hold has no list: it covers what its scope says. Take another one."))
        known = set(hold.documents.filter(document__in=documents).values_list("document", flat=True))
        further = sorted(set(documents) - known)
        if not further:
            raise Refused(gettext("They are on this hold already."))
        _list(user, hold, further)
        words = "1 document" if len(further) == 1 else f"{len(further):,} documents"
        record_audit(user, "add to hold", hold.subject, reason=reason, detail={"added": len(further)})
        record_event(hold.subject, "held", f"{words} added: {reason}", actor=user.get_username())
    return len(further)


def _list(user: User, hold: Hold, documents: Collection[int]) -> None:
    there = Document.objects.filter(pk__in=documents).order_by("pk").values_list("pk", flat=True)
    HoldDocument.objects.bulk_create(
        HoldDocument(hold=hold, document_id=pk, actor=user.get_username()) for pk in there
    )


def propose_release(user: User, hold: Hold, reason: str) -> HoldRelease:
    """Propose to a second person that ``hold`` is released; it holds until then."""
    reason = require(user, RELEASE_HOLD, reason)
    with transaction.atomic():
        _require_active(hold)
        if open_release(hold) is not None:
            raise Refused(gettext("Somebody has proposed to release it already."))
        made = HoldRelease.objects.create(hold=hold, user=user, actor=user.get_username(), reason=reason)
        record_audit(user, "propose release", hold.subject, reason=reason)
        record_event(
            hold.subject, "release_proposed", f"Release proposed: {reason}", actor=user.get_username()
        )
    return made


def decide_release(user: User, proposal: HoldRelease, reason: str, *, approved: bool) -> None:
    """Release the hold, as a second person; or decline, which who proposed it may do too."""
    reason = require(user, RELEASE_HOLD, reason)
    if approved and proposal.user_id == user.pk:
        raise Refused(gettext("You have proposed to release it: a second person has to approve."))
    hold = proposal.hold
    try:
        with transaction.atomic():
            HoldReleaseDecision.objects.create(
                proposal=proposal, user=user, actor=user.get_username(), reason=reason, approved=approved
            )
            verb, words = (
                ("release hold", "Released") if approved else ("decline release", "Release declined")
            )
            record_audit(user, verb, hold.subject, reason=reason)
            record_event(
                hold.subject, verb.replace(" ", "_"), f"{words}: {reason}", actor=user.get_username()
            )
    except IntegrityError as error:
        raise Refused(gettext("Somebody has decided about this already.")) from error


def _require_active(hold: Hold) -> None:
    """Refuse where ``hold`` holds no more."""
    if not active_holds().filter(pk=hold.pk).exists():
        raise Refused(gettext("This hold has been released."))


def _day(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"
