"""What is due is found however much before it is kept; which payloads are due is in tests/chaos/test_holds_win.py."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from archive import disposable
from archive.disposable import due
from integration.flows.disposals import plan_disposal
from integration.flows.holds import Covered, take_hold
from tests import factories
from tests.governed import WHY, archived, dated, packing_list, photo, rule

YEARS_AGO = datetime.now(UTC) - timedelta(days=800)


def test_what_is_kept_does_not_hide_what_is_due(committed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest are kept, by whatever it be, and are more than are looked at in one go."""
    monkeypatch.setattr(disposable, "PIECE", 2)
    keeper, order = factories.user("keeper", superuser=True), factories.order()
    box, kept_of, due_of = factories.mailbox(), factories.partner(), factories.partner()
    kept = [archived(box, kept_of, ["810"], order=order)[1][0] for _ in range(7)]
    payload, [last] = archived(box, due_of, ["810"])
    dated(YEARS_AGO, *kept, last)
    rule(keeper)
    assert len(due(10)) == 8
    held = [
        Covered(partner=kept_of), Covered(order=order), Covered(documents=[each.pk for each in kept]),
        Covered(partner=kept_of, begins_at=YEARS_AGO - timedelta(days=1), ends_at=YEARS_AGO + timedelta(days=1)),
    ]  # fmt: skip
    ways = [lambda covered=each: take_hold(keeper, "Larch", covered, WHY) for each in held]  # type: ignore[misc]
    ways += [lambda: rule(keeper, "", 10, store=order.store), lambda: rule(keeper, "", 10, partner=kept_of)]  # type: ignore[list-item,return-value]
    for keep in ways:
        with transaction.atomic():
            keep()
            assert [each.payload for each in due(10)] == [payload.pk]
            assert [each.payload for each in plan_disposal(due_of).entries] == [payload.pk]
            assert plan_disposal(kept_of).entries == ()
            transaction.set_rollback(True)


def test_files_of_orders_are_due_when_their_rule_is_over(committed: str) -> None:
    keeper, of = factories.user("keeper", superuser=True), factories.purchase_order()
    box, files = of.agreement.mailbox, [packing_list(of, of.agreement.mailbox), photo(of)]
    alone = factories.received_file(box, b"a letter of nobody", "letter.txt").payload
    for each in (*files, alone):
        dated(YEARS_AGO, payload=each)
    rule(keeper, "Files of Larch", 1, kinds=("FILE",), partner=of.agreement.partner)
    expected = sorted(each.pk for each in files)
    assert [each.payload for each in due(10)] == expected
    plan = plan_disposal(of.agreement.partner)
    assert [(each.payload, each.words) for each in plan.entries] == [
        (files[0].pk, f"File {of.number}.pdf"),
        (files[1].pk, "File of a return"),
    ]
    assert plan_disposal(factories.partner()).entries == ()
    take_hold(keeper, "Larch against us", Covered(order=of.order), WHY)
    assert due(10) == []
