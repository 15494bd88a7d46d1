"""``manage.py evidence``: write an evidence pack, which a stranger checks with ``verify.py``."""

from __future__ import annotations

from argparse import ArgumentParser
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from archive.models import AccessRecord
from archive.reach import EVERYTHING, Reach
from archive.store import NotRecorded, record_access
from archive.verify import MOST_MEMBERS
from integration.models import ReturnCase
from integration.search import documents_found, orders_numbered
from partners.models import TradingPartner
from portal.access import reach_of
from portal.evidence.making import NotMade, make
from portal.evidence.scopes import Scope, of_order, of_partner, of_return, of_search

MOST_HITS = 500
"""So much does one row of the access log name here: a partner's period may hold a hundred thousand documents."""


class Command(BaseCommand):
    """Writes a pack of an order, a return, a partner's period, or what a search brings."""

    help = (
        "Write an evidence pack: --order 1042, --return R-1001, --partner NAME --from DAY --to DAY, or"
        " --search WORDS."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add what it is about and where it goes."""
        about = parser.add_mutually_exclusive_group(required=True)
        about.add_argument("--order", help="the order's number in the store")
        about.add_argument("--return", dest="returned", help="our number of the return")
        about.add_argument("--partner", help="the partner's name")
        about.add_argument("--search", help="what to look for, as the portal's page does")
        parser.add_argument(
            "--from", dest="first", type=date.fromisoformat, help="of a partner: first day, UTC"
        )
        parser.add_argument("--to", dest="last", type=date.fromisoformat, help="of a partner: last day, UTC")
        parser.add_argument("--store", default="", help="the store's name, where two have that order number")
        parser.add_argument("--out", type=Path, default=Path(), help="folder or file; default: here")
        parser.add_argument("--by", default="manage.py evidence", help="in whose name content is read")

    def handle(self, *args: Any, out: Path, by: str, **asked: Any) -> None:
        """Write it, and say how it is checked."""
        scope = self._scope(by, **asked)
        target = out / scope.file if out.is_dir() else out
        try:
            with closing(make(scope, by)) as pieces:
                _record(scope, by)
                with target.open("wb") as file:
                    file.writelines(pieces)
        except NotMade as why:
            raise CommandError(str(why)) from why
        except NotRecorded as why:
            raise CommandError(
                f"{why} Nothing is written. Who reads is recorded first: look at what the database says, and ask again."
            ) from why
        beside = f", {len(scope.attachments)} files beside them" if scope.attachments else ""
        self.stdout.write(f"{target}: {scope.name}, {len(scope.documents)} documents{beside}.")
        self.stdout.write(f"To check it: python3 verify.py {target} --roots roots.txt")

    def _scope(
        self, by: str, *, order: str | None, returned: str | None, search: str | None, **asked: Any
    ) -> Scope:
        if order is not None:
            return of_order(self._only(orders_numbered(str(order), asked["store"]), f"order {order}"))
        if returned is not None:
            return of_return(
                self._only(list(ReturnCase.objects.filter(number=returned)), f"return {returned}")
            )
        if search is not None:
            return self._search(search.strip(), by)
        return self._partner(**asked)

    def _partner(self, *, partner: str | None, **asked: Any) -> Scope:
        if asked["first"] is None or asked["last"] is None:
            raise CommandError("Of a partner, say the days too: --from 2026-01-01 --to 2026-03-31.")
        named = list(TradingPartner.objects.filter(name=partner))
        return of_partner(self._only(named, f"partner {partner}"), asked["first"], asked["last"])

    def _search(self, words: str, by: str) -> Scope:
        if not words:
            raise CommandError("Say what to search for: --search 1042-1.")
        return of_search(words, documents_found(words, MOST_MEMBERS, _sight_of(by)))

    def _only(self, found: list[Any], words: str) -> Any:
        if not found:
            raise CommandError(f"There is no {words}.")
        if len(found) > 1:
            raise CommandError(f"There are several: {words}. Say which store: --store NAME.")
        return found[0]


def _record(scope: Scope, by: str) -> None:
    """Record what the pack tells of, in so many rows as that takes. Raises ``NotRecorded``."""
    told = scope.tells_of
    for start in range(0, len(told), MOST_HITS):
        record_access(
            actor=by[:150],
            kind=AccessRecord.Kind.EXPORT,
            hits=told[start : start + MOST_HITS],
            purpose="evidence pack, by manage.py evidence",
        )


def _sight_of(name: str) -> Reach:
    """Return how far the user of that name sees; whoever runs commands in no user's name sees everything."""
    user = User.objects.filter(username=name).first()
    return EVERYTHING if user is None else reach_of(user)
