"""Which kinds of documents there are, and the record of each."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from integration.documents.purchase_order import PurchaseOrder
from integration.documents.purchase_order_acknowledgment import PurchaseOrderAcknowledgment

Document = PurchaseOrder | PurchaseOrderAcknowledgment

KINDS: Final[Mapping[str, type[Document]]] = MappingProxyType(
    {
        "purchase_order": PurchaseOrder,
        "purchase_order_acknowledgment": PurchaseOrderAcknowledgment,
    }
)
