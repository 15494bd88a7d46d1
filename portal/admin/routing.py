"""Routing rules, in the order in which they are asked, and our warehouses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy
from unfold.decorators import action

from integration.flows import routing_rules
from integration.flows.translations import Changed
from integration.models import RoutingRule, Warehouse
from portal.access import seen
from portal.admin.base import EmptyState
from portal.admin.reasoned import ReasonedAdmin
from portal.admin.routing_forms import RuleForm, WarehouseForm
from portal.admin.routing_tester import tester_page, what_if_page
from portal.admin.show import GOOD, QUIET, and_more, badge, link
from portal.admin.verbs import person


class RoutingAdmin(ReasonedAdmin):
    """The base of both: changed by the verb of routing."""

    def carry_out(
        self, request: HttpRequest, reason: str, saved: Iterable[Any], removed: Iterable[Any]
    ) -> Changed:
        """Save and remove by the verb."""
        return routing_rules.change(person(request), reason, saved, removed)

    def recorded_as(self, row: Any) -> str:
        """Return the subject under which the changes of ``row`` are recorded."""
        return routing_rules.subject_of(row)


@admin.register(RoutingRule)
class RoutingRuleAdmin(RoutingAdmin):
    """Which lines go to which agreement; with the tester."""

    form = RuleForm
    change_form_after_template = "portal/parts/routing_what_if_button.html"
    actions_list = ["try_rules"]
    actions_detail = ["duplicate"]
    list_display = (
        "priority", "name", "shown_active", "shown_store", "shown_conditions", "shown_agreement", "shown_fulfilment",
    )  # fmt: skip
    list_display_links = ("name",)
    list_filter = ("is_active", "store", "agreement", "fulfilment")
    list_select_related = ("store", "agreement", "warehouse")
    ordering = ("priority", "pk")
    search_fields = ("name", "agreement__name", "agreement__partner__name")
    search_help_text = gettext_lazy("Rule, agreement or partner")
    autocomplete_fields = ("agreement",)
    fieldsets = (
        (None, {"fields": (("name", "priority", "is_active"), "note")}),
        (gettext_lazy("Lines that it takes: all of this holds"), {"fields": (
            ("store", "channels"), ("skus", "brands", "categories"),
            ("countries", "regions", "postal_prefixes"), ("delivery", "pickup_methods"),
        )}),
        (gettext_lazy("Where they go"), {"fields": (("agreement", "bundles"), ("fulfilment", "warehouse"))}),
    )  # fmt: skip
    empty = EmptyState(
        gettext_lazy("No routing rules yet"),
        gettext_lazy(
            "Without a rule, a line goes to the one agreement that lists its SKU. Add a rule where several partners list the"
            " same, or where brand, category, channel or place decide."
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        """Add the page that says what an unsaved rule would change."""
        view = self.admin_site.admin_view(self.what_if)
        return [path("what-if/", view, name="integration_routingrule_what_if"), *super().get_urls()]

    @action(description=gettext_lazy("Try the rules"), url_path="try", icon="science")  # type: ignore[untyped-decorator]
    def try_rules(self, request: HttpRequest) -> HttpResponse:
        """Show what would become of an order."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return tester_page(self, request)

    def has_duplicate_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Say whether the user may add rules."""
        return bool(self.has_add_permission(request))

    @action(
        description=gettext_lazy("Duplicate…"),
        url_path="duplicate",
        icon="content_copy",
        permissions=["duplicate"],
    )  # type: ignore[untyped-decorator]
    def duplicate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Offer a new rule that begins as this one is."""
        if self.find(request, object_id) is None:
            return self.missing(request, object_id)
        return HttpResponseRedirect(f"{reverse('admin:integration_routingrule_add')}?copy={int(object_id)}")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Begin a new rule as the one that it is a copy of."""
        found: dict[str, Any] = super().get_changeform_initial_data(request)
        wanted = found.pop("copy", "")
        rule = seen(RoutingRule.objects.filter(pk=wanted)).first() if str(wanted).isdigit() else None
        if rule is None:
            return found
        values = {
            field.name: getattr(rule, field.attname)
            for field in rule._meta.concrete_fields
            if not field.primary_key
        }
        return {**found, **values, "name": f"{rule.name} (copy)"[:80]}

    def what_if(self, request: HttpRequest) -> HttpResponse:
        """Show what the form's rule would change; where the form is wrong, show that."""
        rule = self.find(request, request.POST.get("rule", "")) if request.POST.get("rule") else None
        may = self.has_change_permission(request, rule) if rule else self.has_add_permission(request)
        if request.method != "POST" or not may:
            raise PermissionDenied
        form_class = self.get_form(request, rule, change=rule is not None)
        data = request.POST.copy()
        data.setdefault("reason", "")
        form = form_class(
            {**data.dict(), "reason": data["reason"] or gettext("Tried, not saved.")}, instance=rule
        )
        if not form.is_valid():
            context = {
                "title": gettext("What would change"),
                "problems": [
                    (form.fields[name].label if name in form.fields else "", sentence)
                    for name, sentences in form.errors.items()
                    for sentence in sentences
                ],
            }
            return self.page(request, None, "portal/routing_what_if.html", context)
        return what_if_page(self, request, form.instance, gettext("What would change"))

    @display(description=gettext_lazy("State"), ordering="is_active")
    def shown_active(self, rule: RoutingRule) -> SafeString:
        """Return whether it is asked."""
        return badge(gettext("Active"), GOOD) if rule.is_active else badge(gettext("Off"), QUIET)

    @display(description=gettext_lazy("Store"), ordering="store")
    def shown_store(self, rule: RoutingRule) -> str:
        """Return the store as a link."""
        return link(rule.store) if rule.store else gettext("Every store")

    @display(description=gettext_lazy("Lines"))
    def shown_conditions(self, rule: RoutingRule) -> str:
        """Return the conditions in short."""
        return conditions(rule)

    @display(description=gettext_lazy("Agreement"), ordering="agreement")
    def shown_agreement(self, rule: RoutingRule) -> str:
        """Return the agreement as a link."""
        return link(rule.agreement)

    @display(description=gettext_lazy("Shipped to"), ordering="fulfilment")
    def shown_fulfilment(self, rule: RoutingRule) -> str:
        """Return to whom the partner ships."""
        return link(rule.warehouse) if rule.warehouse else gettext("The customer")


