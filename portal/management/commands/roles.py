"""Print the SQL that creates the database roles."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.roles import create_database_statement, role_statements, schema_statements


class Command(BaseCommand):
    """``manage.py roles --sql``: for the administrator of an existing PostgreSQL server."""

    help = "Print the statements that create Gridport's roles and database; a superuser runs them once."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add ``--sql`` and the database's name."""
        parser.add_argument("--sql", action="store_true", help="print the statements")
        parser.add_argument("--database", default="gridport", help="name of the database")

    def handle(self, *args: Any, sql: bool, database: str, **options: Any) -> None:
        """Print; with nothing asked, say how to ask."""
        if not sql:
            raise CommandError("Say --sql to print the statements; nothing is executed by this command.")
        self.stdout.write("-- Replace both passwords, then run as a superuser: psql -f roles.sql postgres")
        for statement in role_statements("CHANGE-ME-OWNER", "CHANGE-ME-APP", may_create_databases=False):
            self.stdout.write(statement.as_string() + ";")
        self.stdout.write(create_database_statement(database).as_string() + ";")
        self.stdout.write(f"\\connect {database}")
        for statement in schema_statements(database):
            self.stdout.write(statement.as_string() + ";")
