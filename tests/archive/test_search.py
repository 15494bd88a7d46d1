"""References: every written form finds what was meant, what is nearer comes first, and rebuilding changes nothing."""

from __future__ import annotations

import pytest
from django.db.models import Q

from archive.models import DocumentReference
from archive.projections import rebuild
from archive.search import CONTROL_NUMBERS, KINDS, Hit, Row, Source, Term, normal_forms, reference_rows
from tests import factories

DOCUMENTS = Source(DocumentReference, "document_id", 0)

# kind, as written, as looked for, distance of the two: None where they must not meet
WRITTEN = [
    ("order", "1042", "1042", 0),
    ("order", "1042", "#1042", 0),
    ("order", "1042", "  1042 ", 0),
    ("order", "1042", "0001042", 1),
    ("order", "1042", "Order 1042", 1),
    ("order", "1042", "order no. 1042", 1),
    ("order", "1042", "１０４２", 0),
    ("order", "1042", "10 42", 2),
    ("order", "1042", "10420", None),
    ("order", "1042", "104", None),
    ("order", "10421", "1042-1", 2),
    ("purchase_order", "1042-1", "1042-1", 0),
    ("purchase_order", "1042-1", "1042 1", 0),
    ("purchase_order", "1042-1", "1042/1", 0),
    ("purchase_order", "1042-1", "PO 1042-1", 1),
    ("purchase_order", "1042-1", "10421", 2),
    ("purchase_order", "1042-1", "1042", None),
    ("purchase_order", "HP1042-1", "hp1042-1", 0),
    ("purchase_order", "HP1042-1", "HP-1042-1", 0),
    ("purchase_order", "HP1042-1", "1042-1", 1),
    ("purchase_order", "HP1042-1", "HP10421", 2),
    ("purchase_order", "HP1042-1", "10421", 3),
    ("purchase_order", "PO-450042", "PO-450042", 0),
    ("purchase_order", "PO-450042", "PO450042", 0),
    ("purchase_order", "PO-450042", "po 450042", 0),
    ("purchase_order", "PO-450042", "P.O. #450042", 0),
    ("purchase_order", "PO-450042", "450042", 1),
    ("purchase_order", "PO-450042", "450 042", 3),
    ("purchase_order", "PO-0450042", "450042", 2),
    ("purchase_order", "450042", "PO-450042", 1),
    ("purchase_order", "450042", "po 450042", 1),
    ("purchase_order", "450042", "PO450042", 1),
    ("purchase_order", "450042", "Purchase order no. 450042", 1),
    ("vendor_order", "SO-7781", "7781", 1),
    ("control_number", "000000123", "000000123", 0),
    ("control_number", "000000123", "123", 1),
    ("control_number", "000000123", "00123", 2),
    ("control_number", "000000123", "ISA 123", 2),
    ("control_number", "000000123", "ISA13: 000000123", 1),
    ("group_control_number", "123", "GS06 123", 1),
    ("group_control_number", "123", "000000123", 1),
    ("set_control_number", "0001", "0001", 0),
    ("set_control_number", "0001", "1", 1),
    ("set_control_number", "0001", "ST 0001", 1),
    ("sku", "AC-100", "ac100", 0),
    ("sku", "AC-100", "AC 100", 0),
    ("sku", "AC-100", "SKU AC-100", 1),
    ("sku", "AC-100", "100", None),
    ("sku", "12-34", "1234", 2),
    ("sku", "00123", "00123", 0),
    ("sku", "00123", "123", 1),
    ("sku", "чай-5", "ЧАЙ 5", 0),
    ("vendor_item", "V/AC_100", "v-ac-100", 0),
    ("upc", "012345678905", "0 12345 67890 5", 2),
    ("upc", "012345678905", "0012345678905", 2),
    ("upc", "012345678905", "12345678905", 1),
    ("tracking", "1Z999AA10123456784", "1Z 999 AA1 01 2345 6784", 2),
    ("tracking", "1Z999AA10123456784", "1z999aa10123456784", 0),
    ("invoice", "INV-88120", "inv 88120", 0),
    ("invoice", "INV-88120", "88120", 1),
    ("invoice", "INV-88120", "Invoice no. 88120", 2),
    ("shipment", "SH-7700", "7700", 1),
    ("shipment", "SH-7700", "shipment SH-7700", 1),
    ("rma", "RMA-5120", "RMA 5120", 0),
    ("rma", "RMA-5120", "5120", 1),
    ("rma", "5120", "RMA-5120", 1),
    ("sscc", "00100123456789012349", "(00) 1 0012345 678901234 9", 2),
    ("sscc", "00100123456789012349", "100123456789012349", 1),
    ("reference", "A.B.77", "ab77", 0),
    ("email", "Ada.Quist@Example.com", "ada.quist@example.com", 0),
    ("email", "ada.quist@example.com", "adaquist@example.com", None),
    ("customer", "Ada Quist", "ada quist", 0),
    ("customer", "Ada Quist", "Quist, Ada", 1),
    ("customer", "Ada Maria Quist", "Maria Quist Ada", 1),
    ("customer", "Siân O’Brien", "SIAN OBRIEN", 0),
    ("customer", "Siân O'Brien", "sian o’brien", 0),
    ("customer", "Łukasz Żółć", "lukasz zolc", 0),
    ("customer", "Åse Sørensen", "ase sorensen", 0),
    ("customer", "Jürgen Groß", "jurgen gross", 0),
    ("customer", "Алёна Ильина", "алена ильина", 0),
    ("customer", "Ann Smith-Jones", "ann smith jones", 0),
    ("customer", "Ada Quist", "Ada Quisto", None),
    ("partner", "Larch Supply", "LARCH  SUPPLY", 0),
    ("partner", "Larch & Sons, Inc.", "larch sons inc", 0),
    ("partner", "3M Depot 24", "3m depot 24", 0),
]  # fmt: skip


