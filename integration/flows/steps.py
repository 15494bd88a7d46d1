"""Every step that work can ask for: its lane, its verb, and how people are told about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from archive.models import Document, Interchange, Transmission
from archive.storages import place_name
from integration.flows.account_mails import send_account_mail
from integration.flows.acknowledge import acknowledge
from integration.flows.apply import apply_effect
from integration.flows.bounces import EVERY as BOUNCES_LOOKED_FOR_EVERY
from integration.flows.bounces import bounce_step, fetch_bounces
from integration.flows.catalogue import EVERY as CATALOGUE_READ_EVERY
from integration.flows.catalogue import advised_stores, catalogue_step, read_catalogue
from integration.flows.changes import SUBJECT
from integration.flows.check_archive import EVERY as CHECKED_EVERY
from integration.flows.check_archive import check_archive, check_archive_step
from integration.flows.check_hooks import EVERY as HOOKS_CHECKED_EVERY
from integration.flows.check_hooks import check_hooks, check_step
from integration.flows.clock import watch_clock
from integration.flows.compose import compose
from integration.flows.copy_payloads import copy_payloads, copy_step, enrol_step
from integration.flows.destroy import destroy
from integration.flows.events_out import read_events, read_step
from integration.flows.exporting import write_export
from integration.flows.generate import generate
from integration.flows.import_orders import import_order, poll_step, poll_store
from integration.flows.invoice_order import invoice_order
from integration.flows.mails import send_mail
from integration.flows.match import match
from integration.flows.notices import notice_step, tell_notices
from integration.flows.post_events import post_events
from integration.flows.read_translated import read_translated
from integration.flows.receive import fetch_mailbox, fetch_step
from integration.flows.reconciliation import EVERY, daily_step, reconcile_all
from integration.flows.route import route
from integration.flows.seal_archive import seal_archive, seal_step
from integration.flows.send_again import send_again
from integration.flows.stock_levels import level_stock
from integration.flows.translate import translate
from integration.flows.transmit import transmit
from integration.flows.trim_stock import EVERY as TRIMMED_EVERY
from integration.flows.trim_stock import trim_step, trim_stock
from integration.flows.webhook_calls import post_webhook
from integration.flows.write_return import write_return
from integration.flows.write_stock import write_stock
from integration.models import (
    BulkItem,
    EventDestination,
    ExceptionCase,
    MailServer,
    Order,
    OutgoingMail,
    PurchaseOrder,
    PurchaseOrderChange,
    ReturnCase,
    StockFeed,
    Store,
    StoreEffect,
    StoreHook,
    WebhookCall,
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
    subject hangs on; ``other_side`` is the one of them that the step talks to (``store``, ``mailbox``, ``mailserver``, ``webhook``,
    ``destination``): its
    trouble is one case, however many steps wait for it. ``direction`` is that of documents: ``in``, ``out``.
    ``never_held``: no pause switch stops it, not even the one for everything.
    ``lease`` is also how long one step may take: a worker still at it then is ended, and three such ends park the step.
    """

    lane: str
    run: Callable[[str, Claim], list[Step]]
    words: str | Promise
    links: Callable[[str], dict[str, Any]]
    case_kind: str = Kind.PARKED
    standing: bool = False
    lease: timedelta = LEASE
    longest_wait: timedelta = timedelta(minutes=1)
    other_side: str = ""
    direction: str = ""
    never_held: bool = False

    def side_of(self, links: dict[str, Any]) -> dict[str, Any]:
        """Return the other side as a case names it; mail server and webhooks have no field there."""
        return {self.other_side: links[self.other_side]} if self.other_side in _NAMED_BY_CASES else {}

    def told(self, links: dict[str, Any]) -> dict[str, Any]:
        """Return what a case about the step hangs on: all of ``links`` but another side that cases have no field for."""
        return {
            name: row for name, row in links.items() if name != self.other_side or name in _NAMED_BY_CASES
        }

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


def _return(subject: str) -> dict[str, Any]:
    found = ReturnCase.objects.select_related("purchase_order", "partner").get(pk=subject)
    return {
        **_order(str(found.order_id)),
        "purchase_order": found.purchase_order,
        "partner": found.partner,
        "return_case": found,
    }


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


def _store_to_write(subject: str) -> dict[str, Any]:
    return _store(subject.partition(":")[0])


def _mailbox(subject: str) -> dict[str, Any]:
    return {"mailbox": Mailbox.objects.get(pk=subject)}


def _mail(subject: str) -> dict[str, Any]:
    found = OutgoingMail.objects.select_related("partner", "order", "case").get(pk=subject)
    server = MailServer.objects.first() or MailServer(pk=MailServer.ONLY)
    return {"mailserver": server, "partner": found.partner, "order": found.order}


