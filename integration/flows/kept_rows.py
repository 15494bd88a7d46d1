"""Rows of settings saved and removed by people: what each was and is stands in the audit entry, in the caller's
transaction."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db.models import Model
from django.utils.translation import gettext

from archive.house import house_language
from archive.record import record_audit
from integration.flows.rights import Refused


def subject_of(row: Model) -> str:
    """Return the subject under which everything about ``row`` is recorded."""
    return f"{row._meta.model_name}:{row.pk}"


def save_row(user: User, reason: str, row: Model, called: str) -> int:
    """Save ``row`` with the verb ``add`` or ``change`` and what it is ``called``; return 0 where it is as it was.

    Raises ``Refused`` where somebody else has removed it.
    """
    before: dict[str, str] = {}
    if row.pk is not None:
        stored = locked(row)
        if stored is None:
            raise Refused(
                gettext("Somebody else has removed %(row)s meanwhile. Look at the list again.") % {"row": row}
            )
        before = _values(stored)
        names = [field.attname for field in row._meta.concrete_fields]
        if all(getattr(stored, name) == getattr(row, name) for name in names):
            return 0
    now = _values(row)
    row.save()
    _keep(user, reason, row, f"{'change' if before else 'add'} {called}", before, now)
    return 1


def remove_row(user: User, reason: str, stored: Model, called: str) -> int:
    """Remove ``stored``, as ``locked`` returned it, with the verb ``remove``."""
    _keep(user, reason, stored, f"remove {called}", _values(stored), {})
    stored.delete()
    return 1


def locked(row: Model) -> Any:
    """Return the row as it is stored, locked; None where somebody has removed it."""
    return type(row)._default_manager.select_for_update().filter(pk=row.pk).first()


def _keep(
    user: User, reason: str, row: Model, verb: str, before: dict[str, str], now: dict[str, str]
) -> None:
    names = [name for name in dict.fromkeys([*before, *now]) if before.get(name) != now.get(name)]
    detail = {"what": str(row)}
    for label, values in (("was", before), ("is", now)):
        if values:
            detail[label] = (
                ", ".join(f"{name} {values[name]}" for name in names if values.get(name)) or "empty"
            )
    record_audit(user, verb, subject_of(row), reason=reason, detail=detail)


@house_language()
def _values(row: Model) -> dict[str, str]:
    """Return what people read of each field, by its name for people."""
    return {
        str(field.verbose_name): _shown(row, field)
        for field in row._meta.concrete_fields
        if not field.primary_key
    }


def _shown(row: Model, field: Any) -> str:
    value = getattr(row, field.name)
    if isinstance(value, list):
        return " | ".join(str(each) for each in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    return "" if value is None else str(value)
