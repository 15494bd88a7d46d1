"""System checks: what would fail at three in the morning fails at start-up. Ids ``gridport.E001`` and on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError, connection
from django.http.request import validate_host

from portal.guards import guard_faults, powerful_role
from portal.reporting.reporter import MISSING, has_reporter, reporting_faults

MIGRATIONS_ROLE_HINT = (
    "Connect as gridport_app: `manage.py roles --sql` prints the statements that create it."
)


@register()
def database_is_named(**kwargs: Any) -> list[CheckMessage]:
    """E001: there is a database to speak to."""
    if settings.DATABASES["default"]["ENGINE"] != "django.db.backends.dummy":
        return []
    return [
        Error(
            "No database: neither DATABASE_URL nor a private installation.",
            hint="Run `make setup` for a private PostgreSQL, or set DATABASE_URL and DATABASE_OWNER_URL.",
            id="gridport.E001",
        )
    ]


@register()
def database_is_postgresql(**kwargs: Any) -> list[CheckMessage]:
    """E002: PostgreSQL, and no connection pool in processes that fork."""
    default: dict[str, Any] = settings.DATABASES["default"]
    found: list[CheckMessage] = []
    if default["ENGINE"] not in ("django.db.backends.postgresql", "django.db.backends.dummy"):
        found.append(
            Error(
                f"DATABASE_URL names {default['ENGINE']}: Gridport runs on PostgreSQL 15 or newer alone.",
                hint="Set DATABASE_URL to a postgres:// address.",
                id="gridport.E002",
            )
        )
    if default.get("OPTIONS", {}).get("pool"):
        found.append(
            Error(
                "The database connection pool is on: forked workers would share its sockets.",
                hint="Take `pool` out of the database options.",
                id="gridport.E003",
            )
        )
    return found


@register()
def encryption_keys_are_fernet_keys(**kwargs: Any) -> list[CheckMessage]:
    """E004: secrets can be written and read."""
    try:
        keys = [Fernet(key) for key in settings.ENCRYPTION_KEYS]
    except ValueError:
        keys = []
    if keys:
        return []
    return [
        Error(
            "ENCRYPTION_KEYS is empty or holds something that is not a Fernet key.",
            hint="32 random bytes in URL-safe base64, newest first; `make setup` makes one for a private installation.",
            id="gridport.E004",
        )
    ]


@register()
def knocks_are_given_out_once(**kwargs: Any) -> list[CheckMessage]:
    """E005: a django-q task ends before the broker gives it out again."""
    cluster = settings.Q_CLUSTER
    if cluster["timeout"] < cluster["retry"] and cluster["max_attempts"] == 1 and cluster["ack_failures"]:
        return []
    return [
        Error(
            "Q_CLUSTER lets the broker repeat knocks by itself.",
            hint="Keep timeout below retry, max_attempts at 1 and ack_failures on: our own table decides retries.",
            id="gridport.E005",
        )
    ]


@register()
def public_address_is_answered(**kwargs: Any) -> list[CheckMessage]:
    """E011: what calls us under PUBLIC_URL is not sent away for the host that it asks for."""
    if not settings.PUBLIC_URL:
        return []
    try:
        host = urlsplit(settings.PUBLIC_URL).hostname or ""
    except ValueError:
        host = ""
    if host and validate_host(host, settings.ALLOWED_HOSTS):
        return []
    return [
        Error(
            f"Nobody would be answered under PUBLIC_URL, which is {settings.PUBLIC_URL}: its host is not in ALLOWED_HOSTS.",
            hint="Write it as https://edi.example.com, and edi.example.com into ALLOWED_HOSTS; else stores' calls are refused.",
            id="gridport.E011",
        )
    ]


@register()
def object_lock_can_be_asked_for(**kwargs: Any) -> list[CheckMessage]:
    """E020: a bucket is asked to keep copies in words that it knows, and a folder is not asked at all."""
    lock, bucket = settings.ARCHIVE_STORAGE_LOCK, settings.ARCHIVE_STORAGE_BUCKET
    if settings.ARCHIVE_ROOTS_LOCK.days < 0:
        return [
            Error(
                f"ARCHIVE_ROOTS_LOCK_DAYS is {settings.ARCHIVE_ROOTS_LOCK.days}: no seal could be kept so.",
                hint="Say for how many days a bucket's Object Lock keeps the roots of seals; 0 leaves it to the bucket.",
                id="gridport.E020",
            )
        ]
    if lock.mode in ("GOVERNANCE", "COMPLIANCE") and lock.days >= 0 and (bucket or not lock.days):
        return []
    return [
        Error(
            f"ARCHIVE_STORAGE_LOCK_DAYS is {lock.days} and ARCHIVE_STORAGE_LOCK_MODE {lock.mode}: no copy could be kept so.",
            hint="The mode is GOVERNANCE or COMPLIANCE, and only a bucket (ARCHIVE_STORAGE_BUCKET) keeps anything.",
            id="gridport.E020",
        )
    ]


@register(Tags.database)
def application_role_is_powerless(
    databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """E006: the application's role is not superuser, not owner of the schema, and member of neither."""
    if not databases or "default" not in databases:
        return []
    try:
        with connection.cursor() as cursor:
            row = powerful_role(cursor)
    except DatabaseError as error:
        return [
            Error(
                f"The database does not answer: {str(error).splitlines()[0]}",
                hint="Is it running? A private one is started by `make setup`.",
                id="gridport.E007",
            )
        ]
    if row is None:
        return []
    return [
        Error(
            f"The application connects as {row[0]}, which is or may become {row[1]}: it could rewrite history.",
            hint=MIGRATIONS_ROLE_HINT,
            id="gridport.E006",
        )
    ]


@register(Tags.database)
def history_is_guarded(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """E010: facts are written once, whatever was done to the database by hand."""
    if not databases or "default" not in databases:
        return []
    try:
        with connection.cursor() as cursor:
            faults = guard_faults(cursor)
    except DatabaseError:
        return []  # E007 says it
    hint = "Find out who changed it and since when; a restore of a backup brings guards and grants back."
    return [Error(fault, hint=hint, id="gridport.E010") for fault in faults]


@register(Tags.database)
def reporters_read_reports(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """E021, W022: reporting tools may read the tables made for them, and nothing else."""
    if not databases or "default" not in databases:
        return []
    try:
        with connection.cursor() as cursor:
            is_there, faults = has_reporter(cursor), reporting_faults(cursor)
    except DatabaseError:
        return []  # E007 says it
    if not is_there:
        return [Warning(MISSING, id="gridport.W022")]
    hint = "REVOKE it, and find out who granted it and since when: personal data may have been read."
    return [Error(fault, hint=hint, id="gridport.E021") for fault in faults]


@register(deploy=True)
def private_server_is_not_deployed(**kwargs: Any) -> list[CheckMessage]:
    """E008, W009: a deployment names its database, and keeps the owner's address from the application."""
    found: list[CheckMessage] = []
    if settings.USES_PRIVATE_SERVER:
        found.append(
            Error(
                "The private PostgreSQL is for trying out and for one machine: nobody backs it up.",
                hint="Set DATABASE_URL (as gridport_app) to a PostgreSQL server that is looked after.",
                id="gridport.E008",
            )
        )
    if settings.DATABASES["owner"]["ENGINE"] != "django.db.backends.dummy":
        found.append(
            Warning(
                "DATABASE_OWNER_URL is set in a process that serves or works.",
                hint="Set it for migrate, backup and restore alone.",
                id="gridport.W009",
            )
        )
    return found
