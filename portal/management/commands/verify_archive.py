"""Check the archive against its seals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from archive.checking import SHARES, check
from archive.clock import database_now
from archive.models import SealCheck
from archive.storages import bucket_of_roots
from integration.flows.check_archive import keep
from integration.work import Unclaimed


class Command(BaseCommand):
    """``manage.py verify_archive [--everything] [--roots FILE]``."""

    help = (
        "Check rows, stored bytes, seals and published roots: today's share of the archive, or everything. Exit code 1:"
        " something is not as it was sealed; each finding is a line. The result is kept under “Archive checks”."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add how much is checked, and against which published roots."""
        parser.add_argument("--everything", action="store_true", help="all of it, not a ninetieth")
        parser.add_argument(
            "--roots",
            type=Path,
            metavar="FILE",
            help="published roots that you trust (default: PUBLISHED_ROOTS)",
        )

    def handle(
        self, *args: Any, everything: bool, roots: Path | None, verbosity: int, **options: Any
    ) -> None:
        """Check, keep the result, and tell each finding."""
        share = None if everything else database_now().toordinal() % SHARES
        row = SealCheck.objects.create(share=share, asked_by="manage.py verify_archive")
        outcome = check(roots or Path(settings.PUBLISHED_ROOTS), share, bucket_of_roots())
        keep(row, outcome, Unclaimed())
        for sentence in outcome.findings:
            self.stdout.write(sentence)
        if verbosity:
            looked = ", ".join(f"{count:,} {name}" for name, count in sorted(outcome.counts.items()))
            self.stderr.write(f"Looked at: {looked or 'nothing'}.")
            self.stderr.write(f"Found: {outcome.found:,} not as it was sealed.")
        if outcome.found:
            raise SystemExit(1)
