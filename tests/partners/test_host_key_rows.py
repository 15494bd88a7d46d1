"""Keys that were lines of text become rows, in a database that holds some already."""

from __future__ import annotations

import os
import subprocess
import sys
from uuid import uuid4

import psycopg
from psycopg.sql import SQL

from portal.copies import ROOT, DatabaseCopies

LINES = "  ssh-rsa AAAA the old one\n\nssh-ed25519 AAAB\n"


def test_pinned_lines_become_rows(copies: DatabaseCopies) -> None:
    name = f"gridport_test_keys_{uuid4().hex[:8]}"
    app_address, owner_address = copies.make(name)

    def migrate(to: str) -> None:
        addresses = {"DATABASE_URL": app_address, "DATABASE_OWNER_URL": owner_address}
        done = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity=0", "partners", to],
            env={**os.environ, **addresses}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]

    try:
        migrate("0001")
        with psycopg.connect(owner_address) as database:
            columns = {
                name: default
                for name, kind, default in database.execute(
                    "SELECT column_name, data_type, CASE WHEN data_type IN ('integer', 'bigint') THEN '60' ELSE '' END"
                    " FROM information_schema.columns WHERE table_name = 'partners_mailbox' AND is_nullable = 'NO'"
                    " AND column_name <> 'id'"
                )
            }
            columns |= {"name": "Grid", "kind": "network", "host_keys": LINES}
            names = ", ".join(columns)
            database.execute(
                SQL(f"INSERT INTO partners_mailbox ({names}) VALUES ({', '.join(['%s'] * len(columns))})"),  # noqa: S608
                list(columns.values()),
            )
        migrate("0002")
        with psycopg.connect(owner_address) as database:
            rows = database.execute(
                "SELECT m.name, k.key, k.note, k.valid_from, k.valid_until FROM partners_hostkey k"
                " JOIN partners_mailbox m ON m.id = k.mailbox_id ORDER BY k.id"
            ).fetchall()
        assert rows == [
            ("Grid", "ssh-rsa AAAA", "the old one", None, None),
            ("Grid", "ssh-ed25519 AAAB", "", None, None),
        ]
    finally:
        copies.drop(name)
