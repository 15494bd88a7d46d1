"""Print what the reporting tables are."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand

from portal.reporting.v1 import V1


class Command(BaseCommand):
    """``manage.py reporting``: for who builds upon them, and for the frozen copy that a test compares."""

    help = "Print the reporting tables as JSON: of each its meaning and key, and its columns with type and meaning."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Print."""
        self.stdout.write(json.dumps(V1.described(), indent=1, ensure_ascii=False))
