"""What a token is to be, as a form: its fields, what each refuses, and the token that is wanted by them."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from integration.models import Store
from partners.models import TradingPartner
from portal.access import seen
from portal.admin.verbs import ReasonForm
from portal.api.resources import READABLE
from portal.api.tokens import Wanted
from portal.models import ApiToken

USUAL_DAYS, MOST_DAYS = 90, 365
MOST_NETWORKS = 20

GROUPS = (
    (
        _("Orders"),
        ("orders", "purchase_orders", "purchase_order_lines", "acknowledgment_lines", "shipments"),
    ),
    (_("Invoices and returns"), ("invoices", "supplier_invoices", "returns", "return_lines")),
    (_("Documents"), ("documents", "interchanges", "mappings")),
    (_("Partners and stores"), ("partners", "stores")),
    (_("How it goes"), ("cases", "reconciliations", "daily_figures", "scorecards")),
)
"""Under which heading each resource stands; one that stands under none comes last."""


def resource_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the resources by their headings, each with its title."""
    named = {name for _, names in GROUPS for name in names}
    others = tuple(each.name for each in READABLE.values() if each.name not in named)
    groups = [*GROUPS, (_("Others"), others)] if others else GROUPS
    return [
        (str(heading), [(name, _titled(name)) for name in names if name in READABLE])
        for heading, names in groups
    ]


def resource_words(names: Sequence[str]) -> list[str]:
    """Return what a token reads, by titles; what is no resource any more by its name."""
    return [_titled(name) if name in READABLE else name for name in names]


def _titled(name: str) -> str:
    title = READABLE[name].title
    return f"{title[:1].upper()}{title[1:]}"


def networks(text: str) -> tuple[str, ...]:
    """Return the networks of a text, one a line. Raises ``ValidationError`` that says which line is none."""
    found = []
    for line in filter(None, map(str.strip, text.splitlines())):
        try:
            found.append(str(ipaddress.ip_network(line, strict=False)))
        except ValueError:
            said = gettext(
                "“{}” is no address and no network: write one such as 203.0.113.7 or 203.0.113.0/24 on each line."
            )
            raise forms.ValidationError(said.format(line[:60])) from None
    if len(found) > MOST_NETWORKS:
        raise forms.ValidationError(
            gettext("Name {} networks at most, each as wide as is needed.").format(MOST_NETWORKS)
        )
    return tuple(dict.fromkeys(found))


def _boxes(label: Any, rows: QuerySet[Any]) -> forms.ModelMultipleChoiceField[Any]:
    return forms.ModelMultipleChoiceField(
        rows, label=label, required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )


def _switch(label: Any, help_text: Any = "") -> forms.BooleanField:
    return forms.BooleanField(label=label, required=False, widget=UnfoldBooleanWidget(), help_text=help_text)


