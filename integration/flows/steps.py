"""Every step that work can ask for: its lane, its verb, and how people are told about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from archive.models import Document, Interchange, Transmission
from integration.flows.acknowledge import acknowledge
from integration.flows.apply import apply_effect
from integration.flows.bounces import EVERY as BOUNCES_LOOKED_FOR_EVERY
from integration.flows.bounces import bounce_step, fetch_bounces
from integration.flows.changes import SUBJECT
from integration.flows.check_hooks import EVERY as HOOKS_CHECKED_EVERY
from integration.flows.check_hooks import check_hooks, check_step
from integration.flows.clock import watch_clock
from integration.flows.compose import compose
from integration.flows.generate import generate
from integration.flows.import_orders import import_order, poll_step, poll_store
from integration.flows.invoice_order import invoice_order
from integration.flows.mails import send_mail
from integration.flows.match import match
from integration.flows.read_translated import read_translated
from integration.flows.receive import fetch_mailbox, fetch_step
from integration.flows.reconciliation import EVERY, daily_step, reconcile_all
from integration.flows.route import route
from integration.flows.send_again import send_again
from integration.flows.translate import translate
from integration.flows.transmit import transmit
from integration.models import (
    BulkItem,
    ExceptionCase,
    MailServer,
    Order,
    OutgoingMail,
    PurchaseOrder,
    PurchaseOrderChange,
    Store,
    StoreEffect,
    StoreHook,
)
from integration.work import LEASE, Claim, Step
from partners.models import Mailbox

Kind = ExceptionCase.Kind
_NAMED_BY_CASES = ("store", "mailbox")


@dataclass(frozen=True)
class StepKind:
    """One kind of step.

    ``words`` finish the sentence "Gridport was about to …". ``standing`` steps return themselves for ever, are
    parked for nothing but deaths, and wait no longer than ``longest_wait`` after a failure. ``links`` gives what a case about a
    subject hangs on; ``other_side`` is the one of them that the step talks to (``store``, ``mailbox``, ``mailserver``): its
    trouble is one case, however many steps wait for it. ``direction`` is that of documents: ``in``, ``out``.
    ``lease`` is also how long one step may take: a worker still at it then is ended, and three such ends park the step.
    """

    lane: str
    run: Callable[[str, Claim], list[Step]]
    words: str
    links: Callable[[str], dict[str, Any]]
    case_kind: str = Kind.PARKED
    standing: bool = False
    lease: timedelta = LEASE
    longest_wait: timedelta = timedelta(minutes=1)
    other_side: str = ""
    direction: str = ""

    def side_of(self, links: dict[str, Any]) -> dict[str, Any]:
        """Return the other side as a case names it; of the mail server there is one, which needs no name."""
        return {self.other_side: links[self.other_side]} if self.other_side in _NAMED_BY_CASES else {}

    def channel(self, links: dict[str, Any]) -> str:
        """Return the name of the store or mailbox that the step talks to (``store:1``), or ``""``."""
        found = links.get(self.other_side)
        return f"{self.other_side}:{found.pk}" if found is not None else ""


def _order_by_number(subject: str) -> dict[str, Any]:
    store_pk, number = subject.split(":")
    order = Order.objects.filter(store_id=store_pk, number=number).first()
    return {"store": Store.objects.get(pk=store_pk), "order": order}


def _order(subject: str) -> dict[str, Any]:
    order = Order.objects.select_related("store").get(pk=subject)
    return {"order": order, "store": order.store, "money": order.total, "currency": order.currency}


def _customers_order(subject: str) -> dict[str, Any]:
    link = Order.objects.select_related("customer_link__agreement__partner").get(pk=subject).customer_link
    return {**_order(subject), "partner": link.agreement.partner if link else None}


def _purchase_order(subject: str) -> dict[str, Any]:
    if subject.startswith(SUBJECT):
        change = PurchaseOrderChange.objects.get(pk=subject.removeprefix(SUBJECT))
        subject = str(change.purchase_order_id)
    found = PurchaseOrder.objects.select_related("order__store", "agreement__partner").get(pk=subject)
    return {**_order(str(found.order_id)), "purchase_order": found, "partner": found.agreement.partner}


def _interchange(subject: str) -> dict[str, Any]:
    found = Interchange.objects.select_related("mailbox", "agreement__partner").get(pk=subject)
    document = found.documents.first()
    link = document.orders.select_related("order").first() if document else None
    return {
        "mailbox": found.mailbox,
        "partner": found.agreement.partner if found.agreement else None,
        "document": document,
        "order": link.order if link else None,
    }


def _transmission(subject: str) -> dict[str, Any]:
    found = Transmission.objects.select_related("mailbox").get(pk=subject)
    return {"transmission": found, "mailbox": found.mailbox}


def _document(subject: str) -> dict[str, Any]:
    found = Document.objects.select_related("partner").get(pk=subject)
    return {"document": found, "partner": found.partner}


def _bulk_item(subject: str) -> dict[str, Any]:
    item = BulkItem.objects.select_related("document__interchange").get(pk=subject)
    return {**_interchange(str(item.document.interchange_id)), "document": item.document}


def _effect(subject: str) -> dict[str, Any]:
    return _order(str(StoreEffect.objects.get(pk=subject).order_id))


def _store(subject: str) -> dict[str, Any]:
    return {"store": Store.objects.get(pk=subject)}


def _mailbox(subject: str) -> dict[str, Any]:
    return {"mailbox": Mailbox.objects.get(pk=subject)}


def _mail(subject: str) -> dict[str, Any]:
    found = OutgoingMail.objects.select_related("partner", "order", "case").get(pk=subject)
    server = MailServer.objects.first() or MailServer(pk=MailServer.ONLY)
    return {"mailserver": server, "partner": found.partner, "order": found.order}


def _nothing(subject: str) -> dict[str, Any]:
    return {}


_SLOW = timedelta(minutes=5)

STEPS: dict[str, StepKind] = {
    "poll_store": StepKind(
        "store",
        poll_store,
        "ask the store for changed orders",
        _store,
        Kind.STORE,
        standing=True,
        lease=_SLOW,
        other_side="store",
    ),
    "import_order": StepKind(
        "orders",
        import_order,
        "read an order from the store",
        _order_by_number,
        Kind.STORE,
        lease=_SLOW,
        other_side="store",
    ),
    "route": StepKind("orders", route, "find the partners for an order's lines", _order),
    "compose": StepKind(
        "orders",
        compose,
        "compose a purchase order",
        _purchase_order,
        Kind.STORE,
        lease=_SLOW,
        other_side="store",
    ),
    "generate": StepKind(
        "orders",
        generate,
        "write a purchase order (850) or its change (860)",
        _purchase_order,
        direction="out",
    ),
    "acknowledge": StepKind(
        "orders",
        acknowledge,
        "acknowledge an order to its customer (855)",
        _customers_order,
        direction="out",
    ),
    "invoice_order": StepKind(
        "orders",
        invoice_order,
        "look whether an order is to be invoiced",
        _order,
        Kind.STORE,
        lease=_SLOW,
        other_side="store",
        direction="out",
    ),
    "transmit": StepKind(
        "mailboxes",
        transmit,
        "send a document to a mailbox",
        _interchange,
        Kind.MAILBOX,
        lease=_SLOW,
        other_side="mailbox",
        direction="out",
    ),
    "fetch_mailbox": StepKind(
        "mailboxes",
        fetch_mailbox,
        "fetch files from a mailbox",
        _mailbox,
        Kind.MAILBOX,
        standing=True,
        lease=_SLOW,
        other_side="mailbox",
        direction="in",
    ),
    "translate": StepKind("documents", translate, "read a received file", _transmission, direction="in"),
    "match": StepKind("documents", match, "match a received document", _document, direction="in"),
    "read_translated": StepKind(
        "documents",
        read_translated,
        "read a document again with a new translation",
        _document,
        direction="in",
    ),
    "send_again": StepKind("orders", send_again, "send a purchase order again", _bulk_item, direction="out"),
    "apply_effect": StepKind(
        "effects",
        apply_effect,
        "write to an order in the store",
        _effect,
        Kind.STORE,
        lease=_SLOW,
        other_side="store",
    ),
    "check_hooks": StepKind(
        "store",
        check_hooks,
        "look whether the store calls us",
        _store,
        Kind.STORE,
        standing=True,
        lease=_SLOW,
        longest_wait=HOOKS_CHECKED_EVERY,
        other_side="store",
    ),
    "send_mail": StepKind(
        "mail",
        send_mail,
        "send a mail",
        _mail,
        Kind.MAIL,
        lease=_SLOW,
        other_side="mailserver",
        direction="out",
    ),
    "fetch_bounces": StepKind(
        "mail",
        fetch_bounces,
        "look for mail that came back",
        _nothing,
        Kind.MAIL,
        standing=True,
        longest_wait=BOUNCES_LOOKED_FOR_EVERY,
        direction="in",
    ),
    "reconcile_all": StepKind(
        "documents", reconcile_all, "look for gaps", _nothing, standing=True, lease=_SLOW
    ),
    "reconcile": StepKind(
        "documents", watch_clock, "look for answers that are overdue", _nothing, standing=True
    ),
}


def standing_steps() -> list[Step]:
    """Return the steps that must always wait or run.

    One poll a store, one look at each hook that a store has for us, one fetch a mailbox, one look for returned mail where a
    folder is set, one look at the clock, one for gaps.
    """
    stores = [poll_step(pk) for pk in Store.objects.values_list("pk", flat=True)]
    mailboxes = [fetch_step(pk) for pk in Mailbox.objects.values_list("pk", flat=True)]
    hooked = StoreHook.objects.exclude(number=None).values_list("store_id", flat=True)
    hooks = [check_step(pk) for pk in hooked]
    returned = [bounce_step() for _ in MailServer.objects.exclude(bounce_folder="")]
    clock = Step("reconcile", "all", "reconcile")
    return [*stores, *mailboxes, *hooks, *returned, clock, daily_step(EVERY)]
