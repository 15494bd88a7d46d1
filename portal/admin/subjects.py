"""Subjects of events, audit entries and work (``order:7``, ``work:match:3``) as words and links, many at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, Min, Q
from django.utils.html import format_html
from django.utils.translation import gettext

from archive.models import (
    DisposalItem,
    DisposalRun,
    Document,
    Hold,
    Interchange,
    PayloadCopy,
    RetentionRule,
    SealCheck,
    Transmission,
)
from integration.flows.changes import SUBJECT
from integration.flows.pauses import pause_words
from integration.flows.steps import STEPS
from integration.models import (
    BulkItem,
    BulkJob,
    Carrier,
    CustomerLink,
    Erasure,
    EventDelivery,
    EventDestination,
    ExceptionCase,
    Invoice,
    MailServer,
    NoticeRule,
    NoticeWebhook,
    Order,
    OutgoingMail,
    Pause,
    PurchaseOrder,
    PurchaseOrderChange,
    ReturnCase,
    ReturnFile,
    Shipment,
    Store,
    StoreEffect,
    StoreItem,
    SupplierInvoice,
    WebhookCall,
)
from partners.models import (
    Agreement,
    BusinessCalendar,
    CodeList,
    ItemCrossReference,
    Mailbox,
    MappingProfile,
    TradingPartner,
)
from portal.access import seen
from portal.admin.documents_table import document_words
from portal.admin.show import and_more, list_url, page_url
from portal.models import ApiToken, Export


@dataclass(frozen=True)
class Subject:
    """What a subject is called, and where its page is (empty where it has none)."""

    words: str
    url: str = ""

    def as_link(self, otherwise: str = "") -> str:
        """Return the words as a link to the page; the bare words, else ``otherwise``, where there is none."""
        if not self.url:
            return self.words or otherwise
        return format_html('<a class="gp-link" href="{}">{}</a>', self.url, self.words)


# What the subject of each step is: a kind of ``_FINDERS``. A test holds this against STEPS.
STEP_SUBJECTS = {
    "poll_store": "store",
    "import_order": "order_number",
    "route": "order",
    "compose": "purchase_order",
    "acknowledge": "order",
    "invoice_order": "order",
    "generate": "purchase_order",
    "write_return": "return",
    "transmit": "interchange",
    "fetch_mailbox": "mailbox",
    "translate": "transmission",
    "match": "document",
    "read_translated": "document",
    "send_again": "bulk_item",
    "destroy": "disposal_item",
    "apply_effect": "effect",
    "read_catalogue": "store",
    "level_stock": "store",
    "write_stock": "store_to_write",
    "trim_stock": "",
    "check_hooks": "store",
    "send_mail": "mail",
    "send_account_mail": "account",
    "fetch_bounces": "",
    "tell_notices": "",
    "post_webhook": "webhook_call",
    "read_events": "",
    "post_events": "event_destination",
    "write_export": "api_export",
    "copy_payloads": "",
    "reconcile": "",
    "reconcile_all": "",
    "seal_archive": "",
    "check_archive": "",
}


def step_words(step: str) -> str:
    """Return what a step does, as a sentence's beginning: ``Match a received document``."""
    words = str(STEPS[step].words) if step in STEPS else step.replace("_", " ")
    return words[:1].upper() + words[1:]


def resolve(subjects: Iterable[str]) -> dict[str, Subject]:
    """Return the words and page of each subject, with one query for each kind among them."""
    wanted = {subject: _kind_and_key(subject) for subject in dict.fromkeys(subjects)}
    keys: dict[str, set[str]] = defaultdict(set)
    for kind, key in wanted.values():
        keys[kind].add(key)
    found = {kind: _FINDERS[kind](keys[kind]) for kind in keys if kind in _FINDERS}
    return {
        subject: found.get(kind, {}).get(key) or Subject(_plain(subject))
        for subject, (kind, key) in wanted.items()
    }


def resolve_work(rows: Iterable[Any]) -> dict[int, Subject]:
    """Return what each row of work is about, by its primary key."""
    subjects = {row.pk: f"work:{row.step}:{row.subject}" for row in rows}
    found = resolve(subjects.values())
    return {pk: found[subject] for pk, subject in subjects.items()}