class TokenForm(ReasonForm):
    """A token that is to be made."""

    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        widget=UnfoldAdminTextInputWidget,
        help_text=_(
            "What for, such as “Power BI, sales”: this is how you find it when something asks too often."
        ),
    )
    user = forms.ModelChoiceField(
        User.objects.none(),
        label=_("In whose name"),
        empty_label=None,
        widget=UnfoldAdminSelectWidget,
        help_text=_(
            "It reads with this person's rights and sight, never with more, and stops when they leave."
        ),
    )
    everything = _switch(
        _("Everything"), _("All that there is to read today. What comes later takes a new token.")
    )
    resources = forms.MultipleChoiceField(
        label=_("What it reads"),
        required=False,
        choices=resource_choices,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    reads_content = _switch(
        _("What documents say, too"),
        _("The bytes and the content of documents, beside what is known of them. Every reading is recorded."),
    )
    may_write = _switch(
        _("May act"),
        _(
            "Open returns, send documents again, comment and decide, where the person may. Leave it off for reports."
        ),
    )
    limits_partners = _switch(_("Only some partners"))
    partners = _boxes(_("Partners"), TradingPartner.objects.none())
    limits_stores = _switch(_("Only some stores"))
    stores = _boxes(_("Stores"), Store.objects.none())
    addresses = forms.CharField(
        label=_("Only from these networks"),
        required=False,
        max_length=1000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2, "spellcheck": "false"}),
        help_text=_("One a line, such as 203.0.113.7 or 203.0.113.0/24. Leave it empty for any."),
    )
    good_until = forms.DateField(
        label=_("Good until"),
        widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}),
        help_text=_("The last day on which it is good, within a year."),
    )
    once = forms.CharField(max_length=40, widget=forms.HiddenInput)

    field_order = ["name", "user"]

    def __init__(self, data: Any, actor: User, once: str) -> None:
        until = timezone.localdate() + timedelta(days=USUAL_DAYS)
        super().__init__(data, initial={"user": actor.pk, "once": once, "good_until": until.isoformat()})
        self.actor = actor
        self.fields["reason"].help_text = _("Kept with the token and in the record of decisions.")
        self._offer("partners", seen(TradingPartner.objects.order_by("name"), actor))
        self._offer("stores", seen(Store.objects.order_by("name"), actor))
        if actor.is_superuser:
            self._offer("user", User.objects.filter(is_active=True).order_by("username"))
        else:
            del self.fields["user"]

    def _offer(self, name: str, rows: QuerySet[Any]) -> None:
        self.fields[name].queryset = rows  # type: ignore[attr-defined]

    def clean_addresses(self) -> tuple[str, ...]:
        """Return the networks."""
        return networks(self.cleaned_data["addresses"])

    def clean_good_until(self) -> date:
        """Return the day, where it is one of the year to come."""
        day: date = self.cleaned_data["good_until"]
        today = timezone.localdate()
        if not today <= day <= today + timedelta(days=MOST_DAYS):
            raise forms.ValidationError(gettext("Name a day within a year from today."))
        return day

    def clean(self) -> dict[str, Any]:
        """Refuse a token that reads nothing, that its user may not use, or whose limits contradict each other."""
        given: dict[str, Any] = super().clean() or {}
        if not given.get("everything") and not given.get("resources") and "resources" not in self.errors:
            self.add_error("resources", gettext("Tick what it reads, or “Everything”."))
        self._look_at_rights(given)
        self._look_at_limits(given, "partners", gettext("partner"))
        self._look_at_limits(given, "stores", gettext("store"))
        return given

    def _look_at_rights(self, given: dict[str, Any]) -> None:
        user = given.get("user") or self.actor
        missing = [
            name for name in given.get("resources") or () if not user.has_perm(READABLE[name].permission)
        ]
        if missing and not given.get("everything"):
            said = gettext(
                "%(user)s may not look at: %(lists)s. Leave it out, or make the token in another name."
            )
            self.add_error("resources", said % {"user": user, "lists": ", ".join(resource_words(missing))})

    def _look_at_limits(self, given: dict[str, Any], name: str, one: str) -> None:
        is_limited, chosen = given.get(f"limits_{name}"), given.get(name)
        if name in self.errors or bool(is_limited) == bool(chosen):
            return
        said = (
            gettext("Tick at least one {}, or switch the limit off.")
            if is_limited
            else gettext("You ticked a {} and did not switch the limit on: do one or the other.")
        )
        self.add_error(name, said.format(one))

    def wanted(self) -> Wanted:
        """Return what is asked for, once the form is valid."""
        given = self.cleaned_data
        day_after = given["good_until"] + timedelta(days=1)
        return Wanted(
            name=given["name"],
            user=given.get("user") or self.actor,
            resources=[
                each.name
                for each in READABLE.values()
                if given["everything"] or each.name in given["resources"]
            ],
            expires_at=timezone.make_aware(datetime.combine(day_after, time())),
            reads_content=given["reads_content"],
            may_write=given["may_write"],
            partners=_chosen(given, "partners"),
            stores=_chosen(given, "stores"),
            addresses=given["addresses"],
        )

    @property
    def about(self) -> list[Any]:
        """What it is for, and in whose name."""
        return [self[name] for name in ("name", "user") if name in self.fields]

    @property
    def further(self) -> list[Any]:
        """From where, until when, and why."""
        return [self[name] for name in ("addresses", "good_until", "reason")]

    @property
    def limits(self) -> list[tuple[Any, Any]]:
        """Each limit with what it leaves."""
        return [(self[f"limits_{name}"], self[name]) for name in ("partners", "stores")]


def _chosen(given: dict[str, Any], name: str) -> list[Model] | None:
    return list(given[name]) if given[f"limits_{name}"] else None


def reads_words(token: ApiToken) -> str:
    """Return what a token reads, in a few words."""
    names = token.resources
    if set(READABLE) <= set(names):
        return gettext("Everything")
    words = resource_words(names)
    further = gettext("%(lists)s and %(count)d more") % {
        "lists": ", ".join(words[:3]),
        "count": len(words) - 3,
    }
    return further if len(words) > 4 else ", ".join(words) or gettext("Nothing")
