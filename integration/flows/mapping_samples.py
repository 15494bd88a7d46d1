"""Samples of mapping profiles: kept when somebody accepts what a rehearsal shows, and run against a guide."""

from __future__ import annotations

import hashlib

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext

from archive.house import house_language
from archive.record import record_audit
from integration.flows.mapping_rows import CHANGE, GONE, Draft, draft_of, subject_of
from integration.flows.rights import Refused, require
from integration.x12.findings import Finding
from integration.x12.second_opinion import second_opinion
from integration.x12.syntax import Separators
from partners.mapping.codes import CodeLists
from partners.mapping.rehearsal import Rehearsal
from partners.mapping.rules import Guide
from partners.mapping.samples import OUT, Outcome, Sample, accepted, problems, run
from partners.models import MappingProfile, MappingSample


def keep_sample(
    user: User,
    profile: MappingProfile,
    rehearsal: Rehearsal,
    direction: str,
    name: str,
    codes: CodeLists,
    reason: str,
) -> MappingSample:
    """Keep what a rehearsal shows as a sample of ``profile``: from now on it has to come out exactly so.

    Raises ``Refused`` where it holds nothing, what was written does not hold, or the name is taken.
    """
    reason = require(user, CHANGE, reason)
    draft = draft_of(profile)
    guide = _usable(draft)
    sample = accepted(rehearsal, direction, name.strip(), codes)
    _refuse_wrong(
        [*problems(sample, rehearsal, guide, draft.left_out), *refused_by_second(sample, rehearsal, guide)]
    )
    with transaction.atomic():
        held = MappingProfile.objects.select_for_update().get(pk=profile.pk)
        if held.samples.filter(name=sample.name).exists():
            raise Refused(
                gettext("%(profile)s has a sample of the name %(sample)s already: choose another.")
                % {"profile": profile, "sample": sample.name}
            )
        made = MappingSample.objects.create(
            profile=held,
            name=sample.name,
            direction=direction,
            given=sample.given,
            expected=sample.expected,
            separators="".join(sample.separators.characters()),
            codes={name: dict(entries) for name, entries in codes.items()},
            author=user.get_username(),
        )
        with house_language():
            detail = {"is": f"{sample.name}, {made.get_direction_display().lower()}"}
        record_audit(user, "accept mapping sample", subject_of(profile), reason=reason, detail=detail)
    return made


def _refuse_wrong(wrong: list[str]) -> None:
    if not wrong:
        return
    sentences = [gettext("This is no sample of how it should be."), wrong[0]]
    if len(wrong) > 1:
        sentences.append(gettext("(%(count)s more of the kind.)") % {"count": len(wrong) - 1})
    raise Refused(" ".join(sentences))


def accept_again(user: User, sample: MappingSample, digest: str, reason: str) -> None:
    """Let a sample expect what the draft makes of it now, as it was shown: ``digest`` names exactly that."""
    reason = require(user, CHANGE, reason)
    with transaction.atomic():
        held = (
            MappingSample.objects.select_for_update().select_related("profile").filter(pk=sample.pk).first()
        )
        if held is None:
            raise Refused(GONE)
        outcome = judged(sample_of(held), draft_of(held.profile))
        if outcome.rehearsal is None or outcome.problems:
            raise Refused(gettext("It cannot be accepted. %(problems)s") % {"problems": outcome.problems[0]})
        if digest != digest_of(outcome):
            raise Refused(gettext("Something has changed since you looked. Here is what it would be now."))
        now = accepted(outcome.rehearsal, held.direction, held.name, held.codes)
        held.expected, held.author = now.expected, user.get_username()
        held.save()
        detail = {"is": f"{held.name}, {len(outcome.differences)} differences accepted"}
        record_audit(user, "accept mapping sample", subject_of(held.profile), reason=reason, detail=detail)


def remove_sample(user: User, sample: MappingSample, reason: str) -> None:
    """Forget a sample."""
    reason = require(user, CHANGE, reason)
    with transaction.atomic():
        gone = MappingSample.objects.filter(pk=sample.pk).delete()
        if not gone[0]:
            raise Refused(GONE)
        detail = {"was": sample.name, "is": ""}
        record_audit(user, "remove mapping sample", subject_of(sample.profile), reason=reason, detail=detail)


def sample_of(row: MappingSample) -> Sample:
    """Return a row as the pure code takes it."""
    element, ending, component, *repetition = list(row.separators)
    separators = Separators(element, ending, component, repetition[0] if repetition else None)
    return Sample(row.name, row.direction, row.given, row.expected, separators, row.codes)


def judged(sample: Sample, draft: Draft) -> Outcome:
    """Run a sample; what it writes is judged by the second engine too. Raises ``Refused`` where a row is refused."""
    guide = _usable(draft)
    outcome = run(sample, guide, draft.left_out)
    if outcome.rehearsal is None or outcome.problems:
        return outcome
    refused = refused_by_second(sample, outcome.rehearsal, guide)
    return Outcome(sample, outcome.rehearsal, outcome.differences, refused)


def refused_by_second(sample: Sample, rehearsal: Rehearsal, guide: Guide) -> tuple[str, ...]:
    """Return why the second engine rejects what a sample writes."""
    if sample.direction != OUT:
        return ()
    found = second_findings(rehearsal, guide)
    return tuple(f"The second engine says: {each.sentence}" for each in found if each.severity == "error")


def second_findings(rehearsal: Rehearsal, guide: Guide) -> list[Finding]:
    """Return what the second engine finds in a rehearsal's X12."""
    return second_opinion(rehearsal.segments, guide.table, rehearsal.separators)


def _usable(draft: Draft) -> Guide:
    if draft.guide is None:
        raise Refused(gettext("A row is refused: mend it first."))
    return draft.guide


def digest_of(outcome: Outcome) -> str:
    """Return the SHA-256 of what came of a sample: whoever accepts it accepts exactly that."""
    if outcome.rehearsal is None:
        return ""
    text = accepted(outcome.rehearsal, outcome.sample.direction, "", {})
    return hashlib.sha256(f"{text.given}\n{text.expected}".encode()).hexdigest()
