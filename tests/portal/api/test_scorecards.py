"""Scorecards of partners: flat rows of every figure, a partner a page, of nobody else's."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator

from archive.models import AccessRecord
from integration.flows.scorecards import scorecard
from integration.matching.periods import Period, days_until, month_of, period_named
from integration.models import ExceptionCase, Expectation, PurchaseOrder
from partners.models import TradingPartner
from portal.api.measures import MEASURES
from portal.api.records import ScorecardRecord
from portal.models import Access
from tests import factories
from tests.portal.api.conftest import client_with, token_of
from tests.portal.api.test_reading import ROOT, data, refusal
from tests.portal.api.test_streams import text_of


@pytest.fixture(scope="module")
def period(world: PurchaseOrder) -> Period:
    """The last days, in which one answer was promised, kept late, and a case opened."""
    now = timezone.now()
    Expectation.objects.filter(agreement=world.agreement).delete()
    sent = world.documents.filter(role="purchase_order").first()
    document = sent.document if sent else factories.document(world.agreement, "850", direction="out")
    for hours, settled in ((2, 3), (9, 1)):
        Expectation.objects.create(
            what="855", subject=f"test:{hours}", agreement=world.agreement, document=document, state="met",
            counted_from=now - timedelta(hours=20), due_at=now - timedelta(hours=20 - hours),
            settled_at=now - timedelta(hours=20 - settled),
        )  # fmt: skip
    ExceptionCase.objects.create(
        kind=ExceptionCase.Kind.SHIPMENT_DIFFERS, cause="test:scorecard", sentence="It differs.",
        partner=world.agreement.partner, purchase_order=world, money=Decimal("12.50"), currency="USD",
    )  # fmt: skip
    return days_until((now + timedelta(days=1)).date(), 5)


def figures(client: Client, partner: TradingPartner, period: Period) -> dict[tuple[str, str], Any]:
    """Return the rows of a partner by measure and kind."""
    found = data(client, "scorecards", partner_id=partner.pk, period=period.name)
    assert (found["has_more"], found["next_after"]) == (False, None)
    return {(each["measure"], each["kind"]): each for each in found["data"]}


def test_each_figure_is_a_row_with_its_unit_and_its_counts(
    asker: Client, world: PurchaseOrder, period: Period
) -> None:
    partner = world.agreement.partner
    told = figures(asker, partner, period)
    card = scorecard(partner, period)
    kept = next(each for each in card.kept if each.what == "855")
    assert (kept.on_time, kept.late) == (1, 1)
    row = told["promises_on_time", "855"]
    assert row == {
        "id": f"{partner.pk}:{period.first}/{period.last}:promises_on_time:855",
        "partner_id": partner.pk,
        "partner": partner.name,
        "period": f"{period.first}/{period.last}",
        "first_day": str(period.first),
        "last_day": str(period.last),
        "time_zone": row["time_zone"],
        "measure": "promises_on_time",
        "kind": "855",
        "value": "50.0000",
        "unit": "percent",
        "numerator": "1.0000",
        "denominator": "2.0000",
        "definition": MEASURES["promises_on_time"][1],
        "counted_at": row["counted_at"],
    }
    late = told["promises_late", "855"]
    assert (late["value"], late["unit"], late["denominator"]) == ("1.0000", "count", "2.0000")
    most = told["answer_minutes_most", "855"]
    assert (most["value"], most["unit"], most["denominator"]) == ("180.0000", "minutes", "2.0000")
    stake = told["at_stake", "USD"]
    assert (stake["unit"], Decimal(stake["value"]), stake["numerator"]) == ("USD", card.at_stake[0][1], None)
    cases = {
        kind: Decimal(row["value"]) for (measure, kind), row in told.items() if measure == "cases_opened"
    }
    assert cases == {each.kind: each.opened for each in card.cases}
    assert {measure for measure, _ in told} <= set(MEASURES)
    assert len({each["id"] for each in told.values()}) == len(told)


def test_a_period_without_anything_tells_so_of_every_measure(asker: Client, world: PurchaseOrder) -> None:
    quiet = figures(asker, world.agreement.partner, period_named("2020-Q2"))
    row = quiet["promises_on_time", ""]
    assert (row["period"], row["value"], row["numerator"], row["denominator"]) == (
        "2020-Q2",
        None,
        "0.0000",
        "0.0000",
    )
    assert (quiet["orders_sent", ""]["value"], quiet["lead_days_half", ""]["value"]) == ("0.0000", None)
    assert {"cases_opened", "at_stake"} & {measure for measure, _ in quiet} == set()


def test_pages_are_of_whole_partners_by_their_ids(asker: Client, world: PurchaseOrder) -> None:
    partners = list(TradingPartner.objects.order_by("pk").values_list("pk", flat=True))
    assert len(partners) > 1
    seen, after = [], 0
    for _ in partners:
        page = data(asker, "scorecards", limit=1, after=after, period="2026-10")
        assert len({each["partner_id"] for each in page["data"]}) == 1
        seen.append(page["data"][0]["partner_id"])
        after = page["next_after"] or after
    assert (seen, page["has_more"], page["next_after"]) == (partners, False, None)
    assert data(asker, "scorecards", after=partners[-1])["data"] == []
    last = data(asker, "scorecards", limit=1)["data"][0]
    assert last["period"] == month_of(timezone.now().date()).before.name


@pytest.mark.parametrize(("query", "code"), [
    ({"cursor": "x"}, "parameter_unknown"),
    ({"updated_since": "2026-10-01T00:00:00Z"}, "parameter_unknown"),
    ({"period": "2026-13"}, "parameter_invalid"),
    ({"period": "2026-Q5"}, "parameter_invalid"),
    ({"period": "last month"}, "parameter_invalid"),
    ({"period": "2026-10-18/2026-10-05"}, "parameter_invalid"),
    ({"period": "2024-10-18/2026-10-05"}, "parameter_invalid"),
    ({"period": "1999"}, "parameter_invalid"),
    ({"partner_id": "x"}, "parameter_invalid"),
    ({"limit": "51"}, "parameter_invalid"),
    ({"after": "-1"}, "parameter_invalid"),
    ({"format": "xml"}, "parameter_invalid"),
])  # fmt: skip
def test_what_is_not_understood_is_refused(asker: Client, query: dict[str, str], code: str) -> None:
    assert refusal(asker, "scorecards", **query) == (400, code)


@pytest.mark.parametrize("limited", ["token", "user"])
def test_another_partner_is_not_there(world: PurchaseOrder, limited: str) -> None:
    other = PurchaseOrder.objects.exclude(agreement__partner=world.agreement.partner).latest("pk")
    own = world.agreement.partner
    if limited == "token":
        client = client_with(token_of(factories.user(superuser=True), partners=[own]))
    else:
        user = factories.user(group="view")
        Access.objects.create(user=user, limits_partners=True).partners.add(own)
        client = client_with(token_of(user))
    told = data(client, "scorecards", period="2026-10")["data"]
    assert {each["partner_id"] for each in told} == {own.pk}
    assert refusal(client, "scorecards", partner_id=other.agreement.partner_id) == (404, "not_found")
    assert refusal(client, "scorecards", partner_id=10**9) == (404, "not_found")
    sheet = client.get(f"{ROOT}/scorecards/", {"format": "ndjson"})
    assert {json.loads(each)["partner_id"] for each in text_of(sheet).splitlines()} == {own.pk}


def test_csv_and_ndjson_hold_all_partners_and_are_recorded_before_they_begin(
    asker: Client, world: PurchaseOrder
) -> None:
    before = AccessRecord.objects.order_by("-pk")[0].pk
    wanted = data(asker, "scorecards", period="2026-10", limit=50)["data"]
    lines = asker.get(f"{ROOT}/scorecards/", {"format": "ndjson", "period": "2026-10"})
    sheet = asker.get(f"{ROOT}/scorecards/?period=2026-10", headers={"Accept": "text/csv"})
    made = AccessRecord.objects.filter(pk__gt=before).order_by("pk")
    assert [(each.kind, each.purpose) for each in made] == [
        ("list", "API, list of scorecards of partners"),
        ("export", "API, ndjson of scorecards of partners"),
        ("export", "API, csv of scorecards of partners"),
    ]
    assert _without_moment(map(json.loads, text_of(lines).splitlines())) == _without_moment(wanted)
    assert sheet["Content-Disposition"] == 'attachment; filename="scorecards.csv"'
    rows = list(csv.DictReader(io.StringIO(text_of(sheet), newline="")))
    assert [row["id"] for row in rows] == [each["id"] for each in wanted]
    assert list(rows[0]) == list(ScorecardRecord.Meta.fields)


def test_rows_are_as_they_are_described(asker: Client, world: PurchaseOrder, period: Period) -> None:
    components = SchemaGenerator().get_schema(request=None, public=True)["components"]  # type: ignore[no-untyped-call]
    schema = {"$ref": "#/components/schemas/ScorecardRecord", "components": components}
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    rows = data(asker, "scorecards", period=period.name)["data"]
    assert len(rows) > 20
    assert [error.message for row in rows for error in validator.iter_errors(row)] == []
    assert list(components["schemas"]["ScorecardRecord"]["properties"]) == list(ScorecardRecord.Meta.fields)


def _without_moment(rows: Any) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name != "counted_at"} for row in rows]
