"""What the dashboard's charts show is what the archive holds, counted by day, partner, kind and direction."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

import pytest
from django.db import connection

from archive.clock import database_now
from archive.models import Acknowledgment, DocumentState
from integration.flows import figures
from integration.flows.figures import keep_figures
from integration.models import DailyFigure
from tests import factories

pytestmark = pytest.mark.django_db


def counted() -> dict[tuple[str, str], tuple[int, int]]:
    """Return documents and failed ones by transaction set and direction."""
    rows = DailyFigure.objects.all()
    return {(row.transaction_set, row.direction): (row.documents, row.failed) for row in rows}


def test_documents_are_counted_once_by_kind_and_direction_and_again_when_they_change() -> None:
    for _ in range(3):
        sent = factories.sent()
    factories.document()
    assert keep_figures()
    assert counted() == {("850", "out"): (1, 0), ("855", "in"): (1, 0)}
    assert DailyFigure.objects.filter(transaction_set="850").count() == 3
    figure = DailyFigure.objects.get(partner=sent.partner, transaction_set="850")
    assert (figure.first_at, figure.last_at) == (sent.recorded_at, sent.recorded_at)
    DocumentState.objects.filter(document=sent).update(acknowledgment="rejected")
    DailyFigure.objects.update(counted_at=database_now() - figures.EVERY)
    assert keep_figures()
    assert DailyFigure.objects.get(partner=sent.partner, transaction_set="850").failed == 1


def test_moments_of_figures_that_were_counted_before_they_were_kept_are_looked_up() -> None:
    sent = factories.sent()
    assert keep_figures()
    DailyFigure.objects.update(first_at=None, last_at=None)
    with connection.cursor() as cursor:
        cursor.execute(import_module("integration.migrations.0040_figure_moments").LOOK_UP)
    figure = DailyFigure.objects.get(partner=sent.partner, transaction_set="850")
    assert (figure.first_at, figure.last_at) == (sent.recorded_at, sent.recorded_at)


def test_nothing_is_counted_twice_within_five_minutes() -> None:
    factories.sent()
    assert keep_figures()
    factories.sent()
    assert not keep_figures()
    assert DailyFigure.objects.count() == 1


def test_acknowledgments_are_told_apart_by_how_long_they_took(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = factories.sent()
    Acknowledgment.objects.create(document=sent, source=factories.document(), code="A")
    # Facts are dated by the database: what took no time here is taken to have taken 90 minutes.
    monkeypatch.setattr(figures, "_MINUTES", f"({figures._MINUTES} + 90)")
    assert keep_figures()
    row = DailyFigure.objects.get(transaction_set="850")
    assert row.answered == [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]


def test_days_that_do_not_change_any_more_are_left_as_they_were_counted() -> None:
    partner = factories.partner()
    old = (database_now() - timedelta(days=10)).date()
    kept = DailyFigure.objects.create(
        day=old, partner=partner, transaction_set="850", direction="out", documents=7, failed=0, answered=[0] * 10,
        counted_at=database_now() - timedelta(hours=1),
    )  # fmt: skip
    assert keep_figures()
    kept.refresh_from_db()
    assert kept.documents == 7


def test_documents_of_nobody_have_one_row_a_day() -> None:
    document = factories.document()
    with connection.cursor() as cursor:
        for _ in range(2):
            cursor.execute(
                "INSERT INTO integration_dailyfigure (day, partner_id, transaction_set, direction, documents, failed, answered,"
                " counted_at) VALUES (current_date, NULL, '864', 'in', 1, 0, '{0}', now())"
                " ON CONFLICT (day, partner_id, transaction_set, direction) DO NOTHING"
            )
    assert DailyFigure.objects.filter(partner=None).count() == 1
    assert document.pk
