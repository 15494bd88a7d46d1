"""Records of what is counted as it is asked for."""

from __future__ import annotations

from rest_framework import serializers

from portal.api.records.base import row_id


class ScorecardRecord(serializers.Serializer):  # type: ignore[type-arg]
    """One figure of a partner's scorecard of a period: how answers were kept that were promised, and what became of orders.

    Counted as it is asked for, of what lies within the sight of who asks. So there is no list of changes, and no cursor: the
    same id is the same figure, told anew. Read a period again for as long as its orders are still answered, shipped or billed,
    and put rows over yours by id. Pages are of whole partners, by their ids: give next_after as after.
    """

    id = serializers.CharField(
        help_text="Partner, period, measure and kind: 7:2026-10:promises_on_time:855. The same whenever it is asked for."
    )
    partner_id = row_id("Whose scorecard.")
    partner = serializers.CharField(help_text="The partner's name.")
    period = serializers.CharField(help_text="2026-10, 2026-Q3, 2026, or 2026-10-05/2026-10-18.")
    first_day = serializers.DateField(help_text="Belongs to the period.")
    last_day = serializers.DateField(help_text="Belongs to the period.")
    time_zone = serializers.CharField(help_text="Where the partner's days are: of cases, and of the period.")
    measure = serializers.CharField(help_text="What is counted, as a slug that stays.")
    kind = serializers.CharField(
        help_text="Of promises: 997, 855, 865, 856, 180, received or credit; of cases their kind; of money its currency;"
        " empty: of all, or of none."
    )
    value = serializers.DecimalField(
        20,
        4,
        allow_null=True,
        help_text="The figure; null where there is nothing to tell. Percentages are rounded down to a tenth.",
    )
    unit = serializers.CharField(help_text="count, percent, minutes, days, or a currency.")
    numerator = serializers.DecimalField(
        20, 4, allow_null=True, help_text="What was counted, exactly; null where the value is no share."
    )
    denominator = serializers.DecimalField(
        20, 4, allow_null=True, help_text="Of how many; null where the value is of nothing else."
    )
    definition = serializers.CharField(help_text="How it is counted, in a sentence.")
    counted_at = serializers.DateTimeField(help_text="When it was counted.")

    class Meta:
        fields = (
            "id", "partner_id", "partner", "period", "first_day", "last_day", "time_zone", "measure", "kind", "value", "unit",
            "numerator", "denominator", "definition", "counted_at",
        )  # fmt: skip
