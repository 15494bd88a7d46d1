"""With whom we trade and what was agreed."""

from partners.models.agreement import Agreement, AgreementDocument, ControlNumber
from partners.models.calendar import BusinessCalendar, Holiday
from partners.models.host_key import HostKey
from partners.models.mapping import MappingOverride, MappingProfile, MappingRevision, MappingSample
from partners.models.onboarding import ConnectionTest, Onboarding
from partners.models.partner import (
    Mailbox,
    Mode,
    PartnerContact,
    PartnerIdentifier,
    Partnership,
    TradingPartner,
)
from partners.models.returns import ReturnTerms
from partners.models.tolerances import (
    AllowedSubstitute,
    AnswerTolerances,
    BillTolerances,
    ShipmentTolerances,
)
from partners.models.translations import CodeList, CodeListEntry, ItemCrossReference

__all__ = [
    "Agreement",
    "AgreementDocument",
    "AllowedSubstitute",
    "AnswerTolerances",
    "BillTolerances",
    "BusinessCalendar",
    "CodeList",
    "CodeListEntry",
    "ConnectionTest",
    "ControlNumber",
    "Holiday",
    "HostKey",
    "ItemCrossReference",
    "Mailbox",
    "MappingOverride",
    "MappingProfile",
    "MappingRevision",
    "MappingSample",
    "Mode",
    "Onboarding",
    "PartnerContact",
    "PartnerIdentifier",
    "Partnership",
    "ReturnTerms",
    "ShipmentTolerances",
    "TradingPartner",
]
