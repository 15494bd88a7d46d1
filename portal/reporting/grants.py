"""Letting ``gridport_reporter`` read the reporting tables."""

from __future__ import annotations

from django.db import connections
from psycopg import sql

from portal.reporting.reporter import has_reporter
from portal.reporting.v1 import V1
from portal.roles import REPORTER


def let_report(using: str) -> bool:
    """Grant the role, as the owner of the database ``using``, what it is for; False where there is no such role yet."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if not has_reporter(cursor):
            return False
        connect = sql.SQL("GRANT CONNECT ON DATABASE {} TO {}")
        database = sql.Identifier(connection.settings_dict["NAME"])
        for statement in [connect.format(database, sql.Identifier(REPORTER)), *V1.grants()]:
            cursor.execute(statement)
    return True