def _webhook_call(subject: str) -> dict[str, Any]:
    # With a webhook that was removed its messages are gone too, and there is nobody to talk to.
    call = WebhookCall.objects.select_related("webhook").filter(pk=subject).first()
    return {"webhook": call.webhook} if call is not None else {}


def _destination(subject: str) -> dict[str, Any]:
    # With one that was removed its events are gone too.
    destination = EventDestination.objects.filter(pk=subject).first()
    return {"destination": destination} if destination is not None else {}


def _account(subject: str) -> dict[str, Any]:
    return {"mailserver": MailServer.objects.first() or MailServer(pk=MailServer.ONLY)}


def _nothing(subject: str) -> dict[str, Any]:
    return {}


_SLOW = timedelta(minutes=5)
_LONG = timedelta(minutes=9)
"""How long sealing or checking a large archive may take: no knock's worker lives longer."""

_LARGE_FILE = timedelta(minutes=2)
"""How long a file of stock with 100,000 lines may take."""

STEPS: dict[str, StepKind] = {
    "poll_store": StepKind(
        "store",
        poll_store,
        gettext_lazy("ask the store for changed orders"),
        _store,
        Kind.STORE,
        standing=True,
        lease=_SLOW,
        other_side="store",
    ),
    "import_order": StepKind(
        "orders",
        import_order,
        gettext_lazy("read an order from the store"),
        _order_by_number,
        Kind.STORE,
        lease=_SLOW,
        other_side="store",
    ),
    "route": StepKind("orders", route, gettext_lazy("find the partners for an order's lines"), _order),
    "compose": StepKind(
        "orders",
        compose,
        gettext_lazy("compose a purchase order"),
        _purchase_order,
        Kind.STORE,
        lease=_SLOW,
        other_side="store",
    ),
    "generate": StepKind(
        "orders",
        generate,
        gettext_lazy("write a purchase order (850) or its change (860)"),
        _purchase_order,
        direction="out",
    ),
    "acknowledge": StepKind(
        "orders",
        acknowledge,
        gettext_lazy("acknowledge an order to its customer (855)"),
        _customers_order,
        direction="out",
    ),
    "invoice_order": StepKind(
        "orders",
        invoice_order,
        gettext_lazy("look whether an order is to be invoiced"),
        _order,
        Kind.STORE,
        lease=_SLOW,
        other_side="store",
        direction="out",
    ),
    "write_return": StepKind(
        "orders",
        write_return,
        gettext_lazy("ask a partner to take goods back (180)"),
        _return,
        direction="out",
    ),
    "transmit": StepKind(
        "mailboxes",
        transmit,
        gettext_lazy("send a document to a mailbox"),
        _interchange,
        Kind.MAILBOX,
        lease=_SLOW,
        other_side="mailbox",
        direction="out",
    ),
    "fetch_mailbox": StepKind(
        "mailboxes",
        fetch_mailbox,
        gettext_lazy("fetch files from a mailbox"),
        _mailbox,
        Kind.MAILBOX,
        standing=True,
        lease=_SLOW,
        other_side="mailbox",
        direction="in",
    ),
    "translate": StepKind(
        "documents",
        translate,
        gettext_lazy("read a received file"),
        _transmission,
        lease=_LARGE_FILE,
        direction="in",
    ),
    "match": StepKind(
        "documents", match, gettext_lazy("match a received document"), _document, direction="in"
    ),
    "read_translated": StepKind(
        "documents",
        read_translated,
        gettext_lazy("read a document again with a new translation"),
        _document,
        direction="in",
    ),
    "send_again": StepKind(
        "orders", send_again, gettext_lazy("send a purchase order again"), _bulk_item, direction="out"
    ),
    "apply_effect": StepKind(
        "effects",
        apply_effect,
        gettext_lazy("write to an order in the store"),
        _effect,
        Kind.STORE,
        lease=_SLOW,
        other_side="store",
    ),
    "read_catalogue": StepKind(
        "stock",
        read_catalogue,
        gettext_lazy("read the store's catalogue"),
        _store,
        Kind.STORE,
        standing=True,
        lease=_SLOW,
        longest_wait=CATALOGUE_READ_EVERY,
        other_side="store",
    ),
    "trim_stock": StepKind(
        "stock",
        trim_stock,
        gettext_lazy("remove stock lines of long ago"),
        _nothing,
        standing=True,
        lease=_SLOW,
        longest_wait=TRIMMED_EVERY,
    ),
    "level_stock": StepKind(
        "stock", level_stock, gettext_lazy("work out what a store may show for sale"), _store, lease=_SLOW
    ),
    "write_stock": StepKind(
        "stock",
        write_stock,
        gettext_lazy("write stock and limits to the store"),
        _store_to_write,
        Kind.STORE,
        lease=_SLOW,
        other_side="store",
    ),
    "check_hooks": StepKind(
        "store",
        check_hooks,
        gettext_lazy("look whether the store calls us"),
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
        gettext_lazy("send a mail"),
        _mail,
        Kind.MAIL,
        lease=_SLOW,
        other_side="mailserver",
        direction="out",
    ),
    "send_account_mail": StepKind(
        "mail",
        send_account_mail,
        gettext_lazy("mail a member of staff a link to set a password"),
        _account,
        Kind.MAIL,
        lease=_SLOW,
        other_side="mailserver",
        direction="out",
    ),
    "fetch_bounces": StepKind(
        "mail",
        fetch_bounces,
        gettext_lazy("look for mail that came back"),
        _nothing,
        Kind.MAIL,
        standing=True,
        longest_wait=BOUNCES_LOOKED_FOR_EVERY,
        direction="in",
    ),
    "destroy": StepKind("documents", destroy, gettext_lazy("destroy what two people approved"), _nothing),
    "tell_notices": StepKind(
        "notices", tell_notices, gettext_lazy("look who is to be told of what"), _nothing, standing=True
    ),
    "post_webhook": StepKind(
        "notices",
        post_webhook,
        gettext_lazy("post a message to a chat"),
        _webhook_call,
        lease=_SLOW,
        other_side="webhook",
        direction="out",
    ),
    "read_events": StepKind(
        "events",
        read_events,
        gettext_lazy("look what is to be told to other systems"),
        _nothing,
        standing=True,
    ),
    "post_events": StepKind(
        "event_posts",
        post_events,
        gettext_lazy("post events to another system"),
        _destination,
        lease=_SLOW,
        other_side="destination",
    ),
    "write_export": StepKind(
        "exports", write_export, gettext_lazy("write the next part of an export"), _nothing, lease=_SLOW
    ),
    "copy_payloads": StepKind(
        "archive",
        copy_payloads,
        gettext_lazy("copy the archive to its storage"),
        _nothing,
        standing=True,
        lease=_SLOW,
    ),
    "reconcile_all": StepKind(
        "documents", reconcile_all, gettext_lazy("look for gaps"), _nothing, standing=True, lease=_SLOW
    ),
    "seal_archive": StepKind(
        "archive",
        seal_archive,
        gettext_lazy("seal what was archived"),
        _nothing,
        standing=True,
        lease=_LONG,
        never_held=True,
    ),
    "check_archive": StepKind(
        "archive",
        check_archive,
        gettext_lazy("check the archive against its seals"),
        _nothing,
        standing=True,
        lease=_LONG,
        never_held=True,
    ),
    "reconcile": StepKind(
        "documents", watch_clock, gettext_lazy("look for answers that are overdue"), _nothing, standing=True
    ),
}


