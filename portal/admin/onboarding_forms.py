"""What is asked when a partner is added in test, and when his onboarding is signed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from integration.flows.onboarding import NewPartner
from partners.models import Agreement, Mailbox, Mode, PartnerIdentifier, TradingPartner
from partners.models.partner import QUALIFIERS, interchange_id
from portal.access import seen
from portal.admin.verbs import ReasonForm


def _qualifier(label: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=list(QUALIFIERS.items()), initial="ZZ", widget=UnfoldAdminSelectWidget
    )


def _identifier(label: Any, help_text: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=15,
        validators=[interchange_id],
        widget=UnfoldAdminTextInputWidget,
        help_text=help_text,
    )


class AddInTestForm(forms.Form):
    """The six things that a first test needs; everything else has its usual value and is changed later."""

    name = forms.CharField(label=_("Partner"), max_length=80, widget=UnfoldAdminTextInputWidget)
    qualifier = _qualifier(_("Their qualifier"))
    value = _identifier(
        _("Their interchange ID for tests"), _("ISA08 of what we send, ISA06 of what they send.")
    )
    mailbox = forms.ModelChoiceField(
        label=_("Mailbox"),
        queryset=Mailbox.objects.none(),
        widget=UnfoldAdminSelectWidget,
        empty_label=None,
        help_text=_("Those that are live. What goes through it for this partner is marked as a test."),
    )
    own_qualifier = _qualifier(_("Our qualifier"))
    own_id = _identifier(_("Our interchange ID"), _("ISA06 of what we send."))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        mailboxes = seen(Mailbox.objects.filter(mode=Mode.LIVE, kind=Mailbox.Kind.NETWORK))
        # Those for tests stand first.
        self.fields["mailbox"].queryset = mailboxes.order_by("-usage_indicator", "name")  # type: ignore[attr-defined]
        known = Agreement.objects.order_by("-pk").values_list("own_qualifier", "own_id").first()
        if known is not None:
            self.initial.setdefault("own_qualifier", known[0])
            self.initial.setdefault("own_id", known[1])

    def clean_name(self) -> str:
        """Refuse a name that a partner or an agreement bears."""
        name = str(self.cleaned_data["name"])
        taken = (
            TradingPartner.objects.filter(name=name).exists() or Agreement.objects.filter(name=name).exists()
        )
        if taken:
            raise forms.ValidationError(_("A partner or an agreement bears this name already."))
        return name

    def clean(self) -> None:
        """Refuse an interchange ID that another partner has."""
        super().clean()
        given = self.cleaned_data
        if PartnerIdentifier.objects.filter(
            qualifier=given.get("qualifier", ""), value=given.get("value", "")
        ).exists():
            self.add_error("value", _("Another partner already uses this interchange ID."))

    @property
    def new(self) -> NewPartner:
        """What was entered."""
        given = self.cleaned_data
        return NewPartner(
            given["name"],
            (given["qualifier"], given["value"]),
            (given["own_qualifier"], given["own_id"]),
            given["mailbox"],
        )


class SignOffForm(ReasonForm):
    """Through which mailbox the agreement goes in production, and why it may."""

    mailbox = forms.ModelChoiceField(
        label=_("Mailbox of production"),
        queryset=Mailbox.objects.none(),
        widget=UnfoldAdminSelectWidget,
        empty_label=None,
        help_text=_("Only those that carry production documents."),
    )

    field_order = ["mailbox", "reason"]

    def __init__(self, agreement: Agreement, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        private = Mailbox.objects.filter(kind=Mailbox.Kind.PRIVATE, partner=agreement.partner)
        either = Mailbox.objects.filter(kind=Mailbox.Kind.NETWORK) | private
        self.fields["mailbox"].queryset = seen(either.filter(usage_indicator="P")).order_by("name")  # type: ignore[attr-defined]
        if agreement.mailbox.usage_indicator == "P":
            self.initial.setdefault("mailbox", agreement.mailbox_id)
