"""PostgreSQL servers beside the one that the tests run on, and what their databases hold."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connections
from psycopg import sql

from portal.backups.address import address_of
from portal.installation import Installation
from portal.localdb import PrivateServer
from tests.server_plugin import FOR_THE_RUN

Rows = dict[str, list[dict[str, Any]]]
ROLES = ("gridport_app", "gridport_disposer", "gridport_owner", "gridport_reporter")
_databases = count(1)


@contextmanager
def fresh_server(folder: Path) -> Iterator[Installation]:
    """A server of its own, with Gridport's roles and an empty database ``gridport``."""
    server = PrivateServer(folder, *FOR_THE_RUN)
    installation = server.start()
    try:
        yield installation
    finally:
        server.stop()
        files = Path(installation.server_folder)
        if not files.is_relative_to(folder.resolve()):
            shutil.rmtree(files.parent)  # of nobody, where the server may not run below root's own folder


@contextmanager
def bare_server(folder: Path) -> Iterator[Installation]:
    """A server as any administrator has it: nothing of Gridport is there, not even the roles."""
    with fresh_server(folder) as installation:
        with superuser_of(installation) as superuser:
            superuser.execute("DROP DATABASE gridport")
            for role in ROLES:
                superuser.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))
        yield installation


def superuser_of(installation: Installation, database: str = "postgres") -> psycopg.Connection:
    """Connect as the superuser; every statement commits by itself."""
    return psycopg.connect(installation.address("superuser", database), autocommit=True)


@contextmanager
def connected_to(installation: Installation, database: str) -> Iterator[None]:
    """Have this process's connections lead to ``database`` of another server."""
    before = {alias: dict(connections[alias].settings_dict) for alias in connections}
    for alias, user, password in (
        ("default", "gridport_app", installation.app_password),
        ("owner", "gridport_owner", installation.owner_password),
    ):
        connections[alias].close()
        connections[alias].settings_dict.update(
            HOST="127.0.0.1", PORT=installation.port, USER=user, PASSWORD=password, NAME=database
        )
    try:
        yield
    finally:
        for alias, settings in before.items():
            connections[alias].close()
            connections[alias].settings_dict.update(settings)


@contextmanager
def empty_database(installation: Installation) -> Iterator[str]:
    """Have this process's connections lead to an empty database of another server; give its name."""
    name = f"target_{next(_databases)}"
    quoted = sql.Identifier(name)
    with superuser_of(installation) as superuser:
        superuser.execute(
            sql.SQL("CREATE DATABASE {} OWNER gridport_owner TEMPLATE template0").format(quoted)
        )
        with connected_to(installation, name):
            yield name
        superuser.execute(sql.SQL("DROP DATABASE {}").format(quoted))


def connect(alias: str) -> psycopg.Connection:
    """Connect, past Django, to the database that this process's connections lead to."""
    address = address_of(alias)
    assert address is not None
    return address.connect()


def every_row(*tables: str) -> Rows:
    """Return the rows of ``tables`` there, or of all; ``changed_xid`` is left out."""
    query = sql.SQL("SELECT to_jsonb(t) - 'changed_xid' AS line FROM {} t ORDER BY line")
    with connect("owner") as owner:
        there = owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return {
            table: [row for (row,) in owner.execute(query.format(sql.Identifier(table)))]
            for (table,) in there
            if not tables or table in tables
        }


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A fresh cluster, whose empty database ``gridport`` is made as ``roles --sql`` says."""
    with fresh_server(tmp_path_factory.mktemp("cluster") / "data") as installation:
        yield installation
