"""Which of the two database addresses is used for what."""

from __future__ import annotations

from typing import Any


class ApplicationRouter:
    """Reads and writes go to ``default`` (gridport_app); only ``owner`` may migrate."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        """Keep an object on the connection that loaded it, else let Django use ``default``."""
        return None

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        """Allow schema changes on the owner's connection alone."""
        return db == "owner"

    def allow_relation(self, first: Any, second: Any, **hints: Any) -> bool:
        """Both aliases name one database, so any two rows may relate."""
        return True
