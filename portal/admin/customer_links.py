"""Customer links: whose orders in the store are a trading partner's, who is sent order acknowledgments (855)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from integration.flows import customer_links
from integration.flows.kept_rows import subject_of
from integration.flows.translations import Changed
from integration.models import CustomerLink
from portal.admin.base import EmptyState
from portal.admin.forms import ReasonedForm
from portal.admin.reasoned import ReasonedAdmin
from portal.admin.routing_forms import ListField, NumberListField
from portal.admin.show import GOOD, QUIET, and_more, badge, link
from portal.admin.verbs import person

_MOST_WORDS = 3
_CONDITIONS = (
    ("customer_ids", "customer"),
    ("companies", "company"),
    ("email_domains", gettext_lazy("e-mail domain")),
    ("group_ids", "group"),
)


class LinkForm(ReasonedForm):
    """A customer link."""

    problems = staticmethod(customer_links.link_problems)
    customer_ids = NumberListField(
        label=gettext_lazy("Customer IDs"),
        help_text=gettext_lazy("The store's numbers of its customers: 77, 1042."),
    )
    companies = ListField(help_text=gettext_lazy("One a line, as billing or shipping addresses have them; capitals count for nothing."))  # fmt: skip
    email_domains = ListField(
        commas=True,
        label=gettext_lazy("E-mail domains"),
        help_text=gettext_lazy("Of the billing address: groveretail.example."),
    )
    group_ids = NumberListField(
        label=gettext_lazy("Customer groups"),
        help_text=gettext_lazy(
            "The store's numbers of its groups. Needs a token that may read customers; the store is asked once for"
            " each order."
        ),
    )

    class Meta:
        model = CustomerLink
        fields = ()


@admin.register(CustomerLink)
class CustomerLinkAdmin(ReasonedAdmin):
    """Which customers of the store are which trading partners."""

    form = LinkForm
    list_display = ("name", "shown_active", "shown_store", "shown_customers", "shown_agreement", "when")
    list_filter = ("is_active", "store", "when")
    list_select_related = ("store", "agreement")
    search_fields = ("name", "agreement__name", "agreement__partner__name")
    search_help_text = gettext_lazy("Link, agreement or partner")
    autocomplete_fields = ("agreement",)
    used_by = ("orders",)
    fieldsets = (
        (None, {"fields": (("name", "is_active"), "note")}),
        (gettext_lazy("Orders that it means: any of this holds"), {"fields": (
            ("store", "customer_ids", "group_ids"), ("companies", "email_domains"),
        )}),
        (gettext_lazy("Who is told, and when"), {"fields": (("agreement", "when"), ("number_source", "number_name"))}),
    )  # fmt: skip
    empty = EmptyState(
        gettext_lazy("No customer links yet"),
        gettext_lazy(
            "Add one where a business customer of the store is a trading partner: he is then sent an order acknowledgment"
            " (855) for each of his orders, and another whenever what he will get has changed."
        ),
    )

    def carry_out(
        self, request: HttpRequest, reason: str, saved: Iterable[Any], removed: Iterable[Any]
    ) -> Changed:
        """Save and remove by the verb."""
        return customer_links.change(person(request), reason, saved, removed)

    def recorded_as(self, row: Any) -> str:
        """Return the subject under which the changes of ``row`` are recorded."""
        return subject_of(row)

    @display(description=gettext_lazy("State"), ordering="is_active")
    def shown_active(self, row: CustomerLink) -> SafeString:
        """Return whether it holds."""
        return badge(gettext("Active"), GOOD) if row.is_active else badge(gettext("Off"), QUIET)

    @display(description=gettext_lazy("Store"), ordering="store")
    def shown_store(self, row: CustomerLink) -> str:
        """Return the store as a link."""
        return link(row.store) if row.store else gettext("Every store")

    @display(description=gettext_lazy("Customers"))
    def shown_customers(self, row: CustomerLink) -> str:
        """Return whose orders are meant, in short."""
        return customers(row)

    @display(description=gettext_lazy("Agreement"), ordering="agreement")
    def shown_agreement(self, row: CustomerLink) -> str:
        """Return the agreement as a link."""
        return link(row.agreement)


def customers(row: CustomerLink) -> str:
    """Return whose orders a link means in short: a few of each kind, and how many more there are."""
    parts = []
    for name, words in _CONDITIONS:
        values = getattr(row, name)
        if values:
            named = ", ".join(str(each) for each in values[:_MOST_WORDS])
            parts.append(f"{words} {and_more(named, len(values) - _MOST_WORDS)}")
    text = "; ".join(parts)
    return text[:1].upper() + text[1:]
