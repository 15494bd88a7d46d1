"""Run the private PostgreSQL of this installation."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.localdb import LocalDatabaseError, PrivateServer


class Command(BaseCommand):
    """``manage.py localdb start|stop|status|addresses``."""

    help = "Start, stop or show the private PostgreSQL that Gridport runs on without DATABASE_URL."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the one argument: what to do."""
        parser.add_argument("action", choices=["start", "stop", "status", "addresses"])

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        """Do it, and say in one line what is now the case."""
        try:
            server = PrivateServer(settings.DATA_FOLDER)
            if action == "start":
                installation = server.start()
                self.stderr.write(f"Private PostgreSQL: running on port {installation.port}.")
            elif action == "stop":
                self.stderr.write(
                    "Private PostgreSQL: " + ("stopped." if server.stop() else "was not running.")
                )
            elif action == "status":
                self.stderr.write(
                    "Private PostgreSQL: " + ("running." if server.is_running() else "not running.")
                )
            else:
                installation = server.start()
                self.stdout.write(f"DATABASE_URL={installation.address('app')}")
                self.stdout.write(f"DATABASE_OWNER_URL={installation.address('owner')}")
        except LocalDatabaseError as error:
            raise CommandError(str(error)) from error
