"""What suppliers have of the stores' items by their last word, and how old that is."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from integration.models import StockFeed, StockFeedLine, SupplierStock
from portal.admin.base import EmptyState, HistoryAdmin
from portal.admin.show import age, link, moment, quantity
from portal.admin.stock_feeds import feed_badge, more_words

MOST_SHOWN = 50


@admin.register(SupplierStock)
class SupplierStockAdmin(HistoryAdmin):
    """Suppliers' stock by item and warehouse; changed by feeds alone."""

    words = (gettext_lazy("item in supplier stock"), gettext_lazy("items in supplier stock"))
    heading = gettext_lazy("Supplier stock")
    heading = gettext_lazy("Supplier stock")
    list_display = (
        "shown_item", "shown_partner", "shown_warehouse", "shown_quantity", "shown_age", "shown_more",
    )  # fmt: skip
    list_filter = ("agreement",)
    list_select_related = ("item", "agreement__partner")
    search_fields = ("item__sku",)
    search_help_text = gettext_lazy("How a SKU begins, or a whole UPC")
    ordering = ("item__sku", "pk")
    elsewhere = StockFeed
    empty = EmptyState(
        gettext_lazy("Nothing is known of suppliers' stock yet"),
        gettext_lazy(
            "It follows from their stock feeds: the agreement lists the stock advice (846) as received, and the store's items"
            " have been read."
        ),
    )

    def named(self, row: Any) -> str:
        """Return which item of whom it is."""
        return str(row)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[SupplierStock], search_term: str
    ) -> tuple[QuerySet[SupplierStock], bool]:
        """Find by how the SKU begins, or by the UPC."""
        term = search_term.strip()
        if not term:
            return queryset, False
        return queryset.filter(item__sku__startswith=term) | queryset.filter(item__upc=term), False

    def show(self, request: HttpRequest, row: Any) -> HttpResponse:
        """Show what stands, and the feeds that told of it."""
        stock = SupplierStock.objects.select_related("item__store", "agreement__partner").get(pk=row.pk)
        told = StockFeedLine.objects.filter(
            item=stock.item_id, agreement=stock.agreement_id, warehouse=stock.warehouse
        )
        lines = told.select_related("feed").order_by("-as_of", "-place", "-pk")[:MOST_SHOWN]
        context = {
            "title": str(stock),
            "stock": stock,
            "quantity": gettext("Not said") if stock.quantity is None else quantity(stock.quantity),
            "counted": moment(stock.as_of),
            "age": age(stock.as_of),
            "agreement": link(stock.agreement),
            "more": more_words(stock),
            "lines": [
                {
                    "feed": link(each.feed),
                    "badge": feed_badge(each.feed),
                    "counted": moment(each.as_of),
                    "said": "" if each.quantity is None else quantity(each.quantity),
                    "is_movement": each.is_movement,
                    "more": "; ".join(more_words(each)),
                }
                for each in lines
            ],
        }
        return self.page(request, stock, "portal/supplier_stock.html", context)

    @display(description=gettext_lazy("Item"), ordering="item__sku")
    def shown_item(self, stock: SupplierStock) -> str:
        """Return the item."""
        return str(stock.item)

    @display(description=gettext_lazy("Partner"), ordering="agreement__partner")
    def shown_partner(self, stock: SupplierStock) -> str:
        """Return who has it."""
        return str(stock.agreement.partner)

    @display(description=gettext_lazy("Warehouse"), ordering="warehouse")
    def shown_warehouse(self, stock: SupplierStock) -> str:
        """Return where it stands."""
        return stock.warehouse

    @display(description=gettext_lazy("Ready to be sold"), ordering="quantity")
    def shown_quantity(self, stock: SupplierStock) -> str:
        """Return how many."""
        return gettext("Not said") if stock.quantity is None else quantity(stock.quantity)

    @display(description=gettext_lazy("Counted"), ordering="as_of")
    def shown_age(self, stock: SupplierStock) -> str | SafeString:
        """Return how long ago it was counted."""
        return gettext("%(age)s ago") % {"age": age(stock.as_of)}

    @display(description=gettext_lazy("Besides"))
    def shown_more(self, stock: SupplierStock) -> str:
        """Return what else he says of it."""
        return "; ".join(more_words(stock))
