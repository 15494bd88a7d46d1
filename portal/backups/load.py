"""The dump into an empty database, in one transaction: what does not commit was never there."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO

from psycopg import sql

from integration.models import Pause
from partners.control_numbers import skip_statements
from portal.backups import BackupError
from portal.backups.address import Address
from portal.backups.keys import KeyFile
from portal.backups.manifest import Manifest
from portal.backups.package import Package
from portal.backups.programs import Program
from portal.roles import APP, DISPOSER, OWNER, schema_statements

# pg_restore from 17 on sets it whatever the server's version, and older servers do not know it.
_NEW_SETTING, _SETTING_SINCE = b"SET transaction_timeout = 0;\n", 17

# A table takes the default privileges of its moment: those that `roles --sql` set would give the application
# more on a fact than the dump, which only adds, takes away. They come back with the dump and schema_statements.
_NO_DEFAULTS = "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public REVOKE ALL ON {kind} FROM {app}"

# Between the tables and their rows: rows come in through the stamp that every write passes, so that
# changed_xid is this cluster's. Guards, which leave no fact changed later, come with the indexes, after.
_STAMP_ROWS = """
    DO $$ DECLARE relation regclass; BEGIN
        FOR relation IN SELECT a.attrelid FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
                         WHERE a.attname = 'changed_xid' AND c.relkind = 'r' LOOP
            EXECUTE format('CREATE TRIGGER restore_stamp BEFORE INSERT ON %s FOR EACH ROW'
                           ' EXECUTE FUNCTION public.gridport_stamp_change()', relation);
        END LOOP;
    END $$
"""
_STAMP_NO_MORE = """
    DO $$ DECLARE relation regclass; BEGIN
        FOR relation IN SELECT tgrelid FROM pg_trigger WHERE tgname = 'restore_stamp' LOOP
            EXECUTE format('DROP TRIGGER restore_stamp ON %s', relation);
        END LOOP;
    END $$
"""
_COUNT_ROWS = """
    DO $$ DECLARE wanted record; found bigint; BEGIN
        FOR wanted IN SELECT key AS name, value::bigint AS rows FROM json_each_text({tables}) LOOP
            EXECUTE format('SELECT count(*) FROM public.%I', wanted.name) INTO found;
            IF found <> wanted.rows THEN
                RAISE EXCEPTION 'table % holds % rows, the manifest says %', wanted.name, found, wanted.rows;
            END IF;
        END LOOP;
    END $$
"""
_NEXT_EPOCH = "INSERT INTO public.archive_cursorepoch (origin) VALUES ({origin})"
# All entries of a row have the same transaction now.
_TELL_ONCE = """
    DELETE FROM public.archive_change c USING public.archive_change n
     WHERE n.resource = c.resource AND n.row_id = c.row_id AND n.id > c.id
"""
_PAUSE = """
    INSERT INTO public.integration_pause (subject, reason, paused_by, paused_at)
    VALUES ({everything}, {reason}, 'manage.py restore', clock_timestamp()) ON CONFLICT (subject) DO NOTHING
