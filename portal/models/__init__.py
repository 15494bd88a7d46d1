"""What the window itself keeps: of people who look through it, and of programs."""

from portal.models.api import ApiToken, ApiWindow, KeptAnswer
from portal.models.exports import Export, ExportPart
from portal.models.people import Access, FailedLogin, SavedSearch

__all__ = [
    "Access",
    "ApiToken",
    "ApiWindow",
    "Export",
    "ExportPart",
    "FailedLogin",
    "KeptAnswer",
    "SavedSearch",
]
