"""Whose order an order of the store is: a business customer's, who is a trading partner, found when it is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q, QuerySet

from archive.models import Document
from integration.bigcommerce.client import StoreClient
from integration.bigcommerce.orders import BillingAddress, StoreAddress, StoreOrder
from integration.matching.customers import Buyer, Link, Writings, link_of, number_in
from integration.models import CustomerLink, Order, Store
from integration.work import Step

GATHERED = timedelta(minutes=1)
"""How long what changes is gathered before a customer who was told before is told anew: many answers are one 855."""


@dataclass(frozen=True)
class Customer:
    """Whose order it is: the link, None where it is nobody's that a link means, and his number of it."""

    link: CustomerLink | None
    number: str = ""


def ask_group(client: StoreClient, store: Store, found: StoreOrder) -> int:
    """Return the group of the order's customer in the store, 0 for none; asked only where a link names groups."""
    if not found.customer_id or not _links(store).exclude(group_ids=[]).exists():
        return 0
    return client.get_customer_group(found.customer_id)


def customer_of(store: Store, found: StoreOrder, addresses: Sequence[StoreAddress], group: int) -> Customer:
    """Return whose order ``found`` is, by the links that are active now."""
    rows = {row.pk: row for row in _links(store)}
    if not rows:
        return Customer(None)
    people: list[BillingAddress | StoreAddress] = [found.billing_address, *addresses]
    buyer = Buyer(
        store=store.pk,
        customer_id=found.customer_id,
        group_id=group,
        companies=tuple(each.company for each in people),
        emails=(found.billing_address.email,),
    )
    link = link_of(buyer, [as_link(row) for row in rows.values()])
    if link is None:
        return Customer(None)
    row = rows[link.key]
    writings = Writings(
        order=str(found.id),
        message=found.customer_message,
        staff_notes=found.staff_notes,
        external_order_id=found.external_order_id,
        external_id=found.external_id,
        form_fields=tuple((each.name, each.value) for person in people for each in person.form_fields),
    )
    number = number_in(writings, row.number_source, row.number_name)
    return Customer(row, "".join(each for each in number if each.isprintable())[:300])


def as_link(row: CustomerLink) -> Link:
    """Return a link as the choice takes it."""
    return Link(
        key=row.pk or 0,
        store=row.store_id,
        customer_ids=frozenset(row.customer_ids),
        companies=tuple(row.companies),
        email_domains=tuple(row.email_domains),
        group_ids=frozenset(row.group_ids),
    )


def acknowledge_steps(order: Order) -> list[Step]:
    """Return the step that tells a business customer what holds of his order now; none for anybody else's order.

    Whoever changes what holds returns it; the step looks itself whether there is anything to tell.
    """
    if order.customer_link_id is None:
        return []
    delay = GATHERED if order.acknowledgments.exists() else timedelta(0)
    # A key of its own: while it gathers, nothing else of the order waits for it.
    return [Step("acknowledge", str(order.pk), f"customer:{order.pk}", delay)]


def acknowledge_answered(document: Document) -> list[Step]:
    """Return the steps that tell customers what an answer of a supplier to their orders means for them."""
    orders = Order.objects.filter(documents__document=document, customer_link__isnull=False)
    return [step for order in orders.only("customer_link") for step in acknowledge_steps(order)]


def _links(store: Store) -> QuerySet[CustomerLink]:
    links = CustomerLink.objects.filter(Q(store=None) | Q(store=store), is_active=True)
    return links.select_related("agreement__partner").order_by("pk")
