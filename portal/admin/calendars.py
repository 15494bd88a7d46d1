"""Business calendars: when partners work, and what that makes of a promise."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import Count, QuerySet
from django.forms import TimeInput
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, gettext_lazy

from archive.clock import database_now
from partners.business_time import MIDNIGHT, business_due
from partners.models import BusinessCalendar, Holiday
from partners.models.calendar import WEEKDAYS
from portal.admin.base import EmptyState, TableInline
from portal.admin.forms import ReasonedForm
from portal.admin.reasoned import ReasonedAdmin
from portal.admin.rules import Problems
from portal.admin.show import moment

_FRIDAY = 4
PREVIEWED = (8, 24, 48)
"""Promises that the page shows, in hours."""


def _no_further_problems(calendar: BusinessCalendar) -> Problems:
    """Return nothing: the model's own ``clean`` says it all."""
    return {}


class CalendarForm(ReasonedForm):
    """A calendar."""

    problems = staticmethod(_no_further_problems)

    class Meta:
        model = BusinessCalendar
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if name.endswith(("_from", "_until")) and isinstance(field.widget, TimeInput):
                field.widget.format = "%H:%M"


class HolidayInline(TableInline):
    """The days on which nobody works."""

    model = Holiday
    fields = ("date", "name")
    verbose_name = gettext_lazy("holiday")
    verbose_name_plural = gettext_lazy("Holidays")


@admin.register(BusinessCalendar)
class CalendarAdmin(ReasonedAdmin):
    """Calendars; changing one counts anew what is due by it."""

    form = CalendarForm
    words = (gettext_lazy("business calendar"), gettext_lazy("business calendars"))
    change_form_outer_after_template = "portal/parts/calendar_below.html"
    list_display = ("name", "time_zone", "shown_hours", "shown_holidays", "shown_agreements")
    search_fields = ("name",)
    search_help_text = gettext_lazy("Name")
    used_by = ("agreements",)
    inlines = (HolidayInline,)
    fieldsets = (
        (None, {"fields": (("name", "time_zone"),)}),
        (gettext_lazy("Open hours"), {
            "fields": tuple((f"{day}_from", f"{day}_until") for day in WEEKDAYS),
            "description": gettext_lazy("Leave both times of a weekday empty where it is closed; until 00:00 is until the end of the day."),
        }),
    )  # fmt: skip
    empty = EmptyState(
        gettext_lazy("No business calendars yet"),
        gettext_lazy(
            "Without one, hours of promises are counted as they pass, at night and on Sundays too. Add a partner's open hours"
            " and holidays here, and name the calendar on his agreement."
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[BusinessCalendar]:
        """Fetch the holidays along, and count the agreements."""
        rows: QuerySet[BusinessCalendar] = super().get_queryset(request)
        return rows.prefetch_related("holidays").annotate(agreement_count=Count("agreements"))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the form, and what the calendar makes of promises beneath."""
        row = self.find(request, object_id)
        extra = dict(extra_context or {})
        if row is not None:
            extra["previews"] = list(previews(row, database_now()))
        return super().change_view(request, object_id, form_url, extra)

    @display(description=gettext_lazy("Open"))
    def shown_hours(self, calendar: BusinessCalendar) -> str:
        """Return the open hours: ``Mon to Fri 08:00 to 17:00``."""
        return hours_words(calendar)

    @display(description=gettext_lazy("Holidays"))
    def shown_holidays(self, calendar: BusinessCalendar) -> str:
        """Return how many there are."""
        return str(len(calendar.holidays.all())) if calendar.holidays.all() else gettext("None")

    @display(description=gettext_lazy("Agreements"))
    def shown_agreements(self, calendar: Any) -> str:
        """Return how many name it."""
        return str(calendar.agreement_count or gettext("None"))


def hours_words(calendar: BusinessCalendar) -> str:
    """Return the open hours, weekdays of the same hours together."""
    groups: list[tuple[list[int], tuple[time, time]]] = []
    for number, span in sorted(calendar.week().items()):
        if groups and groups[-1][1] == span and groups[-1][0][-1] == number - 1:
            groups[-1][0].append(number)
        else:
            groups.append(([number], span))
    return ", ".join(
        gettext("%(days)s %(opens)s to %(closes)s")
        % {
            "days": _days(numbers),
            "opens": f"{span[0]:%H:%M}",
            "closes": "24:00" if span[1] == MIDNIGHT else f"{span[1]:%H:%M}",
        }
        for numbers, span in groups
    )


def _days(numbers: list[int]) -> str:
    first, last = (WEEKDAYS[each][:3].capitalize() for each in (numbers[0], numbers[-1]))
    return first if len(numbers) == 1 else gettext("%(first)s to %(last)s") % {"first": first, "last": last}


def previews(calendar: BusinessCalendar, now: datetime) -> Iterator[dict[str, Any]]:
    """Yield what something sent now, and on the coming Friday at 16:00, is due by: on the calendar's clock and on ours."""
    zone, hours = calendar.zone, calendar.open_hours()
    today = now.astimezone(zone)
    friday = today.date() + timedelta(days=(_FRIDAY - today.weekday()) % 7)
    starts = (("now", now), (gettext("on Friday at 16:00"), datetime.combine(friday, time(16), tzinfo=zone)))
    for promised in PREVIEWED:
        for words, start in starts:
            due = business_due(start, promised, hours, zone)
            local = due.astimezone(zone)
            yield {
                "words": gettext("Promised within %(promised)s hours, sent %(words)s")
                % {"promised": promised, "words": words},
                "due": f"{local:%A} {local.day} {local:%b %Y %H:%M %Z}",
                "here": moment(due),
            }
