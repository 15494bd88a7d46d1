"""Small writers of facts that many verbs share: events and audit entries."""

from __future__ import annotations

from typing import Any

from archive.correlation import current_correlation_id
from archive.models import AuditEntry, Document, Event
from archive.translation import storable


def record_event(
    subject: str, kind: str, sentence: str, *, document: Document | None = None, actor: str = ""
) -> Event:
    """Write one line of the timeline of ``subject`` (``order:7``). The sentence holds no personal data."""
    return Event.objects.create(
        subject=subject,
        kind=kind,
        sentence=storable(sentence),
        document=document,
        actor=actor,
        correlation_id=current_correlation_id(),
    )


def record_audit(
    user: Any, verb: str, subject: str, *, reason: str = "", detail: dict[str, Any] | None = None
) -> AuditEntry:
    """Write that ``user`` did ``verb`` to ``subject``, and why."""
    return AuditEntry.objects.create(
        user=user, actor=user.get_username(), verb=verb, subject=subject, reason=reason, detail=detail or {}
    )
