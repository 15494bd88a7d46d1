"""What programs are told of a row, by what it is about."""

from portal.api.records.base import ALWAYS, Record
from portal.api.records.exchanged import (
    TOLD_REFERENCES,
    DailyFigureRecord,
    DocumentRecord,
    InterchangeRecord,
    MappingRecord,
    PartnerRecord,
)
from portal.api.records.measured import ScorecardRecord
from portal.api.records.settled import (
    CaseRecord,
    InvoiceRecord,
    ReconciliationRecord,
    ReturnLineRecord,
    ReturnRecord,
    SupplierInvoiceRecord,
)
from portal.api.records.traded import (
    AcknowledgmentLineRecord,
    OrderRecord,
    PurchaseOrderLineRecord,
    PurchaseOrderRecord,
    ShipmentRecord,
    StoreRecord,
)

__all__ = [
    "ALWAYS",
    "TOLD_REFERENCES",
    "AcknowledgmentLineRecord",
    "CaseRecord",
    "DailyFigureRecord",
    "DocumentRecord",
    "InterchangeRecord",
    "InvoiceRecord",
    "MappingRecord",
    "OrderRecord",
    "PartnerRecord",
    "PurchaseOrderLineRecord",
    "PurchaseOrderRecord",
    "ReconciliationRecord",
    "Record",
    "ReturnLineRecord",
    "ReturnRecord",
    "ScorecardRecord",
    "ShipmentRecord",
    "StoreRecord",
    "SupplierInvoiceRecord",
]
