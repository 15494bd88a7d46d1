"""Mapping profiles and the rows of their drafts: each change by a person, with a reason, kept with what was and is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext, gettext_lazy

from archive.record import record_audit
from integration.flows.rights import Refused, require
from partners.guides_in_use import shipped_guide
from partners.mapping.compiler import shipped_text
from partners.mapping.overrides import OPERATIONS, Override, OverrideError, said
from partners.mapping.rules import Guide
from partners.mapping.variants import left_out, variant
from partners.models import MappingOverride, MappingProfile

CHANGE = "partners.change_mappingprofile"
RELEASE = "partners.release_mapping"
# Of these there is one row for a place; of the others one each, and of what is added any number.
_SAYING = frozenset({"source", "constant", "clear", "drop"})
GONE = gettext_lazy("Somebody else has removed this meanwhile.")


@dataclass(frozen=True)
class Draft:
    """The rows of a profile over the base as it is shipped today; ``guide`` is None while any row is refused.

    ``refusals`` are sentences by the row's primary key.
    """

    base: str
    rows: Sequence[MappingOverride]
    overrides: tuple[Override, ...]
    guide: Guide | None
    refusals: dict[int, str]

    @property
    def left_out(self) -> frozenset[str]:
        """The fields that the rows leave out on purpose."""
        return left_out(self.base, self.overrides)


def subject_of(profile: MappingProfile) -> str:
    """Return the subject under which everything about a profile is recorded."""
    return f"mapping_profile:{profile.pk}"


def draft_of(profile: MappingProfile) -> Draft:
    """Return the draft of ``profile``, every bad row with its sentence."""
    base = shipped_text(profile.transaction_set, profile.version)
    rows = list(profile.overrides.all())
    overrides = tuple(Override(row.operation, row.address, row.value, row.was) for row in rows)
    try:
        return Draft(base, rows, overrides, variant(base, overrides), {})
    except OverrideError as error:
        refusals: dict[int, str] = {}
        for each in error.refusals:
            pk = rows[each.index].pk
            refusals[pk] = f"{refusals[pk]} {each.sentence}" if pk in refusals else each.sentence
        return Draft(base, rows, overrides, None, refusals)


def add_profile(
    user: User, name: str, transaction_set: str, version: str, note: str, reason: str
) -> MappingProfile:
    """Begin a profile: the shipped guide as it is, until rows are added."""
    reason = require(user, CHANGE, reason)
    if shipped_guide(transaction_set, version) is None:
        raise Refused(
            gettext("No guide is shipped for the %(transaction_set)s of version %(version)s yet.")
            % {"transaction_set": transaction_set, "version": version}
        )
    with transaction.atomic():
        if MappingProfile.objects.filter(name=name).exists():
            raise Refused(gettext("There is a profile of the name %(name)s already.") % {"name": name})
        profile = MappingProfile.objects.create(
            name=name, transaction_set=transaction_set, version=version, note=note
        )
        record_audit(user, "begin mapping profile", subject_of(profile), reason=reason, detail={"is": name})
    return profile


def change_profile(user: User, profile: MappingProfile, name: str, note: str, reason: str) -> None:
    """Give ``profile`` another name or note; its document and version stay."""
    reason = require(user, CHANGE, reason)
    with transaction.atomic():
        held = _locked(profile)
        if MappingProfile.objects.exclude(pk=profile.pk).filter(name=name).exists():
            raise Refused(gettext("There is a profile of the name %(name)s already.") % {"name": name})
        if (held.name, held.note) == (name, note):
            raise Refused(gettext("Nothing is changed."))
        MappingProfile.objects.filter(pk=profile.pk).update(name=name, note=note)
        detail = {"was": _described(held.name, held.note), "is": _described(name, note)}
        record_audit(user, "describe mapping profile", subject_of(profile), reason=reason, detail=detail)


def add_row(user: User, profile: MappingProfile, row: Override, reason: str) -> MappingOverride:
    """Add a row to the draft of ``profile``. ``row.was`` is not asked: it is what the base says there now.

    Raises ``Refused``, with the sentence of the language, for a row that cannot hold.
    """
    reason = require(user, CHANGE, reason)
    with transaction.atomic():
        _refuse_retired(_locked(profile))
        last = profile.overrides.aggregate(last=Max("position"))["last"] or 0
        made = MappingOverride(profile=profile, position=last + 1)
        _fill(user, made, row, reason)
        detail = {"row": words_of(made), "was": "", "is": made.value}
        record_audit(user, "add mapping row", subject_of(profile), reason=reason, detail=detail)
    return made


def change_row(user: User, row: MappingOverride, to: Override, reason: str) -> None:
    """Change a row of a draft; where only the base has changed under it, it is taken anew over what that says now."""
    reason = require(user, CHANGE, reason)
    with transaction.atomic():
        profile = _locked(row.profile)
        _refuse_retired(profile)
        held = profile.overrides.filter(pk=row.pk).first()
        if held is None:
            raise Refused(GONE)
        before, was = words_of(held), held.value
        _fill(user, held, to, reason)
        detail = {
            "row": before if before == words_of(held) else f"{before} → {words_of(held)}",
            "was": was,
            "is": held.value,
        }
        record_audit(user, "change mapping row", subject_of(profile), reason=reason, detail=detail)


def remove_row(user: User, row: MappingOverride, reason: str) -> None:
    """Take a row out of a draft: the base holds there again, from the next release on."""
    reason = require(user, CHANGE, reason)
    with transaction.atomic():
        profile = _locked(row.profile)
        _refuse_retired(profile)
        held = profile.overrides.filter(pk=row.pk).first()
        if held is None:
            raise Refused(GONE)
        detail = {"row": words_of(held), "was": held.value, "is": ""}
        held.delete()
        record_audit(user, "remove mapping row", subject_of(profile), reason=reason, detail=detail)


def words_of(row: MappingOverride | Override) -> str:
    """Return what a row does where, without its value: ``constant PO1.5``."""
    return f"{row.operation} {row.address}".strip()


def _fill(user: User, row: MappingOverride, to: Override, reason: str) -> None:
    """Write ``to`` into ``row`` and save it; refuse where the language refuses that very row."""
    if to.operation not in OPERATIONS:
        raise Refused(
            gettext("There is no operation “%(operation)s”; choose one of %(operations)s.")
            % {"operation": to.operation, "operations": ", ".join(OPERATIONS)}
        )
    _refuse_second(row, to)
    base = shipped_text(row.profile.transaction_set, row.profile.version)
    row.operation, row.address, row.value = to.operation, to.address.strip(), to.value.strip()
    # What is added stands beside what the base says: that may grow.
    row.was = "" if to.operation == "add" else said(base, row.address)
    row.note, row.author = reason, user.get_username()
    row.save()
    refusal = draft_of(row.profile).refusals.get(row.pk)
    if refusal:
        raise Refused(refusal)


def _refuse_second(row: MappingOverride, to: Override) -> None:
    """Refuse a second row that says what stands in a place: the first would hold nothing, and nobody would see it."""
    if to.operation == "add":
        return
    rivals = _SAYING if to.operation in _SAYING else {to.operation}
    others = row.profile.overrides.exclude(pk=row.pk).filter(operation__in=rivals, address=to.address.strip())
    if other := others.first():
        raise Refused(
            gettext("The row %(other)s says already what stands there: change that one.")
            % {"other": words_of(other)}
        )


def _locked(profile: MappingProfile) -> MappingProfile:
    """Return the profile as it is, locked: rows change one after the other, and none while it is released."""
    return MappingProfile.objects.select_for_update().get(pk=profile.pk)


def _refuse_retired(profile: MappingProfile) -> None:
    if profile.retired_at is not None:
        raise Refused(
            gettext("%(profile)s is retired: nothing of it changes any more. Begin a new profile instead.")
            % {"profile": profile}
        )


def _described(name: str, note: str) -> str:
    return f"{name}: {note}" if note else name
