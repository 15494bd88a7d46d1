"""The menu: what staff do, what is set up once, and what is kept."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib.auth.models import Group, User
from django.db.models import Model, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import escape
from django.utils.text import Truncator
from django.utils.translation import gettext

from archive.models import (
    AccessRecord,
    AuditEntry,
    DisposalCertificate,
    DisposalRun,
    Document,
    Hold,
    PayloadCopy,
    RetentionRule,
    SealCheck,
    Transmission,
)
from integration.models import (
    BulkJob,
    Carrier,
    CustomerLink,
    Erasure,
    EventDelivery,
    EventDestination,
    ExceptionCase,
    Expectation,
    Invoice,
    InvoiceRule,
    InvoiceSeries,
    MailServer,
    NoticeRule,
    NoticeWebhook,
    Order,
    OutgoingMail,
    Pause,
    PurchaseOrder,
    Reconciliation,
    RestoreDrill,
    ReturnCase,
    RoutingRule,
    Shipment,
    StockFeed,
    Store,
    StoreItem,
    SupplierInvoice,
    SupplierStock,
    Warehouse,
    Work,
)
from partners.models import (
    Agreement,
    BusinessCalendar,
    CodeList,
    ControlNumber,
    ItemCrossReference,
    Mailbox,
    MappingProfile,
    TradingPartner,
)
from portal.access import seen
from portal.admin.change_log import may_see_changes
from portal.admin.evidence import may_make
from portal.admin.filters import put_off
from portal.admin.find import may_find
from portal.admin.reporting_tables import may_see_reporting
from portal.admin.saved_searches import offered
from portal.admin.show import list_url
from portal.admin.verbs import person
from portal.models import ApiToken, Export

MOST_COUNTED = 1000
MOST_SEARCHES = 8
_LONGEST_NAME = 24


def sections(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the sidebar as unfold wants it; items that the user may not open are left out by unfold."""
    return [
        {"title": gettext("Work"), "items": _work(request)},
        {"title": gettext("Setup"), "separator": True, "items": _setup()},
        {"title": gettext("Archive"), "separator": True, "items": _archive()},
        {"title": gettext("Records"), "separator": True, "items": _records()},
    ]


def _work(request: HttpRequest) -> list[dict[str, Any]]:
    return [
        _page(gettext("Dashboard"), "dashboard", "admin:index", _anybody),
        _page(gettext("Find"), "search", "find", may_find),
        *_saved_searches(request),
        {**_item(gettext("Cases"), "report", ExceptionCase), **_badge(request)},
        _page(gettext("My notices"), "notifications", "notices", _anybody),
        _item(gettext("What is due"), "alarm", Expectation),
        _item(gettext("Orders"), "shopping_cart", Order),
        _item(gettext("Purchase orders"), "request_quote", PurchaseOrder),
        _item(gettext("Shipments"), "local_shipping", Shipment),
        _item(gettext("Returns"), "assignment_return", ReturnCase),
        _item(gettext("Invoices"), "receipt_long", Invoice),
        _item(gettext("Supplier invoices"), "request_page", SupplierInvoice),
        _item(gettext("Store items"), "inventory", StoreItem),
        _item(gettext("Stock feeds"), "published_with_changes", StockFeed),
        _item(gettext("Supplier stock"), "warehouse", SupplierStock),
        _item(gettext("Documents"), "description", Document),
        _item(gettext("Mails"), "mail", OutgoingMail),
        _item(gettext("Bulk jobs"), "dynamic_feed", BulkJob),
        _item(gettext("Reconciliation"), "fact_check", Reconciliation),
    ]


def _setup() -> list[dict[str, Any]]:
    return [
        _item(gettext("Stores"), "storefront", Store),
        _item(gettext("Mailboxes"), "inbox", Mailbox),
        _item(gettext("Mail server"), "outgoing_mail", MailServer),
        _item(gettext("Notice rules"), "campaign", NoticeRule),
        _item(gettext("Webhooks"), "webhook", NoticeWebhook),
        _item(gettext("Event destinations"), "cell_tower", EventDestination),
        _item(gettext("API tokens"), "key", ApiToken),
        _item(gettext("API exports"), "file_export", Export),
        _page(gettext("API"), "api", "api_page", _anybody),
        _item(gettext("Partners"), "groups", TradingPartner),
        _item(gettext("Agreements"), "handshake", Agreement),
        _item(gettext("Business calendars"), "calendar_month", BusinessCalendar),
        _item(gettext("Routing rules"), "alt_route", RoutingRule),
        _item(gettext("Customer links"), "badge", CustomerLink),
        _item(gettext("Invoice rules"), "rule", InvoiceRule),
        _item(gettext("Invoice series"), "format_list_numbered", InvoiceSeries),
        _item(gettext("Warehouses"), "warehouse", Warehouse),
        _item(gettext("Carriers"), "local_post_office", Carrier),
        _item(gettext("Mapping profiles"), "compare_arrows", MappingProfile),
        _item(gettext("Items"), "inventory_2", ItemCrossReference),
        _item(gettext("Code lists"), "translate", CodeList),
    ]


