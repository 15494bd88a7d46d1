"""What the claim form of a return says: from the case, its purchase order and its files."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from archive.models import Translation
from integration.documents import PurchaseOrder as CanonicalPurchaseOrder
from integration.documents import ReturnDocument, from_json
from integration.documents.parts import Party
from integration.flows.return_files import files_for, payloads_read_by
from integration.matching.evidence import KINDS
from integration.models import ReturnCase, ReturnLine
from integration.printing.claim_forms import ClaimFile, ClaimForm, ClaimLine
from integration.printing.parties import party_lines
from integration.printing.thumbnails import thumbnail


def claim_form(case: ReturnCase, reader: str) -> ClaimForm:
    """Return the form of ``case`` with small copies of its photos, which are opened in the name of ``reader``."""
    files = files_for(case)
    pictures = [each for each in files if KINDS[each.kind].is_picture]
    read = payloads_read_by(pictures, reader, f"claim form of return {case.pk}")
    asked = _asked(case)
    zone = ZoneInfo(case.order.store.time_zone)
    return ClaimForm(
        number=case.number,
        seller=case.order.store.name,
        partner=case.partner.name,
        return_to=party_lines(_return_to(case)) or (case.partner.name,),
        return_from=party_lines(asked.ship_to) if asked is not None else (),
        order_number=str(case.order.number),
        purchase_order_number=case.purchase_order.number,
        opened_on=case.opened_at.astimezone(zone).date() if case.opened_at else None,
        rma=case.rma,
        authorized_until=case.authorized_until,
        carrier=case.scac,
        tracking_number=case.tracking_number,
        currency=case.currency or case.purchase_order.agreement.currency or case.order.currency,
        customers_word=case.reason,
        lines=tuple(_line(each) for each in case.lines.select_related("line")),
        files=tuple(
            ClaimFile(
                each.name,
                each.get_kind_display(),
                each.shows,
                thumbnail(read[each.pk]) if each.pk in read else b"",
            )
            for each in files
        ),
    )


def _line(row: ReturnLine) -> ClaimLine:
    line = row.line
    return ClaimLine(
        number=line.vendor_item or line.sku,
        description=line.description,
        quantity=row.quantity,
        unit=line.unit,
        reason=row.reason,
        comment=row.comment,
        wanted=row.wanted,
        unit_price=row.unit_price,
        authorized=row.authorized,
    )


def _asked(case: ReturnCase) -> CanonicalPurchaseOrder | None:
    content = case.purchase_order.content
    asked = from_json("purchase_order", content) if content else None
    return asked if isinstance(asked, CanonicalPurchaseOrder) else None


def _return_to(case: ReturnCase) -> Party | None:
    """Return where the goods go back to: as the partner's answer says, else nowhere that we know."""
    if case.answer_id is None:
        return None
    translation = Translation.objects.filter(document=case.answer_id).exclude(content=None).first()
    if translation is None or translation.content is None:
        return None
    said = from_json("return_document", translation.content)
    return said.ship_to if isinstance(said, ReturnDocument) else None
