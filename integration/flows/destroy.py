"""One payload of an approved disposal is destroyed, or is found to be kept."""

from __future__ import annotations

from archive.disposal import NotDestroyed, dispose
from archive.governance import governed
from archive.models import DisposalCertificate, DisposalItem, DisposalRefusal
from archive.record import record_event
from integration.work import Claim, Step

STEP = "destroy"


def destroy_step(item: DisposalItem) -> Step:
    """Return the step that destroys the payload of ``item``."""
    return Step(STEP, str(item.pk), f"payload:{item.payload_id}")


def destroy(subject: str, claim: Claim) -> list[Step]:
    """Destroy the payload of an approved item, or write why it is kept: a hold, or a rule that was made longer."""
    with claim.transaction():
        item = DisposalItem.objects.select_related("run").get(pk=subject)
        done = DisposalCertificate.objects.filter(payload=item.payload_id).first()
        if DisposalRefusal.objects.filter(item=item).exists() or (
            done is not None and done.item_id == item.pk
        ):
            return []
        if done is not None:
            return _not_destroyed(item, f"It is destroyed already: certificate {done.pk}.")
        try:
            certificate = dispose(item)
        except NotDestroyed as refusal:
            kept = governed([item.payload_id])[item.payload_id]
            return _not_destroyed(item, kept.sentence if refusal.is_kept else str(refusal))
        for left in item.left:
            words = f"Destroyed, once its retention was over: {item.run}, certificate {certificate.pk}."
            record_event(f"document:{left['document']}", "destroyed", words)
        return []


def _not_destroyed(item: DisposalItem, sentence: str) -> list[Step]:
    DisposalRefusal.objects.create(item=item, sentence=sentence)
    record_event(item.run.subject, "not_destroyed", f"{item.words} is not destroyed. {sentence}")
    return []
