"""What narrows Find: period, status, kind, direction and partner, each a menu, and a chip to take away once it is set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from archive.models import Direction, Document
from archive.models.exchange import DOCUMENT_NAMES
from partners.models import TradingPartner
from portal.access import seen
from portal.admin.base import Crumb, FilterChoice, FilterMenu
from portal.admin.filters import PROGRESS, PeriodFilter
from portal.admin.show import list_url

PERIODS = {
    "today": gettext_lazy("Today"),
    "7": gettext_lazy("Last 7 days"),
    "30": gettext_lazy("Last 30 days"),
    "90": gettext_lazy("Last 90 days"),
}
TITLES = {
    "period": gettext_lazy("Period"),
    "status": gettext_lazy("Status"),
    "set": gettext_lazy("Document"),
    "direction": gettext_lazy("Direction"),
    "partner": gettext_lazy("Partner"),
}
IN_LIST = {"direction": "direction__exact", "partner": "partner__id__exact"}
"""What the list of documents calls what it calls otherwise."""


@dataclass(frozen=True)
class Narrowing:
    """What was chosen, by name; anything that is no choice was left out."""

    term: str
    chosen: Mapping[str, str]
    choices: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, term: str, given: Mapping[str, Any]) -> Narrowing:
        """Return what the query ``given`` chooses, besides its ``term``."""
        partners = seen(TradingPartner.objects.order_by("name")).values_list("pk", "name")
        choices: dict[str, dict[str, str]] = {
            "period": {name: str(words) for name, words in PERIODS.items()},
            "status": {name: str(title) for name, (title, _) in PROGRESS.items()},
            "set": dict(DOCUMENT_NAMES),
            "direction": {value: str(label) for value, label in Direction.choices},
            "partner": {str(pk): name for pk, name in partners},
        }
        chosen = {name: given.get(name, "") for name in choices if given.get(name, "") in choices[name]}
        return cls(term, chosen, choices)

    @property
    def documents(self) -> Q:
        """The condition on documents; empty where nothing was chosen."""
        wanted = Q()
        for name, value in self.chosen.items():
            wanted &= _condition(name, value)
        return wanted

    @property
    def query(self) -> str:
        """What is looked for and chosen, as an address has it."""
        return self._with({})

    @property
    def menus(self) -> list[FilterMenu]:
        """The menus, each with everything as its first choice."""
        return [
            FilterMenu(
                str(TITLES[name]),
                [
                    FilterChoice(gettext("All"), f"?{self._with({name: ''})}", name not in self.chosen),
                    *(
                        FilterChoice(words, f"?{self._with({name: value})}", self.chosen.get(name) == value)
                        for value, words in choices.items()
                    ),
                ],
            )
            for name, choices in self.choices.items()
        ]

    @property
    def chips(self) -> list[Crumb]:
        """What was chosen, each with the address without it."""
        return [
            Crumb(f"{TITLES[name]}: {self.choices[name][value]}", f"?{self._with({name: ''})}")
            for name, value in self.chosen.items()
        ]

    @property
    def without_url(self) -> str:
        """The address of the same search, narrowed by nothing."""
        return f"?{urlencode({'q': self.term})}"

    @property
    def documents_url(self) -> str:
        """The list of documents, narrowed the same way."""
        return list_url(
            Document, urlencode({IN_LIST.get(name, name): value for name, value in self.chosen.items()})
        )

    def _with(self, other: Mapping[str, str]) -> str:
        given = {"q": self.term, **self.chosen, **other}
        return urlencode({name: value for name, value in given.items() if value})


def _condition(name: str, value: str) -> Q:
    if name == "period":
        midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        return Q(recorded_at__gte=midnight - timedelta(days=PeriodFilter.days[value]))
    if name == "status":
        return PROGRESS[value][1]
    return Q(**{{"set": "transaction_set", "partner": "partner_id"}.get(name, name): value})
