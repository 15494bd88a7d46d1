"""A profile's draft released as a revision, compared with another, given to an agreement, retired."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext

from archive.clock import database_now
from archive.record import record_audit, record_event
from integration.flows.mapping_rows import RELEASE, Draft, draft_of, subject_of, words_of
from integration.flows.mapping_samples import judged, sample_of
from integration.flows.rights import Refused, require
from partners.guides_in_use import guide_of_revision, overrides_of
from partners.mapping.differences import Difference, document_differences, segment_differences
from partners.mapping.overrides import Override
from partners.mapping.rehearsal import Rehearsal
from partners.mapping.rules import Guide
from partners.mapping.samples import OUT, Outcome, rehearse, unexercised
from partners.models import AgreementDocument, MappingProfile, MappingRevision, MappingSample


@dataclass(frozen=True)
class Readiness:
    """What stands between a draft and its release: sentences, none where it may be released.

    ``idle`` are the primary keys of the rows that no sample exercises.
    """

    draft: Draft
    outcomes: dict[int, Outcome]
    idle: frozenset[int]
    obstacles: tuple[str, ...]


@dataclass(frozen=True)
class RowChange:
    """One row in two versions of a profile; None where it is not there."""

    before: Override | None
    after: Override | None

    @property
    def words(self) -> str:
        """What the row does where."""
        row = self.after or self.before
        assert row is not None
        return words_of(row)


@dataclass(frozen=True)
class Comparison:
    """Two versions of a profile: whether the shipped base is another, the rows that differ, the effect on each sample."""

    base_changed: bool
    rows: tuple[RowChange, ...]
    effects: tuple[tuple[MappingSample, tuple[Difference, ...] | None], ...]


def readiness(profile: MappingProfile) -> Readiness:
    """Return whether the draft of ``profile`` may be released, with the outcome of every sample."""
    draft = draft_of(profile)
    rows = list(profile.samples.all())
    if draft.guide is None:
        sentences = tuple(
            f"{words_of(row)}: {draft.refusals[row.pk]}" for row in draft.rows if row.pk in draft.refusals
        )
        return Readiness(draft, {}, frozenset(), sentences)
    outcomes = {row.pk: judged(sample_of(row), draft) for row in rows}
    idle = frozenset(
        draft.rows[index].pk
        for index in unexercised(draft.base, draft.overrides, [each.sample for each in outcomes.values()])
    )
    return Readiness(draft, outcomes, idle, tuple(_obstacles(profile, draft, outcomes, idle)))


def _obstacles(
    profile: MappingProfile, draft: Draft, outcomes: dict[int, Outcome], idle: frozenset[int]
) -> list[str]:
    found = []
    if profile.retired_at is not None:
        found.append(gettext("The profile is retired."))
    if not outcomes:
        found.append(
            gettext("There are no samples: rehearse a real document, and keep what you want as a sample.")
        )
    found += [
        gettext("Sample %(sample)s fails: %(first)s") % {"sample": each.sample.name, "first": _first(each)}
        for each in outcomes.values()
        if not each.passes
    ]
    if outcomes:
        found += [
            gettext("No sample shows what the row %(row)s does: keep one that does.") % {"row": words_of(row)}
            for row in draft.rows
            if row.pk in idle
        ]
    current = profile.current
    if current is not None and (current.base, overrides_of(current.overrides)) == (
        draft.base,
        draft.overrides,
    ):
        found.append(gettext("Nothing has changed since revision %(number)s.") % {"number": current.number})
    return found


def release(user: User, profile: MappingProfile, reason: str) -> MappingRevision:
    """Release the draft of ``profile``: agreements that use it write and read by it from now on.

    Raises ``Refused`` with everything that stands in the way.
    """
    reason = require(user, RELEASE, reason)
    with transaction.atomic():
        held = MappingProfile.objects.select_for_update().get(pk=profile.pk)
        ready = readiness(held)
        if ready.obstacles:
            raise Refused(" ".join(ready.obstacles))
        current = held.current
        made = MappingRevision.objects.create(
            profile=held,
            number=current.number + 1 if current else 1,
            base=ready.draft.base,
            overrides=[_kept(row) for row in ready.draft.overrides],
            samples=[_proof(each) for each in ready.outcomes.values()],
            author=user.get_username(),
            reason=reason,
        )
        detail = {"is": f"revision {made.number}", "was": f"revision {current.number}" if current else ""}
        record_audit(user, "release mapping", subject_of(held), reason=reason, detail=detail)
        for document in held.used_by.select_related("agreement"):
            record_event(
                f"agreement:{document.agreement_id}",
                "mapping",
                f"{document}: mapped by {held}, revision {made.number}, from now on.",
                actor=user.get_username(),
            )
    return made


def retire(user: User, profile: MappingProfile, reason: str) -> None:
    """Take a profile out of use for good; documents that its revisions made keep them."""
    reason = require(user, RELEASE, reason)
    with transaction.atomic():
        held = MappingProfile.objects.select_for_update().get(pk=profile.pk)
        if held.retired_at is not None:
            raise Refused(gettext("%(held)s is retired already.") % {"held": held})
        users = [str(each.agreement) for each in held.used_by.select_related("agreement")]
        if users:
            raise Refused(
                gettext("%(users)s uses it: give that agreement another profile first.")
                % {"users": ", ".join(sorted(set(users)))}
            )
        MappingProfile.objects.filter(pk=held.pk).update(retired_at=database_now())
        record_audit(user, "retire mapping profile", subject_of(held), reason=reason)


def use_profile(user: User, document: AgreementDocument, profile: MappingProfile | None, reason: str) -> None:
    """Let ``profile`` map a document of an agreement from now on; None: the shipped guide as it is."""
    reason = require(user, RELEASE, reason)
    with transaction.atomic():
        held = AgreementDocument.objects.select_for_update().select_related("agreement").get(pk=document.pk)
        before = held.profile
        if before == profile:
            raise Refused(gettext("%(profile)s maps it already.") % {"profile": mapping_words(profile)})
        if profile is not None:
            _refuse_unfit(held, MappingProfile.objects.select_for_update().get(pk=profile.pk))
        AgreementDocument.objects.filter(pk=held.pk).update(profile=profile)
        subject = f"agreement:{held.agreement_id}"
        detail = {"document": str(held), "was": mapping_words(before), "is": mapping_words(profile)}
        record_audit(user, "choose mapping", subject, reason=reason, detail=detail)
        record_event(
            subject,
            "mapping",
            f"{held}: mapped by {mapping_words(profile)} from now on: {reason}",
            actor=user.get_username(),
        )


def mapping_words(profile: MappingProfile | None) -> str:
    """Return what maps a document: ``Birch orders, revision 2``, or the shipped guide."""
    if profile is None:
        return "the shipped guide"
    current = profile.current
    return f"{profile}, revision {current.number}" if current else f"{profile}, not released"


def fitting(document: AgreementDocument) -> list[MappingProfile]:
    """Return the profiles that may map a document of an agreement, by name."""
    rows = MappingProfile.objects.filter(
        transaction_set=document.transaction_set,
        version=document.agreement.version[:6],
        retired_at=None,
        revisions__isnull=False,
    )
    return list(rows.distinct().order_by("name"))


def _refuse_unfit(document: AgreementDocument, profile: MappingProfile) -> None:
    if profile.transaction_set != document.transaction_set:
        raise Refused(
            gettext("%(profile)s maps another document: %(transaction_set)s.")
            % {"profile": profile, "transaction_set": profile.get_transaction_set_display()}
        )
    if profile.version != document.agreement.version[:6]:
        raise Refused(
            gettext("%(profile)s is for version %(version)s, and %(agreement)s writes %(other)s.")
            % {
                "profile": profile,
                "version": profile.version,
                "agreement": document.agreement,
                "other": document.agreement.version,
            }
        )
    if profile.retired_at is not None:
        raise Refused(gettext("%(profile)s is retired.") % {"profile": profile})
    if profile.current is None:
        raise Refused(
            gettext("%(profile)s is not released yet: rehearse it, keep samples, release it.")
            % {"profile": profile}
        )


def compare(profile: MappingProfile, before: MappingRevision, after: MappingRevision | None) -> Comparison:
    """Return in what ``after`` (None: the draft) differs from ``before``, and what that changes in each sample.

    The effect on a sample is None where a row of the draft is refused, so that nothing can be run.
    """
    draft = draft_of(profile)
    base = after.base if after else draft.base
    overrides = overrides_of(after.overrides) if after else draft.overrides
    guide = guide_of_revision(after) if after else draft.guide
    old = guide_of_revision(before)
    effects = tuple((row, _effect(row, old, guide)) for row in profile.samples.all())
    return Comparison(base != before.base, _row_changes(overrides_of(before.overrides), overrides), effects)


def _row_changes(before: Sequence[Override], after: Sequence[Override]) -> tuple[RowChange, ...]:
    old = {_key(row): row for row in before}
    new = {_key(row): row for row in after}
    return tuple(
        RowChange(old.get(key), new.get(key))
        for key in dict.fromkeys([*old, *new])
        if _said(old.get(key)) != _said(new.get(key))
    )


def _key(row: Override) -> tuple[str, ...]:
    # Several entries may be added at one place; of everything else there is one row.
    return (row.operation, row.address, row.value if row.operation == "add" else "")


def _said(row: Override | None) -> str | None:
    return None if row is None else row.value


def _effect(row: MappingSample, old: Guide, new: Guide | None) -> tuple[Difference, ...] | None:
    if new is None:
        return None
    sample = sample_of(row)
    try:
        before, after = rehearse(sample, old), rehearse(sample, new)
    except ValueError as error:
        return (Difference("The sample", "", f"cannot be used any more ({error})"),)
    return effect(row.direction, before, after)


def effect(direction: str, before: Rehearsal, after: Rehearsal) -> tuple[Difference, ...]:
    """Return in what the side that is made differs: X12 of what is sent, the document of what is received."""
    if direction == OUT:
        return segment_differences(before.lines, after.lines, after.separators)
    return document_differences(before.document, after.document)


def _first(outcome: Outcome) -> str:
    if outcome.problems:
        return outcome.problems[0]
    more = len(outcome.differences) - 1
    words = outcome.differences[0].sentence
    return f"{words}, and {more} more." if more else f"{words}."


def _kept(row: Override) -> dict[str, str]:
    return {"operation": row.operation, "address": row.address, "value": row.value, "was": row.was}


def _proof(outcome: Outcome) -> dict[str, Any]:
    sample = outcome.sample
    text = f"{sample.given}\n{sample.expected}"
    return {
        "name": sample.name,
        "direction": sample.direction,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "passes": outcome.passes,
    }
