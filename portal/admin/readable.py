"""A document (the JSON of ``Translation.content``) as blocks and tables for people, whatever its kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration.documents import KINDS, SETS
from integration.matching.invoicing.files import FILE_FORMATS
from portal.admin.blocks import Readable
from portal.admin.business_document import BusinessDocument
from portal.admin.readable_answers import ANSWERS

Json = Mapping[str, Any]


def readable(transaction_set: str, content: Json | None) -> Readable | None:
    """Return the canonical ``content`` for people; None where the document was not translated."""
    if content is None:
        return None
    if transaction_set in ANSWERS:
        return ANSWERS[transaction_set](content)
    if transaction_set in FILE_FORMATS:
        return BusinessDocument(content, str(content.get("currency", ""))).whole(KINDS["invoice"])
    if transaction_set not in SETS:
        return None
    return BusinessDocument(content, str(content.get("currency", ""))).whole(KINDS[SETS[transaction_set]])
