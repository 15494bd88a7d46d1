"""Where a partner's days are: one zone for what belongs to no order and to no agreement of his."""

from __future__ import annotations

from collections.abc import Collection
from zoneinfo import ZoneInfo

from partners.models import Agreement, TradingPartner

UNKNOWN = ZoneInfo("UTC")
"""Of whom there is no agreement, or one without calendar, zone and store."""


def home_zone(partner: TradingPartner) -> ZoneInfo:
    """Return where the partner's days are: by his first agreement, else by the first store that it serves."""
    return home_zones([partner.pk]).get(partner.pk, UNKNOWN)


def home_zones(partners: Collection[int]) -> dict[int, ZoneInfo]:
    """Return where the days of each of ``partners`` are that has an agreement, by primary key."""
    rows = Agreement.objects.filter(partner__in=partners).order_by("partner_id", "pk", "stores__pk")
    firsts = rows.distinct("partner_id").values_list(
        "partner_id", "calendar__time_zone", "time_zone", "stores__time_zone"
    )
    return {pk: ZoneInfo(next(filter(None, names), "UTC")) for pk, *names in firsts}
