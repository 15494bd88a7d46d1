"""The private database server: made, started, kept and refused, in a folder of its own."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.core.management import call_command

from portal.localdb import LocalDatabaseError, PrivateServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PrivateServer]:
    made = PrivateServer(tmp_path / "data")
    yield made
    made.stop()
    # Where the server may not run below root's own folder, its files stand elsewhere.
    for elsewhere in tmp_path.glob("data/installation.json"):
        folder = Path(elsewhere.read_text().split('"server_folder": "')[1].split('"')[0])
        if not folder.is_relative_to(tmp_path):
            shutil.rmtree(folder.parent)


def test_it_starts_once_keeps_its_data_and_lets_each_role_do_its_own(server: PrivateServer) -> None:
    installation = server.start()
    assert (server.data / "installation.json").stat().st_mode & 0o777 == 0o600
    with psycopg.connect(installation.address("owner")) as owner:
        owner.execute("CREATE TABLE kept (words text)")
    with psycopg.connect(installation.address("app")) as app:
        app.execute("INSERT INTO kept VALUES ('still here')")
        app.commit()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("DROP TABLE kept")
    assert server.start() == installation

    assert server.stop()
    assert not server.is_running()
    assert not server.stop()
    again = PrivateServer(server.data).start()
    assert again == installation
    with psycopg.connect(again.address("superuser"), autocommit=True) as superuser:
        superuser.execute("DROP OWNED BY gridport_reporter")
        superuser.execute("DROP ROLE gridport_reporter")
        assert PrivateServer(server.data).start() == installation  # as of before there was that role
        assert superuser.execute("SELECT 1 FROM pg_roles WHERE rolname = 'gridport_reporter'").fetchone()
    with psycopg.connect(again.address("app")) as app:
        assert app.execute("SELECT words FROM kept").fetchone() == ("still here",)


def test_files_of_another_postgresql_are_left_alone_and_named(server: PrivateServer) -> None:
    folder = Path(server.start().server_folder)
    server.stop()
    (folder / "PG_VERSION").write_text("12\n")
    with pytest.raises(LocalDatabaseError, match=r"was written by PostgreSQL 12, the binaries here are \d+"):
        server.start()
    assert (folder / "global").is_dir()


def test_missing_binaries_are_told_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr("portal.localdb.OLDEST_MAJOR", 10_000)
    with pytest.raises(
        LocalDatabaseError, match=r"Set PG_BINDIR .* or set DATABASE_URL and DATABASE_OWNER_URL"
    ):
        PrivateServer(tmp_path)


def test_the_sql_for_a_server_of_ones_own_gives_the_owner_no_more_than_it_needs() -> None:
    printed = io.StringIO()
    call_command("roles", "--sql", "--database", "edi", stdout=printed)
    lines = printed.getvalue().splitlines()
    assert lines[1:9] == [
        """CREATE ROLE "gridport_owner" LOGIN NOCREATEDB PASSWORD 'CHANGE-ME-OWNER';""",
        """CREATE ROLE "gridport_app" LOGIN PASSWORD 'CHANGE-ME-APP';""",
        """CREATE ROLE "gridport_disposer" NOLOGIN;""",
        """CREATE ROLE "gridport_reporter" NOLOGIN;""",
        """GRANT "gridport_disposer" TO "gridport_owner";""",
        """CREATE DATABASE "edi" OWNER "gridport_owner" ENCODING 'UTF8' TEMPLATE template0;""",
        "\\connect edi",
        """REVOKE ALL ON DATABASE "edi" FROM PUBLIC;""",
    ]
