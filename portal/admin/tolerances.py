"""What of a partner's answers is accepted by itself: entered, tried out on past answers, and saved for a reason."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext, gettext_lazy
from unfold.widgets import (
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from integration.flows.agreed import as_tolerances
from integration.flows.decide import Refused
from integration.flows.tolerance_trial import Trial, try_tolerances
from integration.flows.translations import change
from partners.models import Agreement, AllowedSubstitute, AnswerTolerances
from portal.admin.show import page_url
from portal.admin.verbs import ReasonForm, person
from portal.readings import telling

if TYPE_CHECKING:
    from portal.admin.base import GridAdmin

CHANGE = "partners.change_agreement"
MOST_SHOWN = 50


NUMBERS = (
    "price_percent", "price_absolute", "short_percent", "short_absolute", "over_percent", "over_absolute", "days_late",
    "days_early",
)  # fmt: skip


class TolerancesForm(forms.ModelForm):  # type: ignore[type-arg]
    """The tolerances of one agreement, with the substitutes as lines."""

    substitutes = forms.CharField(
        label=gettext_lazy("Items that may come instead"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=gettext_lazy("A line each: SKU = the partner's number of the substitute."),
    )

    class Meta:
        model = AnswerTolerances
        fields = (
            "price_percent",
            "price_absolute",
            "accepts_cheaper",
            "short_percent",
            "short_absolute",
            "over_percent",
            "over_absolute",
            "accepts_backorders",
            "days_late",
            "days_early",
        )
        widgets = {
            **{name: UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"}) for name in NUMBERS},
            "accepts_cheaper": UnfoldBooleanSwitchWidget,
            "accepts_backorders": UnfoldBooleanSwitchWidget,
        }

    def clean_substitutes(self) -> dict[str, set[str]]:
        """Return the substitutes by SKU."""
        found: dict[str, set[str]] = defaultdict(set)
        for number, line in enumerate(self.cleaned_data["substitutes"].splitlines(), start=1):
            if not line.strip():
                continue
            sku, separator, item = (part.strip() for part in line.partition("="))
            if not (separator and sku and item):
                raise forms.ValidationError(
                    gettext("Line %(number)s: write it as SKU = number of the substitute.")
                    % {"number": number}
                )
            if len(sku) > 100 or len(item) > 48:
                raise forms.ValidationError(
                    gettext("Line %(number)s: a SKU has 100 characters at most, a number 48.")
                    % {"number": number}
                )
            found[sku].add(item)
        return dict(found)


GROUPS = (
    (gettext_lazy("Price"), ("price_percent", "price_absolute", "accepts_cheaper")),
    (
        gettext_lazy("Quantity"),
        ("short_percent", "short_absolute", "over_percent", "over_absolute", "accepts_backorders"),
    ),
    (gettext_lazy("Day"), ("days_late", "days_early")),
    (gettext_lazy("Substitutes"), ("substitutes",)),
)


def tolerances_page(shown_by: GridAdmin, request: HttpRequest, agreement: Agreement) -> HttpResponse:
    """Show the tolerances; on POST try them on past answers, or save them."""
    if not person(request).has_perm(CHANGE):
        raise PermissionDenied
    row = AnswerTolerances.objects.filter(agreement=agreement).first() or AnswerTolerances(
        agreement=agreement
    )
    listed = list(AllowedSubstitute.objects.filter(agreement=agreement))
    form = TolerancesForm(
        request.POST or None,
        instance=row,
        initial={"substitutes": "\n".join(f"{each.sku} = {each.item}" for each in listed)},
    )
    saves = request.POST.get("do") == "save"
    reason = ReasonForm(request.POST if saves else None)
    trial: Trial | None = None
    if request.method == "POST" and form.is_valid():
        if saves and reason.is_valid() and _saved(request, form, listed, reason.cleaned_data["reason"]):
            return HttpResponseRedirect(page_url(agreement))
        trial = try_tolerances(agreement, as_tolerances(form.instance, form.cleaned_data["substitutes"]))
    context: dict[str, Any] = {
        "title": gettext("%(agreement)s: what is accepted by itself") % {"agreement": agreement},
        "agreement": agreement,
        "form": form,
        "groups": [(title, [form[name] for name in names]) for title, names in GROUPS],
        "trial": trial,
        "changed": trial.changed[:MOST_SHOWN] if trial else (),
        "more": max(0, len(trial.changed) - MOST_SHOWN) if trial else 0,
        "reason": reason,
        "cancel_url": page_url(agreement),
    }
    told = (f"purchase_order:{each.purchase_order.pk}" for each in context["changed"])
    return telling(shown_by.page(request, agreement, "portal/tolerances.html", context), told)


def _saved(request: HttpRequest, form: TolerancesForm, listed: list[AllowedSubstitute], reason: str) -> bool:
    agreement = form.instance.agreement
    wanted = {(sku, item) for sku, items in form.cleaned_data["substitutes"].items() for item in items}
    known = {(each.sku, each.item): each for each in listed}
    new = [
        AllowedSubstitute(agreement=agreement, sku=sku, item=item)
        for sku, item in sorted(wanted - known.keys())
    ]
    gone = [known[key] for key in sorted(known.keys() - wanted)]
    try:
        changed = change(person(request), reason, [form.instance, *new], gone)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return False
    messages.success(
        request,
        gettext("Saved: it holds for the next answer.") if changed.rows else gettext("Nothing was changed."),
    )
    return True
