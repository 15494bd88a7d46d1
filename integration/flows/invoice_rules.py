"""Invoice rules and series changed by people: one verb for every change, kept for good."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from integration.flows.kept_rows import locked, remove_row, save_row, subject_of
from integration.flows.rights import Refused, require
from integration.flows.translations import Changed
from integration.matching.invoicing.numbers import series_problem
from integration.models import InvoiceRule, InvoiceSeries

__all__ = ["CHANGE", "VERBS", "change", "rule_problems", "series_problems", "subject_of"]

Row = InvoiceRule | InvoiceSeries
CHANGE: dict[type[Row], str] = {
    InvoiceRule: "integration.change_invoicerule",
    InvoiceSeries: "integration.change_invoiceseries",
}
_CALLED: dict[type[Row], str] = {InvoiceRule: "invoice rule", InvoiceSeries: "invoice series"}
VERBS = tuple(f"{verb} {called}" for called in _CALLED.values() for verb in ("add", "change", "remove"))
"""Every verb that ``change`` records."""


def rule_problems(rule: InvoiceRule) -> dict[str, str]:
    """Return why ``rule`` could send an invoice nowhere: sentences by field. What else is wrong says the row itself."""
    if rule.agreement_id is not None and rule.mailbox_id is not None:
        return {
            "mailbox": gettext(
                "An agreement gets an 810 on its own mailbox: leave this empty, or the agreement."
            )
        }
    if rule.agreement_id is None and rule.mailbox_id is None:
        return {"agreement": gettext("Choose an agreement for an 810, or a mailbox for files.")}
    if rule.mailbox_id is not None and not rule.file_format:
        return {"file_format": gettext("Choose the format of the files.")}
    if rule.agreement_id is not None and rule.file_format:
        return {"file_format": gettext("An 810 needs none: leave this empty.")}
    return {}


def series_problems(series: InvoiceSeries) -> dict[str, str]:
    """Return why ``series`` could not go on as it is set."""
    if problem := series_problem(series.pattern):
        return {"pattern": problem}
    stored = InvoiceSeries.objects.filter(pk=series.pk).first() if series.pk else None
    if stored is not None and series.next_number < stored.next_number:
        return {
            "next_number": gettext(
                "The next number is %(next_number)s: it may be raised, and is never lowered, since numbers before it are given out."
            )
            % {"next_number": stored.next_number}
        }
    return {}


def change(user: User, reason: str, saved: Iterable[Row] = (), removed: Iterable[Row] = ()) -> Changed:
    """Save and remove rules and series. What is invoiced stays as it is. Raises ``Refused``, with nothing done."""
    saved, removed = list(saved), list(removed)
    for kind in {type(row) for row in [*saved, *removed]} or {InvoiceRule}:
        reason = require(user, CHANGE[kind], reason)
    try:
        with transaction.atomic():
            for row in saved:
                if isinstance(row, InvoiceSeries):
                    _hold_counter(row)
            count = sum(save_row(user, reason, row, _CALLED[type(row)]) for row in saved)
            count += sum(_remove(user, reason, row) for row in removed)
    except IntegrityError as error:
        raise Refused(gettext("Somebody else has entered the same meanwhile. Look at it again.")) from error
    return Changed(count, 0, 0)


def _hold_counter(series: InvoiceSeries) -> None:
    """Refuse to lower the counter: an invoice may have taken a number since the form was shown."""
    stored = locked(series) if series.pk else None
    if stored is not None and series.next_number < stored.next_number:
        raise Refused(
            gettext(
                "An invoice has taken a number meanwhile: the next one of %(series)s is %(next_number)s now. Look at it again."
            )
            % {"series": series, "next_number": stored.next_number}
        )


def _remove(user: User, reason: str, row: Row) -> int:
    stored = locked(row)
    if stored is None:
        return 0
    used = (
        stored.copies.exists()
        if isinstance(stored, InvoiceRule)
        else stored.invoices.exists() or stored.rules.exists() or stored.credit_rules.exists()
    )
    if used:
        raise Refused(
            gettext("%(stored)s is in use: invoices or rules name it. Switch a rule off instead.")
            % {"stored": stored}
        )
    return remove_row(user, reason, stored, _CALLED[type(row)])
