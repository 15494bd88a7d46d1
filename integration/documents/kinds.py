"""Which kinds of documents there are, and the record of each."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from integration.documents.application_advice import ApplicationAdvice
from integration.documents.credit_adjustment import CreditAdjustment
from integration.documents.invoice import Invoice
from integration.documents.purchase_order import PurchaseOrder
from integration.documents.purchase_order_acknowledgment import PurchaseOrderAcknowledgment
from integration.documents.purchase_order_change import PurchaseOrderChange, PurchaseOrderChangeAcknowledgment
from integration.documents.return_document import ReturnDocument
from integration.documents.ship_notice import ShipNotice
from integration.documents.stock_advice import StockAdvice

Document = (
    PurchaseOrder
    | PurchaseOrderAcknowledgment
    | PurchaseOrderChange
    | PurchaseOrderChangeAcknowledgment
    | ShipNotice
    | Invoice
    | CreditAdjustment
    | StockAdvice
    | ReturnDocument
    | ApplicationAdvice
)

KINDS: Final[Mapping[str, type[Document]]] = MappingProxyType(
    {
        "purchase_order": PurchaseOrder,
        "purchase_order_acknowledgment": PurchaseOrderAcknowledgment,
        "ship_notice": ShipNotice,
        "invoice": Invoice,
        "credit_adjustment": CreditAdjustment,
        "stock_advice": StockAdvice,
        "return_document": ReturnDocument,
        "application_advice": ApplicationAdvice,
        "purchase_order_change": PurchaseOrderChange,
        "purchase_order_change_acknowledgment": PurchaseOrderChangeAcknowledgment,
    }
)
SETS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "180": "return_document",
        "810": "invoice",
        "812": "credit_adjustment",
        "824": "application_advice",
        "846": "stock_advice",
        "850": "purchase_order",
        "855": "purchase_order_acknowledgment",
        "856": "ship_notice",
        "860": "purchase_order_change",
        "865": "purchase_order_change_acknowledgment",
    }
)
"""The kind of document that each transaction set carries."""
