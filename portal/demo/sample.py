"""What the demo's installation holds: a store, a network mailbox with two suppliers and a business customer, people. All names are ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.contrib.auth.models import User
from django.utils import timezone

from integration.models import CustomerLink, StockLocation, StockTerms, Store
from partners.models import (
    Agreement,
    AgreementDocument,
    HostKey,
    ItemCrossReference,
    Mailbox,
    Mode,
    PartnerIdentifier,
    Partnership,
    ReturnTerms,
    TradingPartner,
)
from portal.groups import CUSTOMER_SERVICE, OPERATOR, PARTNER_ADMINISTRATOR, ensure_groups

OWN_ID = ("ZZ", "GRIDPORT")


@dataclass(frozen=True)
class Supplier:
    """One of the demo's suppliers: interchange ID, and the SKUs it lists with its own item number and price."""

    name: str
    qualifier: str
    interchange_id: str
    prefix: str


SUPPLIERS = (
    Supplier("Acme Supply", "ZZ", "ACMESUPPLY", "AC"),
    Supplier("Borealis Trading", "01", "123456789", "BO"),
)
CUSTOMER = Supplier("Grove Retail", "ZZ", "GROVERETAIL", "")
"""A business customer of the store, who is a trading partner."""
CUSTOMER_ID = 77
BUFFER = 2
"""Units of each item that are never shown for sale."""
"""His number in the simulated store."""
LOGINS = (
    ("admin", "gridport-admin", "everything"),
    ("desk", "gridport-desk", CUSTOMER_SERVICE),
    ("lead", "gridport-lead", f"{PARTNER_ADMINISTRATOR}, {OPERATOR}"),
)


@dataclass(frozen=True)
class Addresses:
    """Where the demo's simulators listen."""

    store_url: str
    store_hash: str
    store_token: str
    sftp_port: int
    sftp_username: str
    sftp_password: str
    sftp_host_key: str
    store_client_secret: str = ""


def fill(addresses: Addresses, skus: dict[str, list[str]]) -> Store:
    """Write the sample installation; ``skus`` gives the SKUs that each supplier's prefix lists."""
    _people()
    mailbox = Mailbox.objects.create(
        name="Trading Grid mailbox",
        mode=Mode.LIVE,
        transport=Mailbox.Transport.SFTP,
        host="127.0.0.1",
        port=addresses.sftp_port,
        username=addresses.sftp_username,
        password=addresses.sftp_password,
        inbound_path="outbox",
        outbound_path="inbox",
        poll_seconds=1,
        settle_seconds=5,
    )
    if addresses.sftp_host_key:
        HostKey.objects.create(mailbox=mailbox, key=addresses.sftp_host_key, note="The demo's own server")
    store = Store.objects.create(
        name="Harbor & Pine",
        store_hash=addresses.store_hash,
        base_url=addresses.store_url,
        token=addresses.store_token,
        client_secret=addresses.store_client_secret,
        time_zone="America/Chicago",
        mode=Mode.LIVE,
        live_from=timezone.now() - timedelta(days=4000),
        settle_minutes=0,
        poll_seconds=1,
    )
    for supplier in SUPPLIERS:
        store.agreements.add(_agreement(supplier, mailbox, skus.get(supplier.prefix, [])))
    return store


def add_customer(store: Store) -> CustomerLink:
    """Have the orders of one customer of the store be a trading partner's, who is told once his suppliers have answered."""
    mailbox = Mailbox.objects.get()
    agreement = _terms(CUSTOMER, mailbox, "business customer", (("855", "out"),))
    return CustomerLink.objects.create(
        name=CUSTOMER.name,
        store=store,
        customer_ids=[CUSTOMER_ID],
        agreement=agreement,
        number_source=CustomerLink.NumberSource.EXTERNAL_ORDER_ID,
        when=CustomerLink.When.ANSWERED,
    )


def add_stock_and_returns(store: Store) -> None:
    """Have the suppliers tell their stock, of which a buffer is kept back, and take goods back."""
    for agreement in store.agreements.exclude(documents__transaction_set="846"):
        for transaction_set, direction in (("846", "in"), ("180", "out"), ("180", "in"), ("812", "in")):
            AgreementDocument.objects.create(
                agreement=agreement, transaction_set=transaction_set, direction=direction
            )
        StockTerms.objects.create(agreement=agreement, buffer=BUFFER)
        StockLocation.objects.create(agreement=agreement, store=store, location=1)
        ReturnTerms.objects.create(agreement=agreement, takes_files=True)


def _agreement(supplier: Supplier, mailbox: Mailbox, skus: list[str]) -> Agreement:
    agreement = _terms(
        supplier, mailbox, "drop shipment", (("850", "out"), ("855", "in"), ("856", "in"), ("810", "in"))
    )
    ItemCrossReference.objects.bulk_create(
        ItemCrossReference(
            agreement=agreement,
            sku=sku,
            vendor_item=f"{supplier.prefix}{number:05d}",
            unit_cost=Decimal(number % 40 + 5) + Decimal("0.25"),
        )
        for number, sku in enumerate(sorted(set(skus)), start=1)
    )
    return agreement


def _terms(
    supplier: Supplier, mailbox: Mailbox, about: str, documents: Sequence[tuple[str, str]]
) -> Agreement:
    partner = TradingPartner.objects.create(name=supplier.name)
    identifier = PartnerIdentifier.objects.create(
        partner=partner, qualifier=supplier.qualifier, value=supplier.interchange_id
    )
    Partnership.objects.create(mailbox=mailbox, identifier=identifier, state=Partnership.State.ACTIVE)
    agreement = Agreement.objects.create(
        name=f"{supplier.name}, {about}",
        partner=partner,
        mailbox=mailbox,
        mode=Mode.LIVE,
        live_from=timezone.now(),
        own_qualifier=OWN_ID[0],
        own_id=OWN_ID[1],
        identifier=identifier,
    )
    for transaction_set, direction in documents:
        AgreementDocument.objects.create(
            agreement=agreement, transaction_set=transaction_set, direction=direction
        )
    return agreement


def _people() -> None:
    groups = ensure_groups()
    for name, password, roles in LOGINS:
        user = User.objects.create_user(
            name, password=password, is_staff=True, is_superuser=roles == "everything"
        )
        user.groups.add(*(group for role, group in groups.items() if role in roles))
