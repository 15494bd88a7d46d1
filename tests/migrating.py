"""Databases as they were at an earlier migration, for tests of what a migration does to rows.

They are built up from nothing, which takes a few migrations; to take a whole database back takes all of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import psycopg
from django.apps.registry import Apps
from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from psycopg import sql

from portal.copies import DatabaseCopies, point_at, with_database
from portal.roles import schema_statements

Migrate = Callable[[str, str], Apps]
"""Goes to a migration of an app, forth or back; returns the models as they are there, whose rows are in ``owner``."""


@contextmanager
def built_up(copies: DatabaseCopies, django_db_blocker: Any) -> Iterator[Migrate]:
    """Have everybody use an empty database of its own, and yield what migrates it."""
    before = connections["default"].settings_dict["NAME"]
    name = f"gridport_test_{os.getpid()}_{uuid4().hex[:8]}"
    with psycopg.connect(with_database(copies.owner_address, "postgres"), autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    with django_db_blocker.unblock():
        point_at(name)
        try:
            with connections["owner"].cursor() as owner:
                for statement in schema_statements(name):
                    owner.execute(statement)
            yield _migrate
        finally:
            point_at(before)
            copies.drop(name)


def _migrate(app: str, migration: str) -> Apps:
    call_command("migrate", app, migration, database="owner", verbosity=0)
    loader = MigrationExecutor(connections["owner"]).loader
    return loader.project_state((app, migration)).apps
