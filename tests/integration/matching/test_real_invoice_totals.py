"""What other people's invoices add up to: their own totals, read from public files."""

from __future__ import annotations

from decimal import Decimal

from integration.documents import Invoice
from integration.matching.bill_totals import amounts_of, unsigned
from integration.x12.envelope import read_interchange, split_interchanges
from partners.mapping.reader import read_set
from tests.integration.x12.x12_documents import shared_samples
from tests.partners.mapping.mapped_documents import guide_of


def test_the_totals_of_public_invoices_are_the_sums_of_their_parts() -> None:
    gaps: dict[str, Decimal] = {}
    for path in sorted(shared_samples().iterdir()):
        for piece in split_interchanges(path.read_bytes()).pieces:
            for group in read_interchange(piece.data).groups:
                for each in group.sets:
                    if each.code != "810" or not group.version.startswith("004010"):
                        continue
                    invoice = read_set(each.segments, guide_of("810"), separators=each.separators).document
                    assert isinstance(invoice, Invoice)
                    turned, _ = unsigned(invoice)
                    if turned.total is not None:
                        sums = amounts_of(turned).sums
                        gap = turned.total - min(sums, key=lambda told: abs(turned.total - told))
                        gaps[f"{path.name} {each.control_number}"] = gap
    assert len(gaps) == 16
    # Placeholders and a total copied from another invoice: what they say is not what they add up to.
    assert {name: gap for name, gap in gaps.items() if gap} == {
        "bots-plugins__inbound-810_1.x12 0063": Decimal("11025.79"),
        "bots-plugins__inbound-810_2.x12 0067": Decimal("8758.79"),
        "libedi__tests-Sample_4010_810.txt 0001": Decimal("-1027.00"),
        "staedi__x12-invoice810_po850_dual.edi 000000002": Decimal("703.38"),
        "staedi__x12-simple810.edi 000000002": Decimal("703.38"),
    }