"""


def load(
    package: Package, keys: KeyFile, target: Address, server_major: int, program: Program, skip: int
) -> None:
    """Load ``package`` by pg_restore (``program``) and the psql beside it; raise ``BackupError`` with nothing changed.

    In the same transaction row counts are checked, control numbers left out, the next cursor epoch is begun and
    everything is paused: at no moment is there a restored database that would go on by itself.
    """
    manifest = package.manifest
    script = _Script(target, program.beside("psql"))
    with script:
        script.say(sql.SQL("BEGIN"))
        for kind in ("TABLES", "SEQUENCES"):
            names = {"owner": sql.Identifier(OWNER), "app": sql.Identifier(APP), "kind": sql.SQL(kind)}
            script.say(sql.SQL(_NO_DEFAULTS).format(**names))
        # Functions go to the role that they run as, which has to be able to make one just then.
        script.say(sql.SQL("GRANT CREATE ON SCHEMA public TO {}").format(sql.Identifier(DISPOSER)))
        _section(script, package, program, "pre-data", server_major)
        script.say(sql.SQL(_STAMP_ROWS))
        _section(script, package, program, "data", server_major)
        script.say(sql.SQL(_STAMP_NO_MORE))
        script.input.writelines(keys.statements())
        _section(script, package, program, "post-data", server_major)
        for statement in [*schema_statements(target.database), *_finish(manifest, skip)]:
            script.say(statement)
        script.say(sql.SQL("REVOKE CREATE ON SCHEMA public FROM {}").format(sql.Identifier(DISPOSER)))
        script.say(sql.SQL("COMMIT"))


def _finish(manifest: Manifest, skip: int) -> list[sql.Composable]:
    origin = f"restored from the backup of {manifest.made_at}"
    return [
        sql.SQL(_COUNT_ROWS).format(tables=sql.Literal(json.dumps(manifest.tables))),
        *(skip_statements(skip) if skip else []),
        sql.SQL(_TELL_ONCE),
        next_epoch(origin),
        pause_everything(origin),
    ]


def next_epoch(origin: str) -> sql.Composed:
    """Return the statement that begins another epoch of readers' cursors."""
    return sql.SQL(_NEXT_EPOCH).format(origin=sql.Literal(origin))


def pause_everything(origin: str) -> sql.Composed:
    """Return the statement that pauses everything."""
    reason = f"{origin}: what was sent since then is not known here and would be sent again."
    return sql.SQL(_PAUSE).format(everything=sql.Literal(Pause.EVERYTHING), reason=sql.Literal(reason))


class _Script:
    """A psql that is told one statement after the other; without the last, COMMIT, it changes nothing."""

    def __init__(self, target: Address, psql: Path) -> None:
        self.target = target
        self.psql = psql

    def __enter__(self) -> _Script:
        self._said = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [
                self.psql, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--file=-",
                *self.target.arguments(),
            ],
            env=self.target.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._said,
        )  # fmt: skip
        return self

    @property
    def input(self) -> IO[bytes]:
        """Where psql reads."""
        assert self._process.stdin is not None
        return self._process.stdin

    def say(self, statement: sql.Composable) -> None:
        """Have psql run ``statement``."""
        self.input.write(statement.as_string().encode() + b";\n")

    def __exit__(self, kind: type[BaseException] | None, *problem: object) -> None:
        with suppress(BrokenPipeError):
            self.input.close()
        code = self._process.wait()
        with self._said as said:
            said.seek(0)
            text = said.read().decode(errors="replace")
        if code and kind in (None, BrokenPipeError):
            found = re.search(r"(?:ERROR|FATAL):\s+(.*)", text)
            why = found[1] if found else " ".join(text.split())
            raise BackupError(f"The database refused what the backup holds: {why}.")


def _section(script: _Script, package: Package, program: Program, section: str, server_major: int) -> None:
    """Hand what pg_restore makes of one ``section`` of the dump to psql."""
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            [program.path, f"--section={section}", "--file=-"],
            env=script.target.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        feeder = threading.Thread(target=_feed, args=(package, process.stdin), daemon=True)
        feeder.start()
        try:
            copy_script(process.stdout, script.input, server_major)
        finally:
            process.stdout.close()
            code = process.wait()
            feeder.join()
        if code:
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip().splitlines()
            raise BackupError(f"{program.path} ended with {code}: {' '.join(said[-3:])}")


def _feed(package: Package, target: IO[bytes]) -> None:
    # pg_restore stops reading where it needs no more: of two sections it reads the table of contents alone.
    with suppress(BrokenPipeError), target:
        package.copy_dump(target)


def copy_script(source: IO[bytes], target: IO[bytes], server_major: int) -> None:
    """Copy pg_restore's script, leaving out of its header what a server of that version does not know."""
    drop = server_major < _SETTING_SINCE
    for line in source:
        if drop and line == _NEW_SETTING:
            drop = False  # once, in the header: further on it would be somebody's data
            continue
        target.write(line)
