"""A decision as a page: what it needs to know, what it would do, and the button that does exactly that."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from integration.flows import decide
from integration.flows.contact import LONGEST_MESSAGE, addresses_of
from integration.flows.decide import Refused
from integration.flows.decisions import UNDOABLE, carry_out
from integration.flows.planned import Choice, Given, Plan
from integration.flows.plans import choices, plan
from integration.flows.remainder import other_suppliers
from integration.models import ExceptionCase
from portal.admin import rereading
from portal.admin.base import GridAdmin
from portal.admin.show import page_url
from portal.admin.verbs import ReasonForm, person


class AskForm(forms.Form):
    """What a decision asks of a person, about one case."""

    def __init__(self, data: Any, case: ExceptionCase) -> None:
        super().__init__(data)
        self.case = case

    def given(self) -> Given:
        """Return what was given; the form is valid."""
        return Given(**self.cleaned_data)


class DueForm(AskForm):
    """Until when to wait."""

    due_at = forms.DateTimeField(
        label=gettext_lazy("Wait until"),
        widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"}),
        help_text=gettext_lazy("In your time zone. The case is due then."),
    )


class NumberForm(AskForm):
    """Which purchase order is meant."""

    number = forms.CharField(
        label=gettext_lazy("Purchase order"),
        max_length=22,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy("The number as it was sent to the partner."),
    )


class ReturnForm(AskForm):
    """Which return is meant."""

    number = forms.CharField(
        label=gettext_lazy("Return"),
        max_length=30,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy("Our number of it, such as R-1001."),
    )


class TranslationForm(AskForm):
    """What a missing translation is."""

    value = forms.CharField(
        label=gettext_lazy("Translation"),
        max_length=40,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy("Their code for our word, or our word for their code."),
    )


class SupplierForm(AskForm):
    """Who is to deliver the remainder."""

    agreement = forms.TypedChoiceField(
        label=gettext_lazy("Order from"),
        coerce=int,
        widget=UnfoldAdminSelectWidget,
        help_text=gettext_lazy("The agreements of this store."),
    )

    def __init__(self, data: Any, case: ExceptionCase) -> None:
        super().__init__(data, case)
        offered = other_suppliers(case.purchase_order) if case.purchase_order else []
        choices = [(each.pk, f"{each.partner} ({each})") for each in offered]
        self.fields["agreement"].choices = choices or [("", gettext("No other agreement"))]  # type: ignore[attr-defined]


class ContactForm(AskForm):
    """Whom to write what, and until when the answer is waited for."""

    to = forms.EmailField(
        label=gettext_lazy("To"),
        widget=UnfoldAdminTextInputWidget(attrs={"type": "email", "autocomplete": "off"}),
    )
    due_at = forms.DateTimeField(
        label=gettext_lazy("Wait until"),
        widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"}),
        help_text=gettext_lazy("In your time zone. The case is due then."),
    )
    message = forms.CharField(
        label=gettext_lazy("In your words"),
        required=False,
        max_length=LONGEST_MESSAGE,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=gettext_lazy("Stands below the differences."),
    )

    def __init__(self, data: Any, case: ExceptionCase) -> None:
        super().__init__(data, case)
        known = addresses_of(case.purchase_order) if case.purchase_order else []
        self.fields["to"].initial = known[0].email if known else ""
        names = ", ".join(f"{each.name} <{each.email}>" for each in known)
        self.fields["to"].help_text = (
            gettext("Known for orders and else: %(names)s") % {"names": names}
            if known
            else gettext("The partner's page keeps contacts; there are none yet.")
        )


class StoreForm(AskForm):
    """Whether the order in the store is told."""

    leaves_store = forms.BooleanField(
        label=gettext_lazy("Leave the order in the store as it is"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text=gettext_lazy("Neither its status nor its notes are written."),
    )


class ToldForm(AskForm):
    """Whom to tell, if anybody."""

    to = forms.EmailField(
        label=gettext_lazy("To, if the partner is to be told"),
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"type": "email", "autocomplete": "off"}),
    )
    message = forms.CharField(
        label=gettext_lazy("In your words"),
        required=False,
        max_length=LONGEST_MESSAGE,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=gettext_lazy("Stands below the differences."),
    )

    def __init__(self, data: Any, case: ExceptionCase) -> None:
        super().__init__(data, case)
        known = addresses_of(case.purchase_order) if case.purchase_order else []
        named = ", ".join(f"{each.name} <{each.email}>" for each in known)
        self.fields["to"].help_text = gettext("Empty: no mail goes out. Known: %(named)s.") % {
            "named": named or gettext("nobody yet")
        }


_ASKED: dict[str, type[AskForm]] = {
    "due_at": DueForm,
    "number": NumberForm,
    "return": ReturnForm,
    "value": TranslationForm,
    "agreement": SupplierForm,
    "leaves_store": StoreForm,
    "to": ContactForm,
    "told": ToldForm,
}
_ASKED_WITH_DEFAULT = frozenset({"leaves_store", "told"})
_FIELDS = {"return": "number"}
"""The field that says that something was given, where it has another name."""


def links(case: ExceptionCase) -> list[dict[str, str]]:
    """Return what can be decided about ``case``, each with its page."""
    decided = [
        {"words": str(choice.words), "help": str(choice.help), "url": _address(case, choice.name)}
        for choice in choices(case)
    ]
    return decided + rereading.links(case)


def decision_page(shown_by: GridAdmin, request: HttpRequest, case: ExceptionCase, name: str) -> HttpResponse:
    """Show what decision ``name`` needs and would do; on POST do it as it was shown, and go back to the case."""
    if not person(request).has_perm(decide.DECIDE):
        raise PermissionDenied
    if case.closed_at is not None:
        messages.error(
            request, gettext("%(closed_by)s has closed this case already.") % {"closed_by": case.closed_by}
        )
        return HttpResponseRedirect(page_url(case))
    choice = next((each for each in choices(case) if each.name == name), None)
    if choice is None:
        raise Http404
    given, asked = _given(request, case, choice)
    shown = _plan(request, case, choice, given)
    usual = {"reason": choice.usual} if choice.usual else None
    reason = ReasonForm(request.POST if request.method == "POST" else None, initial=usual)
    if request.method == "POST" and shown is not None and reason.is_valid():
        try:
            digest = request.POST.get("digest", "")
            carry_out(person(request), case, name, given or Given(), reason.cleaned_data["reason"], digest)
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, gettext("Decided: %(words)s.") % {"words": str(choice.words).lower()})
            return HttpResponseRedirect(page_url(case) + kept(request))
    context = {
        "title": gettext("Case %(pk)s: %(words)s") % {"pk": case.pk, "words": str(choice.words).lower()},
        "choice": choice,
        "case": case,
        "asked": asked,
        "plan": shown,
        "form": reason,
        "can_be_undone": name in UNDOABLE,
        "undo_seconds": settings.UNDO_SECONDS,
        "list_filters": request.GET.get("_changelist_filters", ""),
        "cancel_url": page_url(case) + kept(request),
    }
    return shown_by.page(request, case, "portal/decision.html", context)


def kept(request: HttpRequest) -> str:
    """Return the end of an address that keeps the list that somebody came from."""
    filters = request.GET.get("_changelist_filters", "")
    return f"?{urlencode({'_changelist_filters': filters})}" if filters else ""


def _address(case: ExceptionCase, name: str) -> str:
    return reverse("admin:integration_exceptioncase_decision", args=[case.pk, name])


def _given(request: HttpRequest, case: ExceptionCase, choice: Choice) -> tuple[Given | None, AskForm | None]:
    """Return what the person gave, None before he has, and the form that asks for it."""
    if not choice.asks:
        return Given(), None
    sent = request.POST if request.method == "POST" else request.GET
    is_given = _FIELDS.get(choice.asks, choice.asks) in sent or choice.asks in _ASKED_WITH_DEFAULT
    form = _ASKED[choice.asks](sent if is_given else None, case)
    return (form.given() if form.is_valid() else None), form


def _plan(request: HttpRequest, case: ExceptionCase, choice: Choice, given: Given | None) -> Plan | None:
    if given is None:
        return None
    try:
        return plan(case, choice.name, given)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return None
