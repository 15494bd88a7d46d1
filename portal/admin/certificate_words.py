"""What a certificate of disposal says: on its page, on paper, and on the page of a document that was destroyed."""

from __future__ import annotations

from django.utils.translation import gettext, gettext_lazy

from archive.models import DisposalCertificate, Payload
from integration.printing.certificates import Certificate
from portal.admin.governed_page import Said
from portal.admin.show import moment, page_url, size

_KEY_GONE = gettext_lazy("Its key and its bytes. Copies in backups cannot be opened any more.")
_KEY_STAYS = gettext_lazy(
    "Its bytes. It was stored before files had keys of their own: copies in backups can be opened until those expire."
)


def certificate_said(row: DisposalCertificate) -> list[Said]:
    """Return the fields of the page."""
    item, payload = row.item, row.payload
    return [
        Said(gettext("What was destroyed"), item.words, is_wide=True),
        Said(gettext("Destroyed"), moment(row.recorded_at)),
        Said(gettext("Size"), size(payload.size)),
        Said(gettext("What went"), _KEY_GONE if row.key_destroyed else _KEY_STAYS, is_wide=True),
        Said(
            gettext("Kept by the rule"),
            gettext("%(rule)s, revision %(number)s")
            % {"rule": item.revision.rule, "number": item.revision.number},
            page_url(item.revision.rule),
        ),
        Said(gettext("Its time was over"), moment(item.kept_until)),
        Said(gettext("Legal reason of the rule"), item.revision.legal_reason, is_wide=True),
        Said(
            gettext("Proposed by"), f"{item.run.actor}: {item.run.reason}", page_url(item.run), is_wide=True
        ),
        Said(gettext("Approved by"), f"{row.decision.actor}: {row.decision.reason}", is_wide=True),
        Said(gettext("SHA-256 of the encrypted bytes"), payload.address, is_wide=True),
        Said(
            gettext("Commitment to the content"),
            payload.commitment or gettext("None: from before there were any"),
            is_wide=True,
        ),
        Said(gettext("First stored"), moment(payload.recorded_at)),
    ]


def certificate_of(row: DisposalCertificate) -> Certificate:
    """Return the certificate as it is printed."""
    item, payload = row.item, row.payload
    return Certificate(
        number=row.pk,
        what=item.words,
        documents=tuple((each["name"], each["number"]) for each in item.left),
        size=size(payload.size),
        stored_at=payload.recorded_at,
        destroyed_at=row.recorded_at,
        went=str(_KEY_GONE if row.key_destroyed else _KEY_STAYS),
        rule=f"{item.revision.rule}, revision {item.revision.number}",
        legal_reason=item.revision.legal_reason,
        kept_until=item.kept_until,
        disposal=str(item.run),
        proposed=(item.run.actor, item.run.recorded_at, item.run.reason),
        approved=(row.decision.actor, row.decision.recorded_at, row.decision.reason),
        address=payload.address,
        commitment=payload.commitment,
        list_digest=item.run.digest,
    )


def certificate_for(payload: Payload) -> DisposalCertificate | None:
    """Return the certificate of a payload that was destroyed, None of one that is there."""
    rows = DisposalCertificate.objects.select_related(
        "item__run", "item__revision__rule", "decision", "payload"
    )
    return rows.filter(payload=payload).first()
