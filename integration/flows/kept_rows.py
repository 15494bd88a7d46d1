"""Rows of settings saved and removed with a reason: who changed which field from what to what is kept for good."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db.models import Model

from archive.record import record_audit
from integration.flows.rights import Refused


def subject_of(row: Model) -> str:
    """Return the subject under which everything about ``row`` is recorded."""
    return f"{row._meta.model_name}:{row.pk}"


def save_row(user: User, reason: str, row: Any, called: str) -> int:
    """Save ``row`` in the caller's transaction and keep what changed; return 0 where nothing did.

    ``called`` is what people call such a row. Raises ``Refused`` where somebody else has removed it.
    """
    before: dict[str, str] = {}
    if row.pk is not None:
        stored = type(row).objects.select_for_update().filter(pk=row.pk).first()
        if stored is None:
            raise Refused(f"Somebody else has removed {row} meanwhile. Look at the list again.")
        before = _values(stored)
        names = [field.attname for field in row._meta.concrete_fields]
        if all(getattr(stored, name) == getattr(row, name) for name in names):
            return 0
    now = _values(row)
    row.save()
    _keep(user, reason, row, f"{'change' if before else 'add'} {called}", before, now)
    return 1


def remove_row(user: User, reason: str, row: Any, called: str) -> int:
    """Remove ``row`` in the caller's transaction and keep what it was; return 0 where it is gone already."""
    stored = type(row).objects.select_for_update().filter(pk=row.pk).first()
    if stored is None:
        return 0
    _keep(user, reason, stored, f"remove {called}", _values(stored), {})
    stored.delete()
    return 1


def _keep(user: User, reason: str, row: Any, verb: str, before: dict[str, str], now: dict[str, str]) -> None:
    names = [name for name in dict.fromkeys([*before, *now]) if before.get(name) != now.get(name)]
    detail = {"what": str(row)}
    for label, values in (("was", before), ("is", now)):
        if values:
            detail[label] = (
                ", ".join(f"{name} {values[name]}" for name in names if values.get(name)) or "empty"
            )
    record_audit(user, verb, subject_of(row), reason=reason, detail=detail)


def _values(row: Any) -> dict[str, str]:
    """Return what people read of each field, by its name for people."""
    return {
        str(field.verbose_name): _shown(row, field)
        for field in row._meta.concrete_fields
        if not field.primary_key
    }


def _shown(row: Any, field: Any) -> str:
    value = getattr(row, field.name)
    if isinstance(value, list):
        return " | ".join(str(each) for each in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    return "" if value is None else str(value)
