"""Whether a document is kept: why, until when, or what its disposal left; beside what it says."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.translation import gettext

from archive.governance import Because, governed
from archive.models import DisposalCertificate, Document, LostCertificate
from integration.flows.rights import TAKE_HOLD
from portal.admin.certificate_words import certificate_for
from portal.admin.show import page_url

SEE_HOLDS = "archive.view_hold"


@dataclass(frozen=True)
class Keeping:
    """What is said of a document's keeping: a sentence, the page of the rule, hold or certificate, and who may hold it."""

    sentence: str
    words: str = ""
    url: str = ""
    hold_url: str = ""
    is_destroyed: bool = False


def keeping_of(document: Document, user: User) -> Keeping | None:
    """Return why ``document`` is kept, or what its disposal left; None for who may not see holds."""
    certificate = certificate_for(document.interchange.payload)
    if certificate is not None:
        return _destroyed(certificate)
    lost = LostCertificate.objects.filter(payload=document.interchange.payload_id).first()
    if lost is not None:
        return _destroyed_before_a_restore(lost)
    if not user.has_perm(SEE_HOLDS):
        return None
    found = governed([document.interchange.payload_id])[document.interchange.payload_id]
    may_hold = user.has_perm(TAKE_HOLD) and found.because != Because.HOLD
    hold_url = reverse("admin:archive_hold_add_document", args=[document.pk]) if may_hold else ""
    if found.hold is not None:
        return Keeping(found.sentence, gettext("The hold"), page_url(found.hold), hold_url)
    if found.revision is not None:
        return Keeping(found.sentence, gettext("The rule"), page_url(found.revision.rule), hold_url)
    return Keeping(found.sentence, hold_url=hold_url)


def _destroyed(certificate: DisposalCertificate) -> Keeping:
    at = certificate.recorded_at
    sentence = gettext(
        "What it said was destroyed on %(day)s %(at)s, once its retention was over. That it was exchanged, its hash and its proof are kept."
    ) % {"day": at.day, "at": f"{at:%B %Y}"}
    return Keeping(
        sentence,
        gettext("Certificate %(certificate)s") % {"certificate": certificate.pk},
        page_url(certificate),
        is_destroyed=True,
    )


def _destroyed_before_a_restore(lost: LostCertificate) -> Keeping:
    at = lost.destroyed_at
    sentence = gettext(
        "What it said was destroyed on %(day)s %(at)s, once its retention was over. Certificate %(number)s, which said so, was lost when an older backup was restored."
    ) % {"day": at.day, "at": f"{at:%B %Y}", "number": lost.number}
    return Keeping(sentence, is_destroyed=True)
