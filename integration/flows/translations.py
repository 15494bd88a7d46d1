"""Code lists, item cross-references, carriers and agreements changed by people: one verb for every change, each kept for good.

Pages, imports and decisions of cases call ``change`` and nothing else. Each row's change is an audit entry: who, when,
what it was, what it is, and why; audit entries are facts, so nobody takes one back. What waited for a translation that
is there now is let go in the same transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext

from archive.house import house_language
from archive.models import AuditEntry
from integration.flows.expectations import recount
from integration.flows.missing import let_go
from integration.flows.rights import Refused, require
from integration.flows.route import look_again, skus_listed
from integration.models import Carrier, StockLocation, StockTerms
from partners.models import (
    Agreement,
    AgreementDocument,
    AllowedSubstitute,
    AnswerTolerances,
    BillTolerances,
    BusinessCalendar,
    CodeList,
    CodeListEntry,
    Holiday,
    ItemCrossReference,
    ShipmentTolerances,
)

Row = (
    Agreement
    | AgreementDocument
    | AllowedSubstitute
    | AnswerTolerances
    | BillTolerances
    | BusinessCalendar
    | Carrier
    | CodeList
    | CodeListEntry
    | Holiday
    | ItemCrossReference
    | ShipmentTolerances
    | StockLocation
    | StockTerms
)
CHANGE = {
    Agreement: "partners.change_agreement",
    AgreementDocument: "partners.change_agreementdocument",
    BusinessCalendar: "partners.change_businesscalendar",
    Holiday: "partners.change_holiday",
    AllowedSubstitute: "partners.change_agreement",
    AnswerTolerances: "partners.change_agreement",
    ShipmentTolerances: "partners.change_agreement",
    Carrier: "integration.change_carrier",
    BillTolerances: "partners.change_agreement",
    StockLocation: "partners.change_agreement",
    StockTerms: "partners.change_agreement",
    CodeList: "partners.change_codelist",
    CodeListEntry: "partners.change_codelistentry",
    ItemCrossReference: "partners.change_itemcrossreference",
}
_CALLED: dict[type[Row], str] = {
    Agreement: "agreement",
    AgreementDocument: "document of agreement",
    BusinessCalendar: "business calendar",
    Holiday: "holiday",
    AllowedSubstitute: "substitute",
    AnswerTolerances: "tolerances",
    ShipmentTolerances: "tolerances of ship notices",
    Carrier: "carrier",
    BillTolerances: "tolerances of suppliers' invoices",
    StockLocation: "stock location",
    StockTerms: "stock terms",
    CodeList: "code list",
    CodeListEntry: "code list entry",
    ItemCrossReference: "item",
}
VERBS = tuple(f"{verb} {called}" for called in _CALLED.values() for verb in ("add", "change", "remove"))
"""Every verb that ``change`` records."""
_UNSAID = frozenset({"id", "code_list"})


@dataclass(frozen=True)
class Changed:
    """What a change came to: rows changed, orders looked at again, waiting documents let go."""

    rows: int
    orders: int
    documents: int


def change(user: User, reason: str, saved: Iterable[Row] = (), removed: Iterable[Row] = ()) -> Changed:
    """Save and remove rows, and keep what each was and is; rows that are as they were leave no entry.

    The agreement is locked first, as by whoever finds a translation missing: neither overlooks the other. Raises
    ``Refused``, with nothing done, where the user may not, gives no reason, or somebody else was first.
    """
    saved, removed = list(saved), list(removed)
    kinds = {type(row) for row in [*saved, *removed]} or {Agreement}
    for kind in kinds:
        reason = require(user, CHANGE[kind], reason)
    try:
        with transaction.atomic():
            return _change(user, reason, saved, removed)
    except IntegrityError as error:
        # The forms have looked for twins, but not under the lock.
        raise Refused(gettext("Somebody else has entered the same meanwhile. Look at it again.")) from error


def _change(user: User, reason: str, saved: Sequence[Row], removed: Sequence[Row]) -> Changed:
    agreements = sorted({pk for row in [*saved, *removed] if (pk := _agreement_of(row)) is not None})
    list(Agreement.objects.select_for_update(no_key=True).filter(pk__in=agreements).order_by("pk"))
    was = _as_stored([*saved, *removed])
    skus: set[str] = {str(values["sku"]) for (kind, _), values in was.items() if kind is ItemCrossReference}
    entries = _save(user, reason, saved, was)
    entries += _remove(user, reason, removed, was)
    AuditEntry.objects.bulk_create(entries, batch_size=1000)
    skus |= {row.sku for row in saved if isinstance(row, ItemCrossReference)}
    orders = skus_listed(skus) if any(each.subject.startswith("item:") for each in entries) else 0
    if _takes_other_items(saved, was):
        orders += look_again(None)
    listed = any(isinstance(row, CodeList | CodeListEntry) for row in [*saved, *removed])
    _recount([*saved, *removed])
    documents = sum(let_go(pk, user.get_username(), reason) for pk in agreements) if listed else 0
    return Changed(len(entries), orders, documents)


def _recount(rows: Sequence[Row]) -> None:
    """Count anew what is due where the terms or the calendar that it is counted by may have changed."""
    calendars = {row.pk for row in rows if isinstance(row, BusinessCalendar)}
    calendars |= {row.calendar_id for row in rows if isinstance(row, Holiday)}
    terms = Q(pk__in=[row.pk for row in rows if isinstance(row, Agreement)]) | Q(calendar__in=calendars)
    recount(Agreement.objects.filter(terms))


def _takes_other_items(saved: Sequence[Row], was: dict[Any, dict[str, Any]]) -> bool:
    """Say whether an agreement takes items that it does not list, and did not before."""
    agreements = [row for row in saved if isinstance(row, Agreement) and row.takes_unlisted_items]
    before = [was.get((Agreement, row.pk), {}) for row in agreements]
    return any(values and not values["takes_unlisted_items"] for values in before)


def subject_of(row: Row) -> str:
    """Return the subject under which everything about ``row`` is recorded; entries stand with their list."""
    if isinstance(row, CodeListEntry):
        return f"code_list:{row.code_list_id}"
    if isinstance(row, CodeList):
        return f"code_list:{row.pk}"
    if isinstance(row, ItemCrossReference):
        return f"item:{row.pk}"
    if isinstance(row, BusinessCalendar | Holiday):
        return f"calendar:{row.calendar_id if isinstance(row, Holiday) else row.pk}"
    if isinstance(row, Carrier):
        return f"carrier:{row.pk}"
    return f"agreement:{row.pk if isinstance(row, Agreement) else row.agreement_id}"


def _save(user: User, reason: str, rows: Sequence[Row], was: dict[Any, dict[str, Any]]) -> list[AuditEntry]:
    new: dict[type[Row], list[Any]] = defaultdict(list)
    known: dict[type[Row], list[Any]] = defaultdict(list)
    entries = []
    for row in rows:
        if row.pk is None:
            new[type(row)].append(row)
            continue
        before, now = was.get((type(row), row.pk)), _values(row)
        if before is None:
            raise Refused(
                gettext("Somebody else has removed %(row)s meanwhile. Look at the list again.") % {"row": row}
            )
        if before != now:
            known[type(row)].append(row)
            entries.append(_entry(user, reason, row, "change", before, now))
    kind: Any
    for kind in CHANGE:
        names = [field.name for field in kind._meta.concrete_fields if not field.primary_key]
        kind.objects.bulk_update(known[kind], names, batch_size=500)
        made = kind.objects.bulk_create(new[kind], batch_size=1000)
        entries += [_entry(user, reason, row, "add", {}, _values(row)) for row in made]
    return entries


def _remove(user: User, reason: str, rows: Sequence[Row], was: dict[Any, dict[str, Any]]) -> list[AuditEntry]:
    entries = []
    for row in rows:
        before = was.get((type(row), row.pk))
        if before is None:
            continue
        if isinstance(row, CodeList):
            held = list(CodeListEntry.objects.filter(code_list=row))
            entries += _remove(user, reason, held, _as_stored(held))
        entries.append(_entry(user, reason, row, "remove", before, {}))
        row.delete()
    return entries


def _entry(
    user: User, reason: str, row: Row, verb: str, before: dict[str, Any], now: dict[str, Any]
) -> AuditEntry:
    names = [name for name in dict.fromkeys([*before, *now]) if before.get(name) != now.get(name)]
    detail = {"what": str(row)}
    if before:
        detail["was"] = _words(row, names, before)
    if now:
        detail["is"] = _words(row, names, now)
    return AuditEntry(
        user=user,
        actor=user.get_username(),
        verb=f"{verb} {_CALLED[type(row)]}",
        subject=subject_of(row),
        reason=reason,
        detail=detail,
    )


@house_language()
def _words(row: Row, names: Sequence[str], values: dict[str, Any]) -> str:
    pairs = []
    for name in names:
        value = values.get(name)
        if value not in (None, "", {}):
            label = str(row._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
            pairs.append(f"{label} {_shown(value)}")
    return ", ".join(pairs) or "empty"


def _shown(value: Any) -> str:
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, dict):
        return "; ".join(f"{name} = {each}" for name, each in value.items())
    if isinstance(value, str) and not value.isprintable():
        return repr(value)
    return "yes" if value is True else "no" if value is False else str(value)


def _values(row: Row) -> dict[str, Any]:
    return {
        field.attname: field.to_python(getattr(row, field.attname))
        for field in row._meta.concrete_fields
        if field.name not in _UNSAID
    }


def _as_stored(rows: Sequence[Row]) -> dict[Any, dict[str, Any]]:
    """Return the values of the rows as the database has them, by kind and key; the rows are locked."""
    wanted: dict[type[Row], list[int]] = defaultdict(list)
    for row in rows:
        if row.pk is not None:
            wanted[type(row)].append(row.pk)
    found: dict[Any, dict[str, Any]] = {}
    for kind, pks in wanted.items():
        stored = kind.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk")
        found |= {(kind, each.pk): _values(each) for each in stored}
    return found


def _agreement_of(row: Row) -> int | None:
    if isinstance(row, Agreement):
        return row.pk
    if isinstance(row, CodeListEntry):
        return row.code_list.agreement_id
    if isinstance(row, BusinessCalendar | Holiday | Carrier):
        return None
    return row.agreement_id
