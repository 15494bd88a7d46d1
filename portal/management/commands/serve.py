"""Serve the portal over HTTP."""

from __future__ import annotations

from typing import Any

import uvicorn
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    """``manage.py serve``: the ASGI server."""

    help = "Serve the portal (ASGI) until SIGTERM or Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add where to listen."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        """Serve."""
        uvicorn.run(
            "portal.asgi:application",
            host=host,
            port=port,
            log_config=None,
            lifespan="off",
            server_header=False,
            proxy_headers=False,
        )
