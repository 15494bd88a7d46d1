"""What was exchanged: facts, and what they amount to."""

from archive.models.cursors import CursorEpoch
from archive.models.exchange import (
    AccessRecord,
    Acknowledgment,
    AuditEntry,
    Direction,
    Document,
    Event,
    FunctionalAnswer,
    Interchange,
    Payload,
    Reprocessing,
    Resubmission,
    Transmission,
    TransmissionOutcome,
    document_name,
)
from archive.models.projections import (
    AcknowledgmentState,
    Delivery,
    DocumentReference,
    DocumentState,
    Reference,
    Translation,
    Validation,
)

__all__ = [
    "AccessRecord",
    "Acknowledgment",
    "AcknowledgmentState",
    "AuditEntry",
    "CursorEpoch",
    "Delivery",
    "Direction",
    "Document",
    "DocumentReference",
    "DocumentState",
    "Event",
    "FunctionalAnswer",
    "Interchange",
    "Payload",
    "Reference",
    "Reprocessing",
    "Resubmission",
    "Translation",
    "Transmission",
    "TransmissionOutcome",
    "Validation",
    "document_name",
]