_CONDITIONS = (
    ("channels", "channel"),
    ("skus", "SKU"),
    ("brands", "brand"),
    ("categories", "category"),
    ("countries", "country"),
    ("regions", "region"),
    ("postal_prefixes", gettext_lazy("postal code")),
    ("pickup_methods", gettext_lazy("pickup method")),
)
_MOST_WORDS = 3


def conditions(rule: RoutingRule) -> str:
    """Return the conditions of a rule in short: a few values of each, and how many more there are."""
    parts = ["collected"] if rule.delivery == RoutingRule.Delivery.PICKUP else []
    for name, words in _CONDITIONS:
        values = getattr(rule, name)
        if values:
            named = ", ".join(str(each) for each in values[:_MOST_WORDS])
            parts.append(f"{words} {and_more(named, len(values) - _MOST_WORDS)}")
    text = "; ".join(parts) or "all"
    return text[:1].upper() + text[1:]


@admin.register(Warehouse)
class WarehouseAdmin(RoutingAdmin):
    """Places of ours that suppliers ship to."""

    form = WarehouseForm
    list_display = ("name", "party_id", "city", "state", "country_iso2")
    search_fields = ("name", "city", "party_id")
    search_help_text = gettext_lazy("Name, city or number")
    used_by = ("routing_rules",)
    fields = (
        "name", ("party_id", "party_id_kind"), ("street_1", "street_2"), ("city", "state", "zip", "country_iso2"),
        ("phone", "email"),
    )  # fmt: skip
    empty = EmptyState(
        gettext_lazy("No warehouses yet"),
        gettext_lazy(
            "Add a place of yours that partners ship to; routing rules then send stock orders there."
        ),
    )
