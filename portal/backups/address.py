"""Where a database is and as whom to connect, for psycopg and for PostgreSQL's own programs alike."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import connections
from psycopg.conninfo import conninfo_to_dict, make_conninfo

_KEYWORDS = {option.keyword.decode() for option in psycopg.pq.Conninfo.get_defaults()}


@dataclass(frozen=True)
class Address:
    """libpq's connection parameters. The password never stands among a program's arguments."""

    parameters: Mapping[str, str]

    def __str__(self) -> str:
        server = f"{self.parameters.get('host') or 'the local socket'}:{self.parameters.get('port') or 5432}"
        return f"database {self.database} on {server}"

    @property
    def database(self) -> str:
        """The database's name."""
        return self.parameters["dbname"]

    @property
    def user(self) -> str:
        """Who connects."""
        return self.parameters.get("user", "")

    @property
    def password(self) -> str:
        """Their password."""
        return self.parameters.get("password", "")

    def at(self, database: str) -> Address:
        """Return the same server and user with another database."""
        return Address({**self.parameters, "dbname": database})

    def connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        """Connect; every statement commits by itself unless a transaction is opened."""
        return psycopg.connect(make_conninfo(**self.parameters), autocommit=True)

    def arguments(self) -> list[str]:
        """Return the arguments that have pg_dump or psql connect."""
        shown = {name: value for name, value in self.parameters.items() if name != "password"}
        return ["--no-password", f"--dbname={make_conninfo(**shown)}"]

    def environment(self) -> dict[str, str]:
        """Return the environment that carries the password to pg_dump or psql, which answer in English."""
        return {**os.environ, "PGPASSWORD": self.password, "LC_ALL": "C"}


def address_of(alias: str) -> Address | None:
    """Return the address of the connection ``alias`` in the settings, or None where it is not PostgreSQL."""
    connection = connections[alias]
    if connection.vendor != "postgresql":
        return None
    parameters = connection.get_connection_params()
    return Address(
        {name: str(value) for name, value in parameters.items() if name in _KEYWORDS and value is not None}
    )


def parse_address(url: str) -> Address:
    """Return the address that ``url`` (``postgres://…``) names; raise ``psycopg.ProgrammingError`` for no URL."""
    return Address({name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None})