def distance(kind: str, written: str, looked_for: str) -> int | None:
    """Return how near a term comes to a reference over the forms that both have."""
    kept, term = normal_forms(written, kind), normal_forms(looked_for)
    return min((kept[form] + term[form] for form in kept.keys() & term.keys()), default=None)


@pytest.mark.parametrize(("kind", "written", "looked_for", "expected"), WRITTEN)
def test_a_reference_is_found_in_every_form_people_write(
    kind: str, written: str, looked_for: str, expected: int | None
) -> None:
    assert distance(kind, written, looked_for) == expected


def test_every_kind_is_in_the_table_and_as_written_is_nearest() -> None:
    assert {kind for kind, *_ in WRITTEN} == set(KINDS) - {"item"}
    for kind, written, *_ in WRITTEN:
        assert distance(kind, written, written) == 0, (kind, written)


@pytest.mark.parametrize("text", ["", " ", "%", "_", "-", "'", "\x00", "№", "\ud800", "’"])
def test_what_holds_no_letter_or_digit_has_no_form_that_matches_everything(text: str) -> None:
    assert "" not in normal_forms(text)
    for kind in KINDS:
        assert "" not in normal_forms(text, kind)


def test_a_form_can_be_kept_whatever_was_written() -> None:
    hostile = [
        "é\x00ü",
        "9" * 300,
        "a" * 300,
        "x@\x00y.z",
        "'; DROP TABLE x; --",
        "\\y(",
        "*",
        "ﷺ" * 100,
        "a b c d e f g h i",
    ]
    for text in hostile:
        for kind in ("", *KINDS):
            for form, away in normal_forms(text, kind).items():
                assert 0 < len(form) <= 100
                assert "\x00" not in form
                assert 0 <= away <= 4


def test_rows_rank_nearness_before_kind_and_keep_the_nearer_of_two_values() -> None:
    assert sorted(reference_rows([("purchase_order", "HP1042-1"), ("sku", "00123")])) == [
        Row("purchase_order", "HP1042-1", "1042-1", 280),
        Row("purchase_order", "HP1042-1", "10421", 80),
        Row("purchase_order", "HP1042-1", "HP1042-1", 380),
        Row("purchase_order", "HP1042-1", "HP10421", 180),
        Row("sku", "00123", "00123", 330),
        Row("sku", "00123", "123", 230),
    ]
    assert reference_rows([("sku", "0123"), ("sku", "123")]) == [
        Row("sku", "0123", "0123", 330),
        Row("sku", "123", "123", 330),
    ]


def test_what_people_number_comes_before_what_machines_number() -> None:
    ranks = {
        (row.kind, row.normal): row.rank
        for row in reference_rows([("purchase_order", "PO-450042"), ("group_control_number", "450042")])
    }
    assert ranks["purchase_order", "450042"] == 280
    assert ranks["group_control_number", "450042"] == 245


@pytest.fixture
def crowd(db: None) -> dict[str, int]:
    """Documents of nobody's order, by their purchase order number, oldest first."""
    agreement = factories.agreement(of=factories.partner("Larch Supply"))
    numbers = ["PO-77", "077", "77", "7-7", "770", "7700", "PO-771", "78"]
    return {number: factories.document(agreement, number=number).pk for number in numbers}


def told(hits: list[Hit], crowd: dict[str, int]) -> list[tuple[str, int]]:
    """Return the purchase orders hit, in order, with their distance."""
    names = {pk: number for number, pk in crowd.items()}
    return [(names[hit.target], hit.distance) for hit in hits if hit.kind == "purchase_order"]


