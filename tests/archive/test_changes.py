"""What readers are told changed: once for each transaction, in its order, and never behind their place."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import connection, connections, transaction

from archive import changes
from archive.changes import RESOURCES, BadCursor, CursorOver, Place
from archive.clock import database_now
from archive.models import Change, DocumentState, TrimmedChanges
from integration.models import LineEntry, PurchaseOrder, ReturnCase
from tests import factories

_TELLS = """
    SELECT c.relname, p.prosrc FROM pg_trigger t
      JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
     WHERE t.tgname IN ('tell_insert', 'tell_update', 'tell_delete') AND t.tgenabled = 'A'
"""


def entries(resource: str) -> list[tuple[int, int]]:
    return list(Change.objects.filter(resource=resource).order_by("pk").values_list("row_id", "changed_xid"))


def test_every_resource_is_told_of_and_nothing_else(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_TELLS)
        told = cursor.fetchall()
    named = {word for _, source in told for word in source.split("'")[1::2]} - {
        "acknowledged",
        "backordered",
        "rejected",
        "held",
    }
    assert named == set(RESOURCES)
    assert len(told) == 3 * len({table for table, _ in told})


def test_what_one_transaction_writes_of_a_row_is_told_once(db: None) -> None:
    document = factories.sent()
    assert [row for row, _ in entries("documents")] == [document.pk]
    DocumentState.objects.filter(pk=document.pk).update(delivery="failed")
    document.references.all().delete()
    assert [row for row, _ in entries("documents")] == [document.pk]


def test_what_hangs_on_a_row_tells_of_it(committed: str) -> None:
    made = factories.sent()
    purchase_order = PurchaseOrder.objects.get()
    before = {name: len(entries(name)) for name in RESOURCES}
    PurchaseOrder.objects.update(state="disputed")
    case = ReturnCase.objects.create(
        number="R-1",
        order=purchase_order.order,
        purchase_order=purchase_order,
        partner=purchase_order.agreement.partner,
    )
    case.delete()
    with transaction.atomic():
        entry = LineEntry.standing().filter(line__purchase_order=purchase_order)[0]
        made.references.filter(kind="sku").delete()
    grown = {name: len(entries(name)) - count for name, count in before.items() if len(entries(name)) > count}
    assert grown == {"orders": 1, "purchase_orders": 1, "returns": 2, "documents": 1}
    assert entry.kind == "ordered"


def test_a_page_ends_before_what_is_not_over_and_goes_on_behind_it(committed: str) -> None:
    first, second, third = (factories.case(f"Case {each}.") for each in range(3))
    writing = connections["default"].copy()
    with writing.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("UPDATE integration_exceptioncase SET sentence = 'Late.' WHERE id = %s", [first.pk])
        fourth = factories.case("Committed while another transaction is open.")
        told = changes.page("cases", Place(), 100)
        assert [each.row for each in told.rows] == [first.pk, second.pk, third.pk]
        assert changes.complete_until("cases") == told.rows[-1].at
        cursor.execute("COMMIT")
    writing.close()
    rest = changes.page("cases", told.reached, 100)
    assert [each.row for each in rest.rows] == [first.pk, fourth.pk]
    assert (rest.goes_on, changes.complete_until("cases") > rest.rows[-1].at) == (False, True)


def test_what_is_said_again_is_told_at_its_last_place_and_cleared_away(committed: str) -> None:
    cases = [factories.case(f"Case {each}.") for each in range(3)]
    for _ in range(4):
        cases[0].save()
    assert len(entries("cases")) == 7
    wanted = [cases[1].pk, cases[2].pk, cases[0].pk]
    assert [each.row for each in changes.page("cases", Place(), 100).rows] == wanted
    assert [each.row for each in changes.page("cases", Place(), 2).rows] == [cases[1].pk]

    with transaction.atomic():
        changes.trim(most=3)
    with transaction.atomic():
        changes.trim()
    assert [row for row, _ in entries("cases")] == wanted
    assert [each.row for each in changes.page("cases", Place(), 100).rows] == wanted
    cases[1].save()
    with transaction.atomic():
        changes.trim()
    assert [row for row, _ in entries("cases")] == [cases[2].pk, cases[0].pk, cases[1].pk]
    assert TrimmedChanges.objects.get(resource="cases").transaction == entries("cases")[-1][1]


def test_trimming_leaves_what_somebody_has_still_to_be_told_of(committed: str) -> None:
    case = factories.case("One.")
    writing = connections["default"].copy()
    with writing.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT pg_current_xact_id()")
        case.save()
        with transaction.atomic():
            changes.trim()
        assert [each.row for each in changes.page("cases", Place(), 100).rows] == [case.pk]
        cursor.execute("COMMIT")
    writing.close()


def test_a_time_leads_before_all_that_changed_since(committed: str) -> None:
    long_ago = database_now() - 2 * changes.LONGEST_TRANSACTION
    Change.objects.create(resource="cases", row_id=999, changed_at=long_ago)
    first, second = factories.case("One."), factories.case("Two.")
    told = changes.page("cases", Place(), 100).rows
    assert [each.row for each in told] == [999, first.pk, second.pk]
    assert changes.since("cases", told[2].at) == Place(told[0].place.changed_xid, changes.LAST)
    assert changes.since("cases", long_ago) == Place()
    assert changes.since("orders", told[2].at) == Place()


def test_cursors_are_read_as_they_were_written(db: None) -> None:
    epoch = changes.current_epoch()
    for place in (Place(), Place(12, 34), Place(changes.LAST, changes.LAST)):
        assert changes.read(changes.written(place, epoch), epoch) == place
    with pytest.raises(CursorOver):
        changes.read(changes.written(Place(1, 2), uuid4()), epoch)
    for text in ("", "Zm9v", "$$$", changes.written(Place(1, 2), epoch) + "A" * 4):
        with pytest.raises(BadCursor):
            changes.read(text, epoch)
