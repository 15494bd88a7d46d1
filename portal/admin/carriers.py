"""Carriers: what ship notices call them, and what the store does."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin import display
from django.utils.translation import gettext, gettext_lazy

from integration.models import Carrier
from portal.admin.base import EmptyState
from portal.admin.forms import ReasonedForm
from portal.admin.reasoned import ReasonedAdmin


class CarrierForm(ReasonedForm):
    """A carrier."""

    class Meta:
        model = Carrier
        fields = ()

    @staticmethod
    def problems(row: Carrier) -> dict[str, str]:
        """Return nothing: what a carrier must hold to, its fields say."""
        return {}


@admin.register(Carrier)
class CarrierAdmin(ReasonedAdmin):
    """Carriers by their codes. What is changed holds for what is shipped from then on."""

    form = CarrierForm
    list_display = ("scac", "name", "shown_slug", "shown_link")
    search_fields = ("scac", "name", "store_slug")
    search_help_text = gettext_lazy("Code or name")
    fields = ("scac", "name", "store_slug", "tracking_link")
    empty = EmptyState(
        gettext_lazy("No carriers yet"),
        gettext_lazy(
            "Add a carrier with its code (SCAC) and the store's word for it: shipments then tell the customer who brings them."
        ),
    )

    @display(description=gettext_lazy("In the store"), ordering="store_slug")
    def shown_slug(self, carrier: Carrier) -> str:
        """Return the store's word."""
        return carrier.store_slug or gettext("No word for it")

    @display(description=gettext_lazy("Parcels are followed at"), ordering="tracking_link")
    def shown_link(self, carrier: Carrier) -> str:
        """Return the address, as it was entered."""
        return carrier.tracking_link or (
            gettext("The store's own page") if carrier.store_slug else gettext("Nowhere")
        )
