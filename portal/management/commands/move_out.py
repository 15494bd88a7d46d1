"""Say whether, and after how many days, bytes leave the database once they are copied to the archive's storage."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from archive.models import MoveOut


class Command(BaseCommand):
    """``manage.py move_out --after-days 90``, ``--never``, or neither: what holds now. As the owner, with DATABASE_OWNER_URL."""

    help = "Have bytes of payloads leave the database some days after they came, once they are copied; or never (the default)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the two rules that there can be."""
        rule = parser.add_mutually_exclusive_group()
        rule.add_argument("--after-days", type=int, help="so many days after they came, at least 1")
        rule.add_argument("--never", action="store_true", help="keep them all")

    def handle(self, *args: Any, after_days: int | None, never: bool, **options: Any) -> None:
        """Write the rule and say what holds from now on."""
        rules = MoveOut.objects.using("owner")
        try:
            if never:
                rules.all().delete()
            elif after_days is not None:
                if after_days < 1:
                    raise CommandError(
                        "One day is the least: copies are looked at by people who find what is wrong."
                    )
                rules.update_or_create(pk=MoveOut.ONLY, defaults={"after_days": after_days})
            rule = rules.first()
        except DatabaseError as error:
            raise CommandError(f"This is for the owner, with DATABASE_OWNER_URL: {error}") from error
        if rule is None:
            self.stdout.write("Bytes stay in the database, whether they are copied or not.")
        else:
            self.stdout.write(
                f"Bytes leave the database {rule.after_days} days after they came, once they are copied and compared. From then"
                " on the storage alone holds them: give it Object Lock and a backup of its own."
            )