def standing_steps() -> list[Step]:
    """Return the steps that must always wait or run.

    One poll a store, one look at each hook that a store has for us, one reading of each catalogue that stock advice
    concerns, one look for old lines of stock where there are any, one fetch a mailbox, one look for returned mail where a
    folder is set, one look at the clock, one for gaps, one for who is to be told, and one for what is to be told to other
    systems where there are any; one for what is to be sealed, and one check of the seals; one for copies that wait, and
    one a day for what the storage does not know of.
    """
    stores = [poll_step(pk) for pk in Store.objects.values_list("pk", flat=True)]
    mailboxes = [fetch_step(pk) for pk in Mailbox.objects.values_list("pk", flat=True)]
    hooked = StoreHook.objects.exclude(number=None).values_list("store_id", flat=True)
    hooks = [check_step(pk) for pk in hooked]
    catalogues = [catalogue_step(pk) for pk in advised_stores().values_list("pk", flat=True)]
    trimmed = [trim_step()] if StockFeed.objects.exists() else []
    returned = [bounce_step() for _ in MailServer.objects.exclude(bounce_folder="")]
    clock = Step("reconcile", "all", "reconcile")
    events = [read_step()] if EventDestination.objects.exists() else []
    ours = [clock, daily_step(EVERY), notice_step(), *events]
    archived = [seal_step(), check_archive_step(CHECKED_EVERY), copy_step(), enrol_step(place_name())]
    return [*stores, *mailboxes, *hooks, *catalogues, *trimmed, *returned, *ours, *archived]
