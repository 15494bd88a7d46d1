"""What verbs say of content that was destroyed once its retention was over: it is neither sent nor read again."""

from __future__ import annotations

from collections.abc import Iterable

from archive.models import DisposalCertificate
from archive.store import PayloadDestroyed
from integration.flows.rights import Refused


def refuse_destroyed(payload: int) -> None:
    """Refuse where the payload of that primary key was destroyed, with the sentence that says when."""
    certificate = DisposalCertificate.objects.filter(payload=payload).first()
    if certificate is not None:
        raise Refused(str(PayloadDestroyed(certificate)))


def destroyed_among(payloads: Iterable[int]) -> set[int]:
    """Return those of the payloads that were destroyed."""
    return set(DisposalCertificate.objects.filter(payload__in=payloads).values_list("payload", flat=True))
