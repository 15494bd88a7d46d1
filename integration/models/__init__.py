"""Orders, purchase orders, their ledger, effects on the store, cases, and the queue of work."""

from integration.models.bulk import BulkItem, BulkJob
from integration.models.case import ExceptionCase
from integration.models.change import PurchaseOrderChange
from integration.models.channel import STANDING_POLL, Channel, mailbox_channel, store_channel
from integration.models.customer import CustomerLink, OrderAcknowledgment
from integration.models.effect import StoreEffect
from integration.models.expectation import Expectation
from integration.models.hooks import HookCall, StoreHook
from integration.models.invoice import Invoice, InvoiceCopy, InvoiceRule, InvoiceSeries
from integration.models.mail import MailServer, OutgoingMail, mail_channel
from integration.models.missing import MissingTranslation, WaitingDocument
from integration.models.pause import Pause
from integration.models.purchase import LineEntry, PurchaseOrder, PurchaseOrderLine
from integration.models.reconciliation import Gap, Reconciliation
from integration.models.references import OrderReference
from integration.models.routing import (
    ProductCategories,
    PurchaseOrderCounter,
    RoutingRule,
    StoreCategory,
    Warehouse,
)
from integration.models.shipment import Carrier, Shipment, ShipmentFile, ShipmentLine
from integration.models.sighting import Sighting
from integration.models.store import ORDER_STATUSES, Order, OrderDocument, Store, StoreBudget, order_key
from integration.models.supplier_invoice import SupplierInvoice, SupplierInvoicePart
from integration.models.take_over import TakeOver
from integration.models.work import Lane, Work

__all__ = [
    "ORDER_STATUSES",
    "STANDING_POLL",
    "BulkItem",
    "BulkJob",
    "Carrier",
    "Channel",
    "CustomerLink",
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
    "RoutingRule",
    "Shipment",
    "ShipmentFile",
    "ShipmentLine",
    "Sighting",
    "Store",
    "StoreBudget",
    "StoreCategory",
    "StoreEffect",
    "StoreHook",
    "SupplierInvoice",
    "SupplierInvoicePart",
    "TakeOver",
    "WaitingDocument",
    "Warehouse",
    "Work",
    "mail_channel",
    "mailbox_channel",
    "order_key",
    "store_channel",
]
