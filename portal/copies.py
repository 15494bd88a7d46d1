"""Databases made ready once and copied: what tests of committed state and the demo run on."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.db import connections
from psycopg import sql

from portal.roles import schema_statements

GONE_WITHIN = 60.0
ROOT = Path(__file__).resolve().parent.parent


def point_at(name: str) -> None:
    """Point this process's database connections at the database ``name``."""
    for alias in connections:
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = name


def with_database(address: str, database: str) -> str:
    """Return ``address`` (``postgres://…``) with another database's name."""
    return urlunsplit(urlsplit(address)._replace(path=f"/{database}"))


class DatabaseCopies:
    """Migrated databases on the server of ``owner_address``, whose role may create databases."""

    def __init__(self, owner_address: str, app_address: str, lock_folder: Path) -> None:
        self.owner_address = owner_address
        self.app_address = app_address
        self.lock_folder = lock_folder

    def template(self) -> str:
        """Return the name of a migrated, empty database that nobody is connected to; make it if missing."""
        name = f"gridport_template_{_migrations_digest()}"
        with self._locked(), self._server() as server:
            if server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                return name
            making = f"{name}_making"
            self._drop(server, making)
            server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(making)))
            with psycopg.connect(with_database(self.owner_address, making), autocommit=True) as inside:
                for statement in schema_statements(making):
                    inside.execute(statement)
            self._migrate(making)
            server.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(making), sql.Identifier(name))
            )
        return name

    def make(self, name: str) -> tuple[str, str]:
        """Make ``name`` anew as a copy of the template; return its addresses for the app and the owner."""
        template = self.template()
        with self._locked(), self._server() as server:
            self._drop(server, name)
            server.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )
            # A copy takes the tables' grants along, and leaves the database's own behind.
            for statement in schema_statements(name)[:3]:
                server.execute(statement)
        return with_database(self.app_address, name), with_database(self.owner_address, name)

    def drop(self, name: str) -> None:
        """Drop ``name``, once the last of its connections has gone."""
        with self._server() as server:
            self._drop(server, name)

    def _drop(self, server: psycopg.Connection, name: str) -> None:
        # The owner may not end the application's sessions, and one that was closed takes a moment to be gone.
        deadline = time.monotonic() + GONE_WITHIN
        while True:
            try:
                server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
                return
            except psycopg.errors.ObjectInUse:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def _server(self) -> psycopg.Connection:
        return psycopg.connect(with_database(self.owner_address, "postgres"), autocommit=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.lock_folder.mkdir(mode=0o700, exist_ok=True)
        with (self.lock_folder / "copies.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _migrate(self, name: str) -> None:
        # A process of its own: this one may be connected elsewhere, and a template must have no guests.
        addresses = {
            "DATABASE_URL": with_database(self.app_address, name),
            "DATABASE_OWNER_URL": with_database(self.owner_address, name),
        }
        done = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity", "0"],
            env={**os.environ, **addresses},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"The migrations fail on an empty database:\n{done.stderr[-2000:]}")


def _migrations_digest() -> str:
    """Return a short name for the state of all migrations of ours, so that a template is used while it fits."""
    digest = hashlib.sha256()
    for path in [
        *sorted(ROOT.glob("*/migrations/*.py")),
        ROOT / "archive" / "facts.py",
        ROOT / "archive" / "governing.py",
        *sorted(ROOT.glob("portal/reporting/*.py")),
        ROOT / "requirements.txt",
    ]:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]
