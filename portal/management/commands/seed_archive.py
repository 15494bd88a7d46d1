"""Fill an empty archive with invented documents."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from portal.seeding.seed import SeedError, check, estimate, seed


class Command(BaseCommand):
    """``manage.py seed_archive --documents 1000000``: for measuring, and for trying out what a full archive is like."""

    help = "Fill an empty archive with invented orders and their documents; everything is in watch, nothing is sent."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add how many."""
        parser.add_argument("--documents", type=int, default=100_000, help="how many documents (100000)")
        parser.add_argument("--seed", type=int, default=8, help="another number gives other orders (8)")

    def handle(self, *args: Any, documents: int, **options: Any) -> None:
        """Say what it takes, refuse where it does not fit, and make it."""
        try:
            self.stderr.write(f"{documents:,} documents take {estimate(documents)}.")
            check(documents, settings.DATA_FOLDER if settings.DATA_FOLDER.exists() else settings.BASE_DIR)
            began = time.monotonic()
            rows = seed(documents, timezone.now(), self.stderr.write, options["seed"])
        except SeedError as error:
            raise CommandError(str(error)) from error
        self.stderr.write(
            f"{rows['archive_document']:,} documents of {rows['integration_order']:,} orders, {sum(rows.values()):,} rows in"
            f" all, in {time.monotonic() - began:.0f} s."
        )
