"""A return opened: from a purchase order's page, where only what can go back is offered, or from a file."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from integration.documents.return_document import DISPOSITIONS, REQUEST_REASONS
from integration.flows import decide
from integration.flows.parents import NOT_SENT
from integration.flows.return_lists import COLUMNS, open_returns, plan_returns
from integration.flows.returns import Wanted, open_return, returnable
from integration.flows.translation_files import SAME, WRONG
from integration.matching.lines import plain, words
from integration.models import PurchaseOrder, PurchaseOrderLine, ReturnCase
from portal.access import seen
from portal.admin.base import GridAdmin
from portal.admin.csv_import import SHOWN, given_file
from portal.admin.show import list_url, page_url
from portal.admin.verbs import ReasonForm, person, run

_FIRST_REASONS = ("damaged_in_transit", "defective", "wrong_goods", "not_as_expected")
"""What customers say most, above all others."""
_ANSWERS = ("partially_authorized", "authorized", "denied", "pending", "return_without_number")
"""Dispositions that only a partner gives."""


@dataclass(frozen=True)
class Offered:
    """One purchase order of an order of which something can go back."""

    number: str
    url: str


@dataclass(frozen=True)
class LineOffered:
    """One line that can go back, with its fields."""

    line: PurchaseOrderLine
    left: str
    quantity: Any
    why: Any
    wanted: Any
    comment: Any


class OpeningForm(ReasonForm):
    """What goes back, line by line, what the customer said, and why it is opened."""

    word = forms.CharField(
        label=gettext_lazy("The customer's word"),
        required=False,
        max_length=2000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=gettext_lazy("What he wrote or said; it stands on the claim form."),
    )

    field_order = ["word", "reason"]

    def __init__(self, data: Any, purchase_order: PurchaseOrder) -> None:
        super().__init__(data)
        left = returnable(purchase_order)
        self.rows = [
            (line, left[line.line_number])
            for line in purchase_order.lines.all()
            if left.get(line.line_number)
        ]
        for line, most in self.rows:
            self._add_line(line, most)

    def _add_line(self, line: PurchaseOrderLine, most: Decimal) -> None:
        number, small = line.line_number, {"inputmode": "decimal", "class": "gp-narrow-field"}
        self.fields[f"quantity_{number}"] = forms.DecimalField(
            label=gettext("How many of %(sku)s") % {"sku": line.sku}, min_value=Decimal(0), max_value=most, required=False,
            widget=UnfoldAdminTextInputWidget(attrs={**small, "aria-label": gettext("How many of %(sku)s") % {"sku": line.sku}}),
        )  # fmt: skip
        self.fields[f"reason_{number}"] = forms.ChoiceField(
            label=gettext("Why %(sku)s goes back") % {"sku": line.sku}, choices=_choices(REQUEST_REASONS, _FIRST_REASONS), required=False,
            widget=UnfoldAdminSelectWidget(attrs={"aria-label": gettext("Why %(sku)s goes back") % {"sku": line.sku}}),
        )  # fmt: skip
        asked = [each for each in DISPOSITIONS if each not in _ANSWERS]
        self.fields[f"wanted_{number}"] = forms.ChoiceField(
            label=gettext("What is wanted for %(sku)s") % {"sku": line.sku}, choices=[("", gettext("Credit")), *_choices(asked, ())], required=False,
            widget=UnfoldAdminSelectWidget(attrs={"aria-label": gettext("What is wanted for %(sku)s") % {"sku": line.sku}}),
        )  # fmt: skip
        self.fields[f"comment_{number}"] = forms.CharField(
            label=gettext("What is wrong with %(sku)s") % {"sku": line.sku}, required=False, max_length=2000,
            widget=UnfoldAdminTextInputWidget(attrs={"aria-label": gettext("What is wrong with %(sku)s") % {"sku": line.sku}}),
        )  # fmt: skip

    def offered(self) -> list[LineOffered]:
        """Return the lines with their fields."""
        names = ("quantity", "reason", "wanted", "comment")
        return [
            LineOffered(
                line, f"{plain(left)} {line.unit}", *(self[f"{name}_{line.line_number}"] for name in names)
            )
            for line, left in self.rows
        ]

    def wanted(self) -> list[Wanted]:
        """Return what goes back; the form is valid."""
        told = self.cleaned_data
        return [
            Wanted(
                line.line_number,
                told[f"quantity_{line.line_number}"],
                told[f"reason_{line.line_number}"],
                told[f"wanted_{line.line_number}"],
                told[f"comment_{line.line_number}"],
            )
            for line, _ in self.rows
            if told.get(f"quantity_{line.line_number}")
        ]


def may_open(user: User) -> bool:
    """Say whether ``user`` may open returns."""
    return user.has_perm(decide.DECIDE)


def offered_for(purchase_orders: Iterable[PurchaseOrder], user: User) -> list[Offered]:
    """Return those of ``purchase_orders`` of which ``user`` can open a return now."""
    if not may_open(user):
        return []
    return [
        Offered(each.number, reverse("admin:integration_returncase_open", args=[each.pk]))
        for each in purchase_orders
        if each.state not in NOT_SENT and any(returnable(each).values())
    ]


def open_page(shown_by: GridAdmin, request: HttpRequest, purchase_order_id: int) -> HttpResponse:
    """Ask what of a purchase order goes back and why; open the return, and show it."""
    user = person(request)
    if not may_open(user):
        raise PermissionDenied
    purchase_order = (
        seen(PurchaseOrder.objects.all())
        .select_related("order", "agreement__partner")
        .filter(pk=purchase_order_id)
        .first()
    )
    if purchase_order is None:
        raise Http404
    form = OpeningForm(request.POST if request.method == "POST" else None, purchase_order)
    made: list[ReturnCase] = []
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data

        def verb() -> None:
            made.append(open_return(user, purchase_order, form.wanted(), told["reason"], word=told["word"]))

        if run(request, verb, gettext("The return is open. Add photos, then ask the partner.")):
            return HttpResponseRedirect(page_url(made[0]))
    context = {
        "title": gettext("Return of %(number)s") % {"number": purchase_order.number},
        "purchase_order": purchase_order,
        "form": form,
        "lines": form.offered(),
        "asked": [form[name] for name in ("word", "reason")],
        "cancel_url": page_url(purchase_order),
    }
    return shown_by.page(request, None, "portal/return_open.html", context)


def import_page(shown_by: GridAdmin, request: HttpRequest) -> HttpResponse:
    """Show what a file would open; open it once that was seen, with a reason."""
    user = person(request)
    if not may_open(user):
        raise PermissionDenied
    text, problem = given_file(request)
    if text and "digest" in request.POST:
        reason, digest = request.POST.get("reason", ""), request.POST["digest"]
        if run(request, lambda: open_returns(user, text, digest, reason), gettext("The returns are open.")):
            return HttpResponseRedirect(list_url(ReturnCase))
    plan = plan_returns(text) if text else None
    rows = sorted(plan.rows, key=lambda row: (row.verdict != WRONG, row.verdict == SAME)) if plan else []
    context = {
        "title": gettext("Open returns from a file"),
        "heading": gettext("Open returns from a file"),
        "help": gettext(
            "Lines of one purchase order with the same reference are one return, and a reference opens once. Nothing is"
            " opened before you have seen what each line does."
        ),
        "columns": ", ".join(COLUMNS),
        "opens": gettext("Open the returns"),
        "plan": plan,
        "rows": rows[:SHOWN],
        "more": max(0, len(rows) - SHOWN),
        "text": base64.b64encode(text.encode()).decode(),
        "problem": problem,
        "cancel_url": list_url(ReturnCase),
    }
    return shown_by.page(request, None, "portal/import.html", context)


def _choices(known: Any, first: Any) -> list[tuple[str, str]]:
    rest = sorted(each for each in known if each not in first)
    return [(each, words(each).capitalize()) for each in (*first, *rest)]