def _archive() -> list[dict[str, Any]]:
    return [
        _item(gettext("Archive checks"), "verified", SealCheck),
        _item(gettext("Archive copies"), "backup", PayloadCopy),
        _item(gettext("Retention rules"), "hourglass", RetentionRule),
        _item(gettext("Holds"), "lock", Hold),
        _page(
            gettext("Due for disposal"),
            "auto_delete",
            "admin:archive_disposalrun_due",
            _may_view(DisposalRun),
        ),
        {**_item(gettext("Disposals"), "delete_forever", DisposalRun), "active": _is_among_disposals},
        _item(gettext("Certificates"), "workspace_premium", DisposalCertificate),
    ]


def _records() -> list[dict[str, Any]]:
    return [
        _item(gettext("Files"), "folder_open", Transmission),
        _item(gettext("Events sent"), "outbound", EventDelivery),
        _item(gettext("Background work"), "manufacturing", Work),
        _item(gettext("Pauses"), "pause_circle", Pause),
        _item(gettext("Control numbers"), "tag", ControlNumber),
        _item(gettext("Decisions"), "gavel", AuditEntry),
        _item(gettext("Who read what"), "visibility", AccessRecord),
        _item(gettext("Erasures"), "person_off", Erasure),
        _item(gettext("Restore drills"), "settings_backup_restore", RestoreDrill),
        _page(gettext("Evidence"), "verified_user", "evidence", may_make),
        _page(gettext("Reporting tables"), "table_chart", "reporting_tables", may_see_reporting),
        _page(gettext("Change log"), "history", "change_log", may_see_changes),
        _item(gettext("Users"), "person", User),
        _item(gettext("Groups"), "group", Group),
    ]


def _item(title: str, icon: str, model: type[Model]) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": list_url(model), "permission": _may_view(model)}


def _page(title: str, icon: str, name: str, permission: Callable[[HttpRequest], bool]) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse(name), "permission": permission}


def _saved_searches(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the searches that somebody keeps or is offered, and where all of them are."""
    if not may_find(request):
        return []
    kept = offered(person(request), request.GET.urlencode(), MOST_SEARCHES)
    is_find = request.path == reverse("find")
    items = [
        {
            # unfold shows titles as they are, and people write these.
            "title": escape(Truncator(each.row.name).chars(_LONGEST_NAME)),
            "icon": "bookmark" if each.is_own else "bookmarks",
            "link": each.url,
            "permission": may_find,
            "active": partial(_always, is_find and each.is_shown),
        }
        for each in kept
    ]
    everything = _page(gettext("All saved searches"), "more_horiz", "find", may_find)
    return [*items, {**everything, "active": partial(_always, False)}] if items else []


def _always(is_active: bool, request: HttpRequest) -> bool:
    return is_active


def _is_among_disposals(request: HttpRequest) -> bool:
    """Say whether a page of disposals is shown; what is due has an item of its own below the same address."""
    return request.path.startswith(list_url(DisposalRun)) and request.path != reverse(
        "admin:archive_disposalrun_due"
    )


def _may_view(model: type[Model]) -> Callable[[HttpRequest], bool]:
    permission = f"{model._meta.app_label}.view_{model._meta.model_name}"
    change = f"{model._meta.app_label}.change_{model._meta.model_name}"

    def check(request: HttpRequest) -> bool:
        return bool(request.user.has_perm(permission) or request.user.has_perm(change))

    return check


def _anybody(request: HttpRequest) -> bool:
    return True


def _badge(request: HttpRequest) -> dict[str, str]:
    """Return how many cases ask for the user: open, not put off, and theirs or nobody's; counted no further than
    ``MOST_COUNTED``."""
    if not _may_view(ExceptionCase)(request):
        return {}
    asking = ExceptionCase.objects.filter(Q(owner=None) | Q(owner=person(request)), closed_at=None)
    count = seen(asking.exclude(put_off())).order_by()[: MOST_COUNTED + 1].count()
    words = f"{MOST_COUNTED}+" if count > MOST_COUNTED else str(count)
    return {"badge": words, "badge_variant": "danger"} if count else {}