def payload_subjects(payloads: Iterable[int]) -> dict[int, Subject]:
    """Return what each payload is: the document or documents of its interchange, else the file."""
    wanted = set(payloads)
    found = {pk: Subject(gettext("Bytes of nothing that is known")) for pk in wanted}
    for file in Transmission.objects.filter(payload__in=wanted).order_by("pk"):
        found[file.payload_id] = Subject(gettext("File %(file)s") % {"file": file}, page_url(file))
    for each in ReturnFile.objects.filter(payload__in=wanted).select_related("case"):
        found[each.payload_id] = Subject(
            gettext("%(file)s of %(case)s") % {"file": each, "case": each.case}, page_url(each.case)
        )
    carried = Interchange.objects.filter(payload__in=wanted, documents__isnull=False).annotate(
        first=Min("documents"), count=Count("documents")
    )
    rows = list(carried.values_list("payload", "first", "count"))
    documents = Document.objects.select_related("state", "interchange").in_bulk(
        [first for _, first, _ in rows]
    )
    for payload, first, count in rows:
        words = and_more(document_words(documents[first]), count - 1)
        found[payload] = Subject(words, page_url(documents[first]))
    return found


def _kind_and_key(subject: str) -> tuple[str, str]:
    kind, _, key = subject.partition(":")
    if kind == "work":
        step, _, key = key.partition(":")
        return STEP_SUBJECTS.get(step, ""), key
    return kind, key


def _plain(subject: str) -> str:
    kind, _, key = subject.partition(":")
    if kind == "work":
        return ""
    return f"{kind} {key}".strip()


def _by_pk(
    model: Any,
    *related: str,
    words: Callable[[Any], str] = str,
    page: Callable[[Any], Any] = lambda row: row,
) -> Any:
    def find(keys: set[str]) -> dict[str, Subject]:
        rows = seen(model.objects.filter(pk__in=_numbers(keys))).select_related(*related)
        return {str(row.pk): Subject(words(row), page_url(page(row))) for row in rows}

    return find


def _numbers(keys: set[str]) -> list[int]:
    return [int(key) for key in keys if key.isascii() and key.isdigit() and len(key) < 19]


def _order_numbers(keys: set[str]) -> dict[str, Subject]:
    wanted = Q(pk=None)
    for key in keys:
        store, _, number = key.partition(":")
        if len(_numbers({store, number})) == len({store, number}):
            wanted |= Q(store_id=int(store), number=int(number))
    rows = {
        f"{row.store_id}:{row.number}": row for row in seen(Order.objects.filter(wanted)).defer("content")
    }
    return {
        key: Subject(str(rows[key]), page_url(rows[key])) if key in rows else Subject(gettext("Order %(number)s") % {"number": key.partition(':')[2]})
        for key in keys
    }  # fmt: skip


def _stores_to_write(keys: set[str]) -> dict[str, Subject]:
    """Return stores by subjects of ``write_stock``: ``7``, ``7:look``."""
    stores = _by_pk(Store)({key.partition(":")[0] for key in keys})
    return {key: stores[key.partition(":")[0]] for key in keys if key.partition(":")[0] in stores}


def _purchase_orders(keys: set[str]) -> dict[str, Subject]:
    rows = (
        seen(PurchaseOrder.objects.filter(pk__in=_numbers(keys)))
        .select_related("order")
        .defer("order__content")
    )
    found = {str(row.pk): Subject(str(row), page_url(row.order)) for row in rows}
    changes = {key: key.removeprefix(SUBJECT) for key in keys if key.startswith(SUBJECT)}
    if changes:
        made = PurchaseOrderChange.objects.select_related("purchase_order__order")
        of_pk = {str(row.pk): row for row in made.filter(pk__in=_numbers(set(changes.values())))}
        found |= {
            key: Subject(str(of_pk[pk]), page_url(of_pk[pk].purchase_order.order))
            for key, pk in changes.items()
            if pk in of_pk
        }
    return found


def _accounts(keys: set[str]) -> dict[str, Subject]:
    """Return people by subjects of ``send_account_mail``: ``reset:7``."""
    people = User.objects.in_bulk(_numbers({key.partition(":")[2] for key in keys}))
    return {
        key: Subject(gettext("User %(user)s") % {"user": people[pk]}, page_url(people[pk]))
        for key in keys
        if (pk := int(key.partition(":")[2] or 0)) in people
    }


def _effects(keys: set[str]) -> dict[str, Subject]:
    rows = (
        seen(StoreEffect.objects.filter(pk__in=_numbers(keys)))
        .select_related("order")
        .defer("order__content")
    )
    return {str(row.pk): Subject(str(row.order), page_url(row.order)) for row in rows}


