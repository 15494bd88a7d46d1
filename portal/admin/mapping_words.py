"""Mapping profiles in words and badges, wherever they are shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.safestring import SafeString
from django.utils.translation import gettext

from archive.models import AuditEntry
from integration.flows.mapping_rows import subject_of
from partners.mapping.overrides import OPERATIONS
from partners.mapping.samples import Outcome
from partners.models import MappingProfile
from portal.admin.show import BAD, GOOD, QUIET, WAITING, badge

MOST_DIFFERENCES = 3


@dataclass(frozen=True)
class Change:
    """One line of a profile's history: who did what to which row, what was, what is, and why."""

    at: datetime
    actor: str
    what: str
    was: str
    now: str
    reason: str


def changes_of(profile: MappingProfile) -> list[Change]:
    """Return the history of ``profile``, the newest first."""
    entries = AuditEntry.objects.filter(subject=subject_of(profile)).order_by("-pk")
    return [
        Change(
            entry.recorded_at,
            entry.actor,
            f"{entry.verb.capitalize()} {entry.detail.get('row', '')}".strip(),
            str(entry.detail.get("was", "")),
            str(entry.detail.get("is", "")),
            entry.reason,
        )
        for entry in entries
    ]


def profile_badge(profile: MappingProfile, revision: int | None) -> SafeString:
    """Return whether a profile is in use, being made, or retired."""
    if profile.retired_at is not None:
        return badge(gettext("Retired"), QUIET)
    return (
        badge(gettext("Revision %(revision)s") % {"revision": revision}, GOOD)
        if revision
        else badge(gettext("Not released"), WAITING)
    )


def operation_words(operation: str) -> str:
    """Return what an operation does."""
    return OPERATIONS.get(operation, operation)


def outcome_badge(outcome: Outcome | None) -> SafeString:
    """Return whether a sample passes."""
    if outcome is None:
        return badge(gettext("Not run"), WAITING)
    return badge(gettext("Passes"), GOOD) if outcome.passes else badge(gettext("Fails"), BAD)


def outcome_words(outcome: Outcome | None) -> list[str]:
    """Return why a sample fails, the first few reasons."""
    if outcome is None:
        return [gettext("A row is refused, so that nothing can be run.")]
    found = [*outcome.problems, *(f"{each.sentence}." for each in outcome.differences)]
    more = len(found) - MOST_DIFFERENCES
    return [*found[:MOST_DIFFERENCES], *([gettext("%(more)s more.") % {"more": more}] if more > 0 else [])]
