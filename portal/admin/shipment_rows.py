"""Shipments as rows of a table, wherever a page shows some: what is in each, where it is, what the store knows of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from integration.flows.routing import WAREHOUSE, warehouse_of
from integration.matching.lines import plain
from integration.models import Carrier, Shipment, Store, StoreEffect
from portal.admin.show import BAD, GOOD, QUIET, WAITING, WARNING, badge

State = StoreEffect.State
WITH_ORDER = ("order__store", "purchase_order__agreement__partner", "effect")
UNSEEN = ("order__content", "order__routing", "purchase_order__content")
"""What no list of shipments shows: the large columns of what they belong to."""
_STANDS = Q(withdrawn_by=None)
_TO_WAREHOUSE = Q(purchase_order__ship_to__startswith=WAREHOUSE)
STANDINGS = {
    "in_store": (gettext_lazy("In the store"), _STANDS & Q(effect__state=State.DONE)),
    "waiting": (
        gettext_lazy("Waiting to be written"),
        _STANDS & Q(effect__state__in=[State.WAITING, State.SENDING, State.UNKNOWN]),
    ),
    "failed": (gettext_lazy("Refused by the store"), _STANDS & Q(effect__state=State.FAILED)),
    "undecided": (
        gettext_lazy("To be decided"),
        _STANDS & Q(effect=None, purchase_order__leaves_store=False) & ~_TO_WAREHOUSE,
    ),
    "warehouse": (gettext_lazy("Goes to our warehouse"), _STANDS & Q(effect=None) & _TO_WAREHOUSE),
    "withdrawn": (gettext_lazy("Withdrawn"), ~_STANDS),
}
"""What became of a shipment in the store, by the word of the filter: its title, and the rows."""
_OF_STATE = {
    State.WAITING: (
        gettext_lazy("Waiting to be written"), WAITING, gettext_lazy("It is about to be written to the store."),
    ),
    State.SENDING: (
        gettext_lazy("Being written"), WAITING, gettext_lazy("It is being written to the store."),
    ),
    State.UNKNOWN: (
        gettext_lazy("Unknown"), WARNING, gettext_lazy("Whether the store has it is not known: its answer was lost, and it is looked for there."),
    ),
    State.FAILED: (
        gettext_lazy("Refused by the store"), BAD, gettext_lazy("The store refused it: the open case says why."),
    ),
    State.SKIPPED: (
        gettext_lazy("Nothing to write"), QUIET, gettext_lazy("Nothing of it was left to ship in the store."),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class ShipmentRow:
    """One shipment as tables show it."""

    row: Shipment
    badge: SafeString
    tracking: SafeString | str
    contents: list[str]


@dataclass(frozen=True)
class Standing:
    """What the store knows of a shipment: a word or two, their tone, and the sentence."""

    words: str | Promise
    tone: str
    sentence: str | Promise

    @property
    def badge(self) -> SafeString:
        """The words as a badge."""
        return badge(self.words, self.tone)


def shipment_rows(shipments: QuerySet[Shipment]) -> list[ShipmentRow]:
    """Return the rows of ``shipments``, with three queries."""
    found = shipments.select_related(*WITH_ORDER).defer(*UNSEEN).prefetch_related("lines__line")
    rows = list(found.order_by("pk"))
    links = tracking_links(rows)
    return [
        ShipmentRow(
            row,
            standing_of(row).badge,
            shown_tracking(row, links.get(row.pk, "")),
            [
                gettext("%(quantity)s of %(sku)s") % {"quantity": plain(each.quantity), "sku": each.line.sku}
                for each in row.lines.all()
            ],
        )
        for row in rows
    ]


def standing_of(shipment: Shipment) -> Standing:
    """Return what the store knows of ``shipment``, which was selected with ``WITH_ORDER``."""
    store = shipment.order.store
    if shipment.withdrawn_by_id is not None:
        return Standing(
            gettext("Withdrawn"),
            QUIET,
            gettext(
                "It does not stand any more: a later word took it back, and %(store)s is to show none of it."
            )
            % {"store": store},
        )
    effect = shipment.effect
    if effect is not None:
        if effect.state == State.DONE:
            return _in_store(shipment, store)
        return Standing(*_OF_STATE[State(effect.state)])
    if warehouse_of(shipment.purchase_order.ship_to) is not None:
        return Standing(
            gettext("Goes to our warehouse"),
            QUIET,
            gettext("It goes to a warehouse of ours: nothing of it is written to %(store)s.")
            % {"store": store},
        )
    if shipment.purchase_order.leaves_store:
        return Standing(
            gettext("Left out"),
            QUIET,
            gettext("Somebody decided that nothing of its purchase order is written to %(store)s.")
            % {"store": store},
        )
    return Standing(
        gettext("To be decided"),
        WARNING,
        gettext("Nothing of it was written to %(store)s: the open case says what differs.")
        % {"store": store},
    )


def _in_store(shipment: Shipment, store: Store) -> Standing:
    if not shipment.store_shipment:
        return Standing(gettext("In the store"), GOOD, gettext("%(store)s shows it.") % {"store": store})
    known = {"store": store, "number": shipment.store_shipment}
    return Standing(
        gettext("In the store as shipment %(number)s") % known,
        GOOD,
        gettext("%(store)s shows it as shipment %(number)s.") % known,
    )


def tracking_links(shipments: Sequence[Shipment]) -> dict[int, str]:
    """Return where each parcel can be followed, by the shipment's key, for carriers whose address we know."""
    numbered = [each for each in shipments if each.tracking_number]
    if not numbered:
        return {}
    carriers = Carrier.objects.exclude(tracking_link="").order_by("-pk")
    by_code = {each.scac: each.tracking_link for each in carriers}
    by_name = {each.name: each.tracking_link for each in carriers}
    found = {}
    for each in numbered:
        pattern = by_code.get(each.scac) or by_name.get(each.carrier_name, "")
        found[each.pk] = each.tracking_link or pattern.replace(
            "{number}", quote(each.tracking_number, safe="")
        )
    return found


def shown_tracking(shipment: Shipment, address: str) -> SafeString | str:
    """Return the tracking number, as a link where ``address`` says where the parcel can be followed."""
    if not address.startswith("https://"):
        return shipment.tracking_number
    return format_html(
        '<a class="gp-link" href="{}" target="_blank" rel="noopener noreferrer">{}</a>',
        address,
        shipment.tracking_number,
    )
