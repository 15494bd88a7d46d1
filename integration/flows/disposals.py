"""Disposals: one person proposes what is destroyed of what is due, a second one approves, and it is done one by one."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext

from archive.disposable import due
from archive.disposal import what_is_left
from archive.governance import Governed
from archive.models import (
    DisposalDecision,
    DisposalItem,
    DisposalRun,
    RetentionRevision,
    Transmission,
)
from archive.record import record_audit, record_event
from integration.flows.destroy import STEP, destroy_step
from integration.flows.rights import APPROVE_DISPOSAL, PROPOSE_DISPOSAL, Refused, require
from integration.flows.steps import STEPS
from integration.work import put
from partners.models import TradingPartner

MOST_AT_ONCE = 1000
VERBS = ("propose disposal", "approve disposal", "decline disposal")
_UNDECIDED = Q(run__decision=None, refusal=None)
_UNDER_WAY = Q(run__decision__approved=True, certificate=None, refusal=None)


@dataclass(frozen=True)
class Due:
    """One payload that may be destroyed: what it is, which rule kept it the longest, and when that was over."""

    payload: int
    words: str
    revision: RetentionRevision
    until: datetime
    left: list[dict[str, Any]]


@dataclass(frozen=True)
class DisposalPlan:
    """What would be destroyed. ``digest`` names exactly this list; ``is_cut``: there is more that is due."""

    entries: tuple[Due, ...]
    scope: str
    is_cut: bool

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the list."""
        listed = [[each.payload, each.revision.pk] for each in self.entries]
        return hashlib.sha256(json.dumps(listed).encode()).hexdigest()

    @property
    def by_rule(self) -> list[tuple[str, int]]:
        """How many by which rule, the most first."""
        return Counter(str(each.revision.rule) for each in self.entries).most_common()

    @property
    def counted(self) -> str:
        """How many they are: ``1 file``, ``12 files``."""
        return "1 file" if len(self.entries) == 1 else f"{len(self.entries):,} files"


def plan_disposal(partner: TradingPartner | None = None, most: int = MOST_AT_ONCE) -> DisposalPlan:
    """Return what is due now, of ``partner`` or of everybody, without what a proposal names that is not settled yet."""
    proposed = DisposalItem.objects.filter(_UNDECIDED | _UNDER_WAY).values("payload")
    rows = due(most + 1, among=~Q(pk__in=proposed), partner=partner)
    found: dict[int, Governed] = {each.payload: each for each in rows}
    left = what_is_left(found)
    names = _file_names(set(found) - {pk for pk, documents in left.items() if documents})
    entries = [
        Due(pk, _words(left.get(pk, []), names.get(pk, "")), each.revision, each.until, left.get(pk, []))
        for pk, each in list(found.items())[:most]
        if each.revision is not None and each.until is not None
    ]
    scope = f"What is due of {partner}" if partner is not None else "What is due"
    return DisposalPlan(tuple(entries), scope, len(found) > most)


def _words(documents: list[dict[str, Any]], file: str) -> str:
    if not documents:
        return f"File {file}"[:300] if file else "File of a return"
    named = [_named(each) for each in documents[:3]]
    more = f" and {len(documents) - 3} more" if len(documents) > 3 else ""
    return (", ".join(named) + more)[:300]


def _named(document: dict[str, Any]) -> str:
    """Say which document it was; one without a number of its own, such as a 997, by its interchange's."""
    numbers = dict(document["references"])
    number = document["number"] or (
        f"in interchange {numbers['control_number']}" if "control_number" in numbers else ""
    )
    return f"{document['name']} {number}".strip()


def _file_names(payloads: set[int]) -> dict[int, str]:
    rows = Transmission.objects.filter(payload__in=payloads).values_list("payload", "name")
    return dict(rows)


def propose_disposal(
    user: User, reason: str, digest: str, key: str, partner: TradingPartner | None = None
) -> DisposalRun:
    """Propose to a second person that what was shown is destroyed.

    ``key`` is the form's: posting the same form twice proposes once. Raises ``Refused``, with nothing done, where the
    list is not the one that ``digest`` names any more, or nothing is due.
    """
    reason = require(user, PROPOSE_DISPOSAL, reason)
    done = DisposalRun.objects.filter(key=key).first()
    if done is not None:
        return done
    plan = plan_disposal(partner)
    if not plan.entries:
        raise Refused(gettext("Nothing of it is due."))
    if plan.digest != digest:
        raise Refused(gettext("Something has changed since you looked. Here is what is due now."))
    try:
        with transaction.atomic():
            return _proposed(user, plan, reason, key)
    except IntegrityError:
        return DisposalRun.objects.get(key=key)


def _proposed(user: User, plan: DisposalPlan, reason: str, key: str) -> DisposalRun:
    run = DisposalRun.objects.create(
        key=key, scope=plan.scope, digest=plan.digest, user=user, actor=user.get_username(), reason=reason
    )
    DisposalItem.objects.bulk_create(
        DisposalItem(
            run=run, payload_id=each.payload, revision=each.revision, kept_until=each.until, words=each.words,
            left=each.left,
        )
        for each in plan.entries
    )  # fmt: skip
    record_audit(user, "propose disposal", run.subject, reason=reason, detail={"list": plan.digest})
    words = f"{plan.counted} proposed to be destroyed: {reason}"
    record_event(run.subject, "disposal_proposed", words, actor=user.get_username())
    return run


def decide_disposal(user: User, run: DisposalRun, reason: str, *, approved: bool) -> None:
    """Have what ``run`` lists destroyed, as a second person; or decline, which who proposed it may do too."""
    reason = require(user, APPROVE_DISPOSAL, reason)
    if approved and run.user_id == user.pk:
        raise Refused(gettext("You have proposed this: a second person has to approve it."))
    try:
        with transaction.atomic():
            DisposalDecision.objects.create(
                proposal=run, user=user, actor=user.get_username(), reason=reason, approved=approved
            )
            verb, words = ("approve disposal", "Approved") if approved else ("decline disposal", "Declined")
            record_audit(user, verb, run.subject, reason=reason)
            record_event(run.subject, verb.replace(" ", "_"), f"{words}: {reason}", actor=user.get_username())
            if approved:
                for item in run.items.order_by("pk"):
                    put(STEPS[STEP].lane, destroy_step(item))
    except IntegrityError as error:
        raise Refused(gettext("Somebody has decided about this already.")) from error
