"""Orders, purchase orders, their ledger, effects on the store, cases, and the queue of work."""

from integration.models.bulk import BulkItem, BulkJob
from integration.models.case import CaseLook, ExceptionCase
from integration.models.change import PurchaseOrderChange
from integration.models.channel import STANDING_POLL, Channel, mailbox_channel, store_channel
from integration.models.comment import Comment
from integration.models.customer import CustomerLink, OrderAcknowledgment
from integration.models.drill import RestoreDrill
from integration.models.effect import StoreEffect
from integration.models.erasure import Erasure
from integration.models.event_out import (
    EventAttempt,
    EventCursor,
    EventDelivery,
    EventDestination,
    EventType,
    Occurrence,
    destination_channel,
)
from integration.models.expectation import Expectation
from integration.models.figures import ANSWERED_WITHIN, DailyFigure
from integration.models.hooks import HookCall, StoreHook
from integration.models.invoice import Invoice, InvoiceCopy, InvoiceRule, InvoiceSeries
from integration.models.mail import MailServer, OutgoingMail, mail_channel
from integration.models.missing import MissingTranslation, WaitingDocument
from integration.models.notice import (
    Notice,
    NoticeReceipt,
    NoticeRule,
    NoticeWebhook,
    WebhookCall,
    webhook_channel,
)
from integration.models.pause import Pause
from integration.models.purchase import LineEntry, PurchaseOrder, PurchaseOrderLine
from integration.models.reconciliation import Gap, Reconciliation
from integration.models.references import OrderReference
from integration.models.return_files import Refund, ReturnFile
from integration.models.returns import ReturnCase, ReturnDocument, ReturnLine
from integration.models.routing import (
    ProductCategories,
    PurchaseOrderCounter,
    RoutingRule,
    StoreCategory,
    Warehouse,
)
from integration.models.shipment import Carrier, Shipment, ShipmentFile, ShipmentLine
from integration.models.sighting import Sighting
from integration.models.stock import StockLocation, StockTerms, StoreItem, SupplierStock
from integration.models.stock_feed import StockFeed, StockFeedLine
from integration.models.stock_level import Restock, SoldItem, StockLevel, StockLimit, StockRule, StockWrite
from integration.models.store import ORDER_STATUSES, Order, OrderDocument, Store, StoreBudget, order_key
from integration.models.supplier_invoice import SupplierInvoice, SupplierInvoicePart
from integration.models.take_over import TakeOver
from integration.models.work import Lane, Work

__all__ = [
    "ANSWERED_WITHIN",
    "ORDER_STATUSES",
    "STANDING_POLL",
    "BulkItem",
    "BulkJob",
    "Carrier",
    "CaseLook",
    "Channel",
    "Comment",
    "CustomerLink",
    "DailyFigure",
    "Erasure",
    "EventAttempt",
    "EventCursor",
    "EventDelivery",
    "EventDestination",
    "EventType",
    "ExceptionCase",
    "Expectation",
    "Gap",
    "HookCall",
    "Invoice",
    "InvoiceCopy",
    "InvoiceRule",
    "InvoiceSeries",
    "Lane",
    "LineEntry",
    "MailServer",
    "MissingTranslation",
    "Notice",
    "NoticeReceipt",
    "NoticeRule",
    "NoticeWebhook",
    "Occurrence",
    "Order",
    "OrderAcknowledgment",
    "OrderDocument",
    "OrderReference",
    "OutgoingMail",
    "Pause",
    "ProductCategories",
    "PurchaseOrder",
    "PurchaseOrderChange",
    "PurchaseOrderCounter",
    "PurchaseOrderLine",
    "Reconciliation",
    "Refund",
    "Restock",
    "RestoreDrill",
    "ReturnCase",
    "ReturnDocument",
    "ReturnFile",
    "ReturnLine",
    "RoutingRule",
    "Shipment",
    "ShipmentFile",
    "ShipmentLine",
    "Sighting",
    "SoldItem",
    "StockFeed",
    "StockFeedLine",
    "StockLevel",
    "StockLimit",
    "StockLocation",
    "StockRule",
    "StockTerms",
    "StockWrite",
    "Store",
    "StoreBudget",
    "StoreCategory",
    "StoreEffect",
    "StoreHook",
    "StoreItem",
    "SupplierInvoice",
    "SupplierInvoicePart",
    "SupplierStock",
    "TakeOver",
    "WaitingDocument",
    "Warehouse",
    "WebhookCall",
    "Work",
    "destination_channel",
    "mail_channel",
    "mailbox_channel",
    "order_key",
    "store_channel",
    "webhook_channel",
]
