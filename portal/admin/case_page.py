"""What the page of a case shows: what it is about with its evidence, what can be done about it, and who else looks."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from integration.flows import case_work, decide
from integration.flows.cases import channel_of
from integration.flows.channels import trouble_of
from integration.flows.missing import missing_of, waiting_for
from integration.flows.undo import may_undo
from integration.models import ExceptionCase
from portal.admin import decisions
from portal.admin.cases_many import deciders
from portal.admin.comparison import comparisons
from portal.admin.documents_table import document_words
from portal.admin.mails import mail_link
from portal.admin.record_words import label
from portal.admin.show import age, case_badge, link, money
from portal.admin.stock_feeds import feed_link
from portal.admin.subjects import resolve_work, step_words
from portal.admin.supplier_invoice_page import invoice_link
from portal.admin.timeline import timeline

MOST_WAITING = 20
# In the order of the columns: the database keeps its own order of a row's names.
_EVIDENCE_LABELS = {
    "line": gettext_lazy("Line"),
    "sku": "SKU",
    "what": gettext_lazy("What"),
    "asked": gettext_lazy("We asked"),
    "answered": gettext_lazy("They answered"),
    "money": gettext_lazy("Money"),
    "before": gettext_lazy("Stood before"),
    "after": gettext_lazy("Would stand"),
    "told": gettext_lazy("They were told"),
    "in the store": gettext_lazy("In the store"),
}


def case_context(case: ExceptionCase) -> dict[str, Any]:
    """Return what ``case`` is about, as the template ``portal/case.html`` shows it to everybody."""
    return {
        "case": case,
        "title": gettext("Case %(pk)s: %(kind)s") % {"pk": case.pk, "kind": case.get_kind_display().lower()},
        "badge": case_badge(case),
        "age": age(case.opened_at, case.closed_at),
        "money": money(case.money, case.currency),
        "document_words": document_words(case.document) if case.document else "",
        "mail_link": mail_link(case.cause),
        "invoice_link": invoice_link(case),
        "feed_link": feed_link(case),
        "waiting": _waiting(case),
        "timeline": timeline(case.subject),
        **_evidence_of(case),
        **_work_of(case),
    }


def desk_context(case: ExceptionCase, user: User) -> dict[str, Any]:
    """Return what ``user`` may do about ``case``, and who else looks at it; take note that he does."""
    may_decide = user.has_perm(decide.DECIDE)
    is_open = case.closed_at is None
    return {
        "is_open": is_open,
        "may_decide": may_decide,
        "is_mine": case.owner_id == user.pk,
        "is_put_off": case.is_put_off(timezone.now()),
        "version": case.version,
        "looking": case_work.look(user, case) if may_decide and is_open else [],
        "looking_url": reverse("admin:integration_exceptioncase_looking", args=[case.pk]),
        "people": [each for each in deciders() if each not in (case.owner, user)]
        if is_open and may_decide
        else [],
        "decisions": decisions.links(case),
        "may_undo": may_decide and may_undo(case),
        "decide_url": reverse("admin:integration_exceptioncase_decide", args=[case.pk]),
    }


def _evidence_of(case: ExceptionCase) -> dict[str, Any]:
    """Return the line by line comparison of an answer, else the evidence as it was kept."""
    compared = comparisons([case])
    return {"comparisons": compared, "evidence": None if compared else _evidence(case.evidence)}


def _work_of(case: ExceptionCase) -> dict[str, Any]:
    """Return the work that a case is about, what trying again would do, and the trouble of its store or mailbox."""
    is_open = case.closed_at is None
    work = decide.work_behind(case)
    return {
        "retry_words": [step_words(step.name) for step in decide.steps_to_retry(case)] if is_open else [],
        "work": work,
        "trouble": trouble_of(channel_of(case)) if is_open else None,
        "work_words": step_words(work.step) if work is not None else "",
        "work_about": resolve_work([work])[work.pk] if work is not None else None,
    }


def _waiting(case: ExceptionCase) -> dict[str, Any] | None:
    """Return how many documents wait for the translation that a case is about, and the first of them as links."""
    missing = missing_of(case)
    if missing is None:
        return None
    rows = waiting_for(missing)
    first = [
        link(row.purchase_order.order, str(row.purchase_order))
        if row.purchase_order is not None
        else link(row.document, document_words(row.document) if row.document else "")
        for row in rows[:MOST_WAITING]
    ]
    orders, count = rows.exclude(purchase_order=None).count(), rows.count()
    return {"orders": orders, "received": count - orders, "first": first, "more": count - len(first)}


def _evidence(rows: list[Any]) -> dict[str, Any] | None:
    """Return the evidence as a table: one column for each name that any row has."""
    dictionaries = [row for row in rows if isinstance(row, dict)]
    names = list(dict.fromkeys(name for row in dictionaries for name in row))
    names = [name for name in names if any(row.get(name) not in (None, "") for row in dictionaries)]
    known = list(_EVIDENCE_LABELS)
    names.sort(key=lambda name: known.index(name) if name in known else len(known))
    if not names:
        return None
    return {
        "title": _evidence_title(names),
        "labels": [_EVIDENCE_LABELS.get(name) or label(name) for name in names],
        "rows": [[_evidence_words(row.get(name)) for name in names] for row in dictionaries],
    }


def _evidence_title(names: list[str]) -> str:
    if "told" in names:
        return gettext("What was told, and what the store holds")
    if "before" in names:
        return gettext("What it would change, as far as it is shown")
    if "part" in names:
        return gettext("What adds up to what")
    return gettext("What was asked, and what was said") if "asked" in names else gettext("What was said")


def _evidence_words(value: Any) -> str:
    words = "" if value is None else str(value)
    return words if "_" in words else words[:1].upper() + words[1:]  # a field of the store is named as it is
