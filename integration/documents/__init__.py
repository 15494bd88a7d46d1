"""The canonical business documents: what a purchase order or its acknowledgment says, without any X12 in it.

Documents are frozen and built of records: every field is optional (None, or an empty tuple for a list), because
a partner may leave out anything; what a flow needs, it checks itself. Quantities and prices are ``Decimal``, dates
are ``date``. Raw X12 codes appear only in fields whose name says so (``qualifier``, ``id_kind``, ``role``,
``date_kind``, ``agency``, ``industry_table``, ``industry_code``); other coded fields hold words of ours, such as
``each`` or ``backordered``. A code without a word is held as ``?`` and the code: ``?ZZ``.

The shape of the records is data: ``shape_of`` gives a record's fields, ``catalogue`` every path of a document,
``leaves`` the values that stand in one. ``to_json`` and ``from_json`` are lossless.
"""

from integration.documents.kinds import KINDS, Document
from integration.documents.parts import (
    PURPOSES,
    Contact,
    Item,
    ItemId,
    OtherDate,
    OtherParty,
    Party,
    Reference,
    Shipping,
)
from integration.documents.purchase_order import ORDER_TYPES, PurchaseOrder, PurchaseOrderLine
from integration.documents.purchase_order_acknowledgment import (
    ACKNOWLEDGMENT_TYPES,
    LINE_STATUSES,
    AcknowledgedLine,
    Acknowledgment,
    PurchaseOrderAcknowledgment,
    Schedule,
)
from integration.documents.shapes import (
    SCALARS,
    CatalogueEntry,
    DocumentError,
    FieldShape,
    build,
    catalogue,
    from_json,
    is_scalar,
    kind_of,
    leaves,
    shape_of,
    to_json,
)

__all__ = [
    "ACKNOWLEDGMENT_TYPES",
    "KINDS",
    "LINE_STATUSES",
    "ORDER_TYPES",
    "PURPOSES",
    "SCALARS",
    "AcknowledgedLine",
    "Acknowledgment",
    "CatalogueEntry",
    "Contact",
    "Document",
    "DocumentError",
    "FieldShape",
    "Item",
    "ItemId",
    "OtherDate",
    "OtherParty",
    "Party",
    "PurchaseOrder",
    "PurchaseOrderAcknowledgment",
    "PurchaseOrderLine",
    "Reference",
    "Schedule",
    "Shipping",
    "build",
    "catalogue",
    "from_json",
    "is_scalar",
    "kind_of",
    "leaves",
    "shape_of",
    "to_json",
]