def test_the_nearest_form_comes_first_and_among_equals_the_newest(crowd: dict[str, int]) -> None:
    hits = Term.of("77").exact([DOCUMENTS], 50)
    assert told(hits, crowd) == [("77", 0), ("077", 1), ("PO-77", 1), ("7-7", 2)]
    assert [hit.key for hit in hits] == sorted(hit.key for hit in hits)
    assert told(Term.of("po 77").exact([DOCUMENTS], 50), crowd) == [
        ("PO-77", 0), ("77", 1), ("077", 2), ("PO-77", 2), ("7-7", 3),
    ]  # fmt: skip


def test_beginnings_follow_in_the_order_of_their_numbers_without_what_matches_whole(
    crowd: dict[str, int],
) -> None:
    hits = Term.of("77").longer([DOCUMENTS], 50)
    assert [number for number, _ in told(hits, crowd)] == ["770", "7700", "PO-771"]
    assert [hit.key for hit in hits] == sorted(hit.key for hit in hits)
    assert Term.of("9999").longer([DOCUMENTS], 50) == []


@pytest.mark.parametrize("term", ["77", "po 77", "7", "1", "0001", "larch", "larch supply"])
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_page_after_page_gives_every_hit_once_in_the_order_of_one_page(
    crowd: dict[str, int], term: str, size: int
) -> None:
    found = 0
    for stage in ("exact", "longer"):
        search = getattr(Term.of(term), stage)
        whole = search([DOCUMENTS], 1000)
        pages, key = [], None
        while page := search([DOCUMENTS], size, key):
            pages += page
            key = page[-1].key
        assert pages == whole
        found += len(whole)
    assert found >= 7


def test_a_term_without_letters_or_digits_asks_the_database_nothing() -> None:
    # without a database: a query would be refused
    assert Term.of("%").exact([DOCUMENTS], 50) == []
    assert Term.of("%").longer([DOCUMENTS], 50) == []


@pytest.mark.django_db
def test_a_document_is_found_by_its_envelope_its_partner_and_all_that_it_says() -> None:
    agreement = factories.agreement(of=factories.partner("Larch Supply"))
    body = [
        factories.segment("BAK", "00", "AC", "1042-1", "20261124", "", "", "", "SO-7781"),
        factories.segment("REF", "CO", "1042"),
        factories.segment("REF", "IA", "V-9"),
        factories.segment(
            "PO1", "1", "2", "EA", "4.5", "", "VN", "V-FS-1", "IN", "FS-1", "UP", "012345678905", "MG", "MM-5"
        ),
        factories.segment("ACK", "IS", "2", "EA", "", "", "", "VN", "V-FS-2"),
        factories.segment("CTT", "1"),
    ]
    document = factories.document(agreement, body=body)
    number = int(document.interchange.control_number)
    nearest = DocumentReference.objects.filter(Q(rank__gte=300) | Q(kind__in=CONTROL_NUMBERS, rank__gte=200))
    rows = set(nearest.values_list("kind", "value", "normal"))
    assert rows == {
        ("purchase_order", "1042-1", "1042-1"),
        ("order", "1042", "1042"),
        ("vendor_order", "SO-7781", "SO7781"),
        ("sku", "FS-1", "FS1"),
        ("vendor_item", "V-FS-1", "VFS1"),
        ("vendor_item", "V-FS-2", "VFS2"),
        ("upc", "012345678905", "012345678905"),
        ("item", "MM-5", "MM5"),
        ("control_number", f"{number:09d}", f"{number:09d}"),
        ("group_control_number", str(number), str(number)),
        ("set_control_number", "0001", "0001"),
        ("partner", "Larch Supply", "LARCH SUPPLY"),
        ("reference", "V-9", "V9"),
    }


@pytest.mark.django_db
def test_a_tracking_number_is_a_kind_that_documents_may_bring() -> None:
    document = factories.document()
    rows = reference_rows([("tracking", "1Z999AA10123456784")])
    DocumentReference.objects.bulk_create(
        DocumentReference(document=document, **row._asdict()) for row in rows
    )
    [hit] = Term.of("1Z 999 AA1 01 2345 6784").exact([DOCUMENTS], 5)
    assert (hit.target, hit.kind, hit.value) == (document.pk, "tracking", "1Z999AA10123456784")


@pytest.mark.django_db
def test_references_dropped_and_rebuilt_are_equal() -> None:
    made = factories.purchase_order()
    factories.sent(made)
    factories.received(made.agreement, "855", factories.shortage(made))
    columns = ("document", "kind", "value", "normal", "rank")
    before = sorted(DocumentReference.objects.values_list(*columns))
    DocumentReference.objects.filter(kind="sku").delete()
    assert rebuild() == 3
    assert sorted(DocumentReference.objects.values_list(*columns)) == before
    assert len(before) > 30


def test_zeros_in_front_do_not_begin_every_number(crowd: dict[str, int]) -> None:
    assert told(Term.of("007").longer([DOCUMENTS], 50), crowd) == []
    assert [number for number, _ in told(Term.of("07").longer([DOCUMENTS], 50), crowd)] == ["077"]
