"""Business calendars: when a partner works, in his own time zone."""

from __future__ import annotations

from datetime import time
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext, gettext_lazy

from partners.business_time import MIDNIGHT, OpenHours

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def check_time_zone(name: str) -> None:
    """Refuse a name that the time zone database does not know."""
    if name and name not in available_timezones():
        raise ValidationError(
            gettext("%(name)s is no time zone; write it as in America/Chicago.") % {"name": name}
        )


class BusinessCalendar(models.Model):
    """From when until when somebody works on each weekday; without the two times the weekday is closed.

    *Until* 00:00 is the end of the day. ``holidays`` are closed on top.
    """

    name = models.CharField(max_length=80, unique=True)
    time_zone = models.CharField(
        max_length=50, validators=[check_time_zone], help_text=gettext_lazy("In which these hours are meant.")
    )
    monday_from = models.TimeField(gettext_lazy("Monday from"), null=True, blank=True)
    monday_until = models.TimeField(gettext_lazy("Monday until"), null=True, blank=True)
    tuesday_from = models.TimeField(gettext_lazy("Tuesday from"), null=True, blank=True)
    tuesday_until = models.TimeField(gettext_lazy("Tuesday until"), null=True, blank=True)
    wednesday_from = models.TimeField(gettext_lazy("Wednesday from"), null=True, blank=True)
    wednesday_until = models.TimeField(gettext_lazy("Wednesday until"), null=True, blank=True)
    thursday_from = models.TimeField(gettext_lazy("Thursday from"), null=True, blank=True)
    thursday_until = models.TimeField(gettext_lazy("Thursday until"), null=True, blank=True)
    friday_from = models.TimeField(gettext_lazy("Friday from"), null=True, blank=True)
    friday_until = models.TimeField(gettext_lazy("Friday until"), null=True, blank=True)
    saturday_from = models.TimeField(gettext_lazy("Saturday from"), null=True, blank=True)
    saturday_until = models.TimeField(gettext_lazy("Saturday until"), null=True, blank=True)
    sunday_from = models.TimeField(gettext_lazy("Sunday from"), null=True, blank=True)
    sunday_until = models.TimeField(gettext_lazy("Sunday until"), null=True, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """The zone whose clock shows these hours."""
        return ZoneInfo(self.time_zone)

    def clean(self) -> None:
        """Refuse half an entry, hours that end before they begin, and a calendar in which nothing is ever due."""
        problems = {}
        for day in WEEKDAYS:
            begins, ends = self._times(day)
            if (begins is None) != (ends is None):
                missing = f"{day}_from" if begins is None else f"{day}_until"
                problems[missing] = f"Enter both times of {day.capitalize()}, or none where it is closed."
            elif begins is not None and ends is not None and ends != MIDNIGHT and ends <= begins:
                problems[f"{day}_until"] = (
                    f"{day.capitalize()} would end before it begins. Write 00:00 for the end of the day."
                )
        if not problems and not self.week():
            problems["monday_from"] = (
                "Open at least one weekday: in a calendar without open hours nothing is ever due."
            )
        if problems:
            raise ValidationError(problems)

    def week(self) -> dict[int, tuple[time, time]]:
        """Return (from, until) by weekday, 0 for Monday, of the weekdays that are open."""
        found = {}
        for number, day in enumerate(WEEKDAYS):
            begins, ends = self._times(day)
            if begins is not None and ends is not None:
                found[number] = (begins, ends)
        return found

    def open_hours(self) -> OpenHours:
        """Return what ``partners.business_time`` counts with."""
        return OpenHours(self.week(), frozenset(each.date for each in self.holidays.all()))

    def _times(self, day: str) -> tuple[time | None, time | None]:
        return getattr(self, f"{day}_from"), getattr(self, f"{day}_until")


class Holiday(models.Model):
    """One day on which nobody works, whatever weekday it is."""

    calendar = models.ForeignKey(BusinessCalendar, models.CASCADE, related_name="holidays")
    date = models.DateField()
    name = models.CharField(max_length=80)

    class Meta:
        ordering = ["date"]
        constraints = [
            models.UniqueConstraint(
                fields=["calendar", "date"],
                name="holiday_once",
                violation_error_message="This day stands in the calendar already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.date:%Y-%m-%d}"
