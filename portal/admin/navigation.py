"""The menu: what staff do, what is set up once, and what is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
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
from portal.admin.find import may_find
from portal.admin.show import list_url

MOST_COUNTED = 1000


def sections(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the sidebar as unfold wants it; items that the user may not open are left out by unfold."""
    cases = _item("Cases", "report", ExceptionCase)
    opened = _open_cases(request)
    if opened:
        cases.update(badge=opened, badge_variant="danger")
    return [
        {
            "title": gettext("Work"),
            "items": [
                {
                    "title": gettext("Dashboard"),
                    "icon": "dashboard",
                    "link": reverse("admin:index"),
                    "permission": _anybody,
                },
                {"title": gettext("Find"), "icon": "search", "link": reverse("find"), "permission": may_find},
                cases,
                {
                    "title": gettext("My notices"),
                    "icon": "notifications",
                    "link": reverse("notices"),
                    "permission": _anybody,
                },
                _item("What is due", "alarm", Expectation),
                _item("Orders", "shopping_cart", Order),
                _item("Purchase orders", "request_quote", PurchaseOrder),
                _item("Shipments", "local_shipping", Shipment),
                _item("Returns", "assignment_return", ReturnCase),
                _item("Invoices", "receipt_long", Invoice),
                _item("Supplier invoices", "request_page", SupplierInvoice),
                _item("Store items", "inventory", StoreItem),
                _item("Stock feeds", "published_with_changes", StockFeed),
                _item("Supplier stock", "warehouse", SupplierStock),
                _item("Documents", "description", Document),
                _item("Mails", "mail", OutgoingMail),
                _item("Bulk jobs", "dynamic_feed", BulkJob),
                _item("Reconciliation", "fact_check", Reconciliation),
            ],
        },
        {
            "title": gettext("Setup"),
            "separator": True,
            "items": [
                _item("Stores", "storefront", Store),
                _item("Mailboxes", "inbox", Mailbox),
                _item("Mail server", "outgoing_mail", MailServer),
                _item("Notice rules", "campaign", NoticeRule),
                _item("Webhooks", "webhook", NoticeWebhook),
                _item("Partners", "groups", TradingPartner),
                _item("Agreements", "handshake", Agreement),
                _item("Business calendars", "calendar_month", BusinessCalendar),
                _item("Routing rules", "alt_route", RoutingRule),
                _item("Customer links", "badge", CustomerLink),
                _item("Invoice rules", "rule", InvoiceRule),
                _item("Invoice series", "format_list_numbered", InvoiceSeries),
                _item("Warehouses", "warehouse", Warehouse),
                _item("Carriers", "local_post_office", Carrier),
                _item("Mapping profiles", "compare_arrows", MappingProfile),
                _item("Items", "inventory_2", ItemCrossReference),
                _item("Code lists", "translate", CodeList),
            ],
        },
        {
            "title": gettext("Archive"),
            "separator": True,
            "items": [
                _item("Archive checks", "verified", SealCheck),
                _item("Archive copies", "backup", PayloadCopy),
                _item("Retention rules", "hourglass", RetentionRule),
                _item("Holds", "lock", Hold),
                {
                    "title": gettext("Due for disposal"),
                    "icon": "auto_delete",
                    "link": reverse("admin:archive_disposalrun_due"),
                    "permission": _may_view(DisposalRun),
                },
                {**_item("Disposals", "delete_forever", DisposalRun), "active": _is_among_disposals},
                _item("Certificates", "workspace_premium", DisposalCertificate),
            ],
        },
        {
            "title": gettext("Records"),
            "separator": True,
            "items": [
                _item("Files", "folder_open", Transmission),
                _item("Background work", "manufacturing", Work),
                _item("Pauses", "pause_circle", Pause),
                _item("Control numbers", "tag", ControlNumber),
                _item("Decisions", "gavel", AuditEntry),
                _item("Who read what", "visibility", AccessRecord),
                _item("Erasures", "person_off", Erasure),
                _item("Restore drills", "settings_backup_restore", RestoreDrill),
                {
                    "title": gettext("Evidence"),
                    "icon": "verified_user",
                    "link": reverse("evidence"),
                    "permission": may_make,
                },
                {
                    "title": gettext("Change log"),
                    "icon": "history",
                    "link": reverse("change_log"),
                    "permission": may_see_changes,
                },
                _item("Users", "person", User),
                _item("Groups", "group", Group),
            ],
        },
    ]


def _item(title: str, icon: str, model: type[Model]) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": list_url(model), "permission": _may_view(model)}


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


def _open_cases(request: HttpRequest) -> str:
    """Return the badge: how many cases are open, counted no further than ``MOST_COUNTED``."""
    if not _may_view(ExceptionCase)(request):
        return ""
    count = seen(ExceptionCase.objects.filter(closed_at=None)).order_by()[: MOST_COUNTED + 1].count()
    return f"{MOST_COUNTED}+" if count > MOST_COUNTED else str(count or "")
