"""Migrate as the owner of the schema: the application's role may not."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands import migrate

from portal.groups import ensure_groups
from portal.reporting.grants import let_report
from portal.reporting.reporter import MISSING


class Command(migrate.Command):
    """Django's ``migrate`` on ``DATABASE_OWNER_URL`` unless another database is named."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Take Django's arguments with another default database."""
        super().add_arguments(parser)
        parser.set_defaults(database="owner")

    def handle(self, *args: Any, **options: Any) -> str | None:
        """Migrate; once everything is, see that the groups of staff hold what there is to be held, and that reporting tools may
        read the tables made for them."""
        result: str | None = super().handle(*args, **options)
        if not (options["app_label"] or options["plan"] or options["check_unapplied"]):
            ensure_groups(using=options["database"])
            if not let_report(options["database"]):
                self.stderr.write(MISSING)
        return result
