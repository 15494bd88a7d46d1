"""The store's items: found by SKU, with what the store may show, each on one page with how that was worked out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin import SimpleListFilter, display
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.text import format_lazy
from django.utils.translation import gettext, gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from integration.flows.rights import DECIDE
from integration.flows.stock_rules import choose_strategy
from integration.models import StockLevel, StoreItem, SupplierStock
from portal.access import seen
from portal.admin.base import EmptyState, HistoryAdmin
from portal.admin.show import page_url
from portal.admin.store_item_page import AS_THE_STORE, level_badge, store_item_context
from portal.admin.verbs import ReasonForm, person, require, run

LOW = 5
"""So few or fewer are called few."""
LEVELS = {
    "none": (gettext_lazy("Nothing to show"), Q(shows=0)),
    "few": (format_lazy(gettext_lazy("{low} or fewer"), low=LOW), Q(shows__gt=0, shows__lte=LOW)),
    "unwritten": (gettext_lazy("Not written yet"), ~Q(refused=F("wanted")) & Q(on_hand=None)),
    "refused": (gettext_lazy("Refused by the store"), Q(refused=F("wanted"))),
}


class StockFilter(SimpleListFilter):
    """Items by what the store may show of them."""

    title = gettext_lazy("Stock")
    parameter_name = "stock"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the choices."""
        return [
            *((name, str(words)) for name, (words, _) in LEVELS.items()),
            ("silent", gettext("No supplier tells it")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[StoreItem]) -> QuerySet[StoreItem]:
        """Keep the items of which that is so."""
        if self.value() == "silent":
            return queryset.filter(~Exists(SupplierStock.objects.filter(item=OuterRef("pk"))))
        if self.value() not in LEVELS:
            return queryset
        condition = LEVELS[str(self.value())][1]
        return queryset.filter(Exists(StockLevel.objects.filter(condition, item=OuterRef("pk"))))


class StrategyForm(ReasonForm):
    """How several suppliers of one item count, and why."""

    strategy = forms.ChoiceField(
        label=gettext_lazy("Several suppliers"),
        choices=[("", AS_THE_STORE), *StoreItem.Strategy.choices],
        required=False,
        widget=UnfoldAdminSelectWidget(),
    )
    field_order = ["strategy", "reason"]


@admin.register(StoreItem)
class StoreItemAdmin(HistoryAdmin):
    """What the store sells and counts; read from its catalogue."""

    words = (gettext_lazy("store item"), gettext_lazy("store items"))
    list_display = ("shown_sku", "name", "shown_store", "shown_stock", "shown_suppliers", "shown_tracking")
    list_filter = (StockFilter, "tracking", "store")
    list_select_related = ("store",)
    search_fields = ("sku",)
    search_help_text = gettext_lazy("How a SKU, UPC or name begins")
    ordering = ("sku", "pk")
    empty = EmptyState(
        gettext_lazy("No items yet"),
        gettext_lazy(
            "They are read from the store's catalogue, every hour, once one of its suppliers has stock terms in the agreement."
        ),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[StoreItem], search_term: str
    ) -> tuple[QuerySet[StoreItem], bool]:
        """Find by how SKU, UPC or name begins."""
        term = search_term.strip().replace("\x00", "")
        if not term:
            return queryset, False
        named = Q(sku__istartswith=term) | Q(upc__startswith=term) | Q(name__istartswith=term)
        return queryset.filter(named), False

    def attach(self, rows: Sequence[Any]) -> None:
        """Attach levels and the names of suppliers."""
        pks = [row.pk for row in rows]
        levels: dict[int, list[StockLevel]] = {pk: [] for pk in pks}
        for level in StockLevel.objects.filter(item__in=pks).order_by("location"):
            levels[level.item_id].append(level)
        names: dict[int, list[str]] = {pk: [] for pk in pks}
        said = seen(SupplierStock.objects.filter(item__in=pks)).select_related("agreement__partner")
        for row in said.order_by("agreement", "pk"):
            name = str(row.agreement.partner)
            if name not in names[row.item_id]:
                names[row.item_id].append(name)
        for row in rows:
            row.its_levels, row.its_suppliers = levels[row.pk], names[row.pk]

    def get_urls(self) -> list[URLPattern]:
        """Add the choice of how several suppliers count."""
        own = path(
            "<int:object_id>/strategy/",
            self.admin_site.admin_view(self.strategy),
            name="integration_storeitem_strategy",
        )
        return [own, *super().get_urls()]

    def show(self, request: HttpRequest, row: Any) -> HttpResponse:
        """Show the item's page."""
        context = store_item_context(row, may_decide=person(request).has_perm(DECIDE))
        return self.page(request, row, "portal/store_item.html", context)

    def strategy(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask how several suppliers count, and why."""
        user = require(request, DECIDE)
        item = self.find(request, str(object_id))
        if item is None:
            raise Http404
        form = StrategyForm(request.POST or None, initial={"strategy": item.strategy})
        if request.method == "POST" and form.is_valid():
            data = form.cleaned_data
            run(
                request,
                lambda: choose_strategy(user, item, data["strategy"], data["reason"]),
                gettext("Chosen: what the store may show is worked out anew."),
            )
            return HttpResponseRedirect(page_url(item))
        context = {
            "title": gettext("%(item)s: several suppliers") % {"item": item},
            "heading": gettext("How do several suppliers of %(item)s count?") % {"item": item},
            "consequence": gettext(
                "What the store may show is worked out anew, and the difference is written at once."
            ),
            "button": gettext("Choose"),
            "form": form,
            "cancel_url": page_url(item),
        }
        return self.page(request, item, "portal/verb.html", context)

    @display(description=gettext_lazy("SKU"), ordering="sku")
    def shown_sku(self, item: StoreItem) -> str:
        """Return the SKU, or what else it is known by."""
        return str(item)

    @display(description=gettext_lazy("Store"), ordering="store")
    def shown_store(self, item: StoreItem) -> str:
        """Return the store."""
        return str(item.store)

    @display(description=gettext_lazy("May be shown"))
    def shown_stock(self, item: Any) -> SafeString | str:
        """Return what the store may show, of all locations."""
        return level_badge(item.its_levels)

    @display(description=gettext_lazy("Told by"))
    def shown_suppliers(self, item: Any) -> str:
        """Return the suppliers who tell its stock."""
        return ", ".join(item.its_suppliers)

    @display(description=gettext_lazy("Tracking"), ordering="tracking")
    def shown_tracking(self, item: StoreItem) -> str:
        """Return how the store counts it."""
        return gettext("Not in the store any more") if item.gone_at else item.get_tracking_display()
