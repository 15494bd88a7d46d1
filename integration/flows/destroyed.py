"""What verbs say of content that was destroyed once its retention was over: it is neither sent nor read again."""

from __future__ import annotations

from archive.governance import end_of
from archive.store import PayloadDestroyed
from integration.flows.rights import Refused


def refuse_destroyed(payload: int) -> None:
    """Refuse where the payload of that primary key was destroyed, with the sentence that says when."""
    certificate = end_of(payload)
    if certificate is not None:
        raise Refused(str(PayloadDestroyed(certificate)))