def _interchanges(keys: set[str]) -> dict[str, Subject]:
    rows = seen(Interchange.objects.filter(pk__in=_numbers(keys))).prefetch_related("documents__state")
    found = {}
    for row in rows:
        document = next(iter(row.documents.all()), None)
        found[str(row.pk)] = (
            Subject(document_words(document), page_url(document))
            if document
            else Subject(str(row).capitalize())
        )
    return found


def _general(keys: set[str]) -> dict[str, Subject]:
    """Return the words of the pause switches that belong to no row, by what stands after the colon."""
    switches = {"": Pause.EVERYTHING, "in": Pause.RECEIVING, "out": Pause.SENDING}
    return {key: Subject(pause_words(Pause(subject=switches[key]))) for key in keys if key in switches}


def _all_copies(keys: set[str]) -> dict[str, Subject]:
    return {key: Subject(gettext("Copies of the archive"), list_url(PayloadCopy)) for key in keys}


def _destination_words(row: EventDestination) -> str:
    return gettext("Event destination %(name)s") % {"name": row}


_FINDERS: dict[str, Callable[[set[str]], dict[str, Subject]]] = {
    "payload_copy": _by_pk(PayloadCopy, words=lambda copy: f"Copy {copy.key[-64:][:12]}…"),
    "archive_copies": _all_copies,
    "order": _by_pk(Order),
    "order_number": _order_numbers,
    "purchase_order": _purchase_orders,
    "document": _by_pk(Document, "state", "interchange", words=document_words),
    "case": _by_pk(
        ExceptionCase,
        words=lambda case: (
            gettext("Case %(case)s: %(kind)s") % {"case": case.pk, "kind": case.get_kind_display().lower()}
        ),
    ),
    "transmission": _by_pk(Transmission),
    "bulk_job": _by_pk(BulkJob),
    "disposal": _by_pk(DisposalRun),
    "disposal_item": _by_pk(DisposalItem, "run", page=lambda item: item.run),
    "hold": _by_pk(Hold, words=lambda hold: gettext("Hold: %(hold)s") % {"hold": hold}),
    "retention_rule": _by_pk(
        RetentionRule, words=lambda rule: gettext("Retention rule %(rule)s") % {"rule": rule}
    ),
    "bulk_item": _by_pk(
        BulkItem,
        "document__state",
        "document__interchange",
        words=lambda item: document_words(item.document),
        page=lambda item: item.document,
    ),
    "interchange": _interchanges,
    "effect": _effects,
    "store": _by_pk(Store),
    "store_to_write": _stores_to_write,
    "store_item": _by_pk(StoreItem),
    "mailbox": _by_pk(Mailbox),
    "agreement": _by_pk(Agreement),
    "customerlink": _by_pk(CustomerLink),
    "calendar": _by_pk(BusinessCalendar),
    "carrier": _by_pk(Carrier),
    "mail": _by_pk(OutgoingMail),
    "token": _by_pk(ApiToken, words=lambda token: gettext("API token %(token)s") % {"token": token}),
    "api_export": _by_pk(Export, words=lambda export: gettext("API %(export)s") % {"export": export}),
    "user": _by_pk(User, words=lambda user: gettext("User %(user)s") % {"user": user}),
    "account": _accounts,
    "return": _by_pk(ReturnCase),
    "erasure": _by_pk(Erasure),
    "shipment": _by_pk(Shipment),
    "invoice": _by_pk(Invoice),
    "supplier_invoice": _by_pk(SupplierInvoice),
    "mailserver": _by_pk(
        MailServer, words=lambda server: gettext("Mail server %(server)s") % {"server": server}
    ),
    "webhook": _by_pk(
        NoticeWebhook, words=lambda webhook: gettext("Webhook %(webhook)s") % {"webhook": webhook}
    ),
    "noticewebhook": _by_pk(
        NoticeWebhook, words=lambda webhook: gettext("Webhook %(webhook)s") % {"webhook": webhook}
    ),
    "webhook_call": _by_pk(WebhookCall, "webhook", page=lambda call: call.webhook),
    "destination": _by_pk(EventDestination, words=_destination_words),
    "event_destination": _by_pk(EventDestination, words=_destination_words),
    "event_delivery": _by_pk(EventDelivery, words=lambda row: gettext("Event %(event)s") % {"event": row}),
    "noticerule": _by_pk(NoticeRule, "role", "webhook"),
    "item": _by_pk(ItemCrossReference),
    "code_list": _by_pk(CodeList, "agreement"),
    "mapping_profile": _by_pk(MappingProfile),
    "partner": _by_pk(TradingPartner),
    "archivecheck": _by_pk(SealCheck),
    "everything": _general,
    "direction": _general,
}
