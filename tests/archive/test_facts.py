"""Facts cannot be changed: for every fact table in the catalogue, and so for those of later years."""

from __future__ import annotations

import psycopg
import pytest
from django.apps import apps
from django.db import ProgrammingError, connection, connections, transaction

from archive import keys, store
from archive.facts import Fact
from archive.models import DataSubject, Payload, SubjectKey
from tests import factories

FACTS = sorted(model._meta.db_table for model in apps.get_models() if issubclass(model, Fact))
KEYS = ["archive_payloadkey", "archive_subjectkey"]
ATTACKS = {
    "update": "UPDATE {table} SET recorded_at = now()",
    "delete": "DELETE FROM {table}",
    "truncate": "TRUNCATE {table} CASCADE",
    "disable the trigger": "ALTER TABLE {table} DISABLE TRIGGER guard_rows",
    "drop": "DROP TABLE {table} CASCADE",
}


def test_the_fact_tables_are_those_that_are_known() -> None:
    assert FACTS == [
        "archive_accessrecord",
        "archive_acknowledgment",
        "archive_auditentry",
        "archive_datasubject",
        "archive_disposalcertificate",
        "archive_disposaldecision",
        "archive_disposalitem",
        "archive_disposalrefusal",
        "archive_disposalrun",
        "archive_document",
        "archive_erasurecertificate",
        "archive_event",
        "archive_functionalanswer",
        "archive_hold",
        "archive_holddocument",
        "archive_holdrelease",
        "archive_holdreleasedecision",
        "archive_interchange",
        "archive_interchangeanswer",
        "archive_lostcertificate",
        "archive_mention",
        "archive_payload",
        "archive_payloadsubject",
        "archive_reprocessing",
        "archive_resubmission",
        "archive_retentionrevision",
        "archive_retentionrule",
        "archive_sealleaf",
        "archive_sealpublication",
        "archive_sealroot",
        "archive_transmission",
        "archive_transmissionoutcome",
        "integration_lineentry",
        "integration_takeover",
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("table", FACTS)
def test_the_application_cannot_change_a_fact(table: str, attack: str) -> None:
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege) as refusal,
        psycopg.connect(**connection.get_connection_params(), autocommit=True) as plain,
    ):
        plain.execute(ATTACKS[attack].format(table=table))
    assert refusal.value.sqlstate == "42501"


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["gridport_owner", "gridport_disposer", "postgres"])
def test_the_application_cannot_become_another_role(role: str) -> None:
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        psycopg.connect(**connection.get_connection_params()) as plain,
    ):
        plain.execute(f"SET ROLE {role}")


@pytest.mark.django_db
def test_every_fact_table_has_always_enabled_guards_and_no_grant_to_change() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.relname, array_agg(t.tgname::text ORDER BY t.tgname), bool_and(t.tgenabled = 'A')
              FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
             WHERE t.tgname LIKE 'guard%%' GROUP BY 1 ORDER BY 1
            """
        )
        written_once = [*FACTS, "partners_mappingrevision"]
        assert cursor.fetchall() == [(table, ["guard_rows", "guard_table"], True) for table in written_once]
        for table in written_once:
            cursor.execute(
                "SELECT privilege_type FROM information_schema.role_table_grants"
                " WHERE grantee = 'gridport_app' AND table_name = %s ORDER BY 1",
                [table],
            )
            assert [row[0] for row in cursor.fetchall()] == ["INSERT", "SELECT"]


ROLES = ("gridport_app", "gridport_owner", "gridport_disposer")
DISPOSER_READS = [
    "archive_disposalcertificate", "archive_disposaldecision", "archive_disposalitem", "archive_disposalrun",
    "archive_document", "archive_erasurecertificate", "archive_hold", "archive_holddocument", "archive_holdrelease", "archive_holdreleasedecision",
    "archive_interchange", "archive_lostcertificate", "archive_moveout", "archive_payload", "archive_payloadcopy", "archive_payloadsubject",
    "archive_retentionrevision", "archive_transmission",
]  # fmt: skip
PROJECTIONS = [
    "archive_change", "archive_documentreference", "archive_documentstate", "archive_payloadcopy", "archive_sealcheck",
    "archive_sealhorizon", "archive_translation", "archive_trimmedchanges",
]  # fmt: skip


@pytest.mark.django_db
def test_what_each_role_may_do_to_each_table_of_the_archive() -> None:
    """The whole matrix from the catalogue: a table of tomorrow that says nothing of itself here fails."""
    with connection.cursor() as cursor:
        cursor.execute(
            r"""
            SELECT c.relname, r.role, coalesce(array_agg(p.privilege ORDER BY p.privilege)
                   FILTER (WHERE has_table_privilege(r.role, c.oid, p.privilege)), '{}'),
                   ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0
                          AND NOT a.attisdropped AND NOT has_table_privilege(r.role, c.oid, 'UPDATE')
                          AND has_column_privilege(r.role, c.oid, a.attnum, 'UPDATE'))
              FROM pg_class c CROSS JOIN unnest(%s::text[]) AS r (role)
              CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS p (privilege)
             WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
               AND (c.relname LIKE 'archive\_%%' OR c.relname = ANY(%s))
             GROUP BY 1, 2, c.oid
            """,
            [list(ROLES), FACTS],
        )
        found = {(table, role): (rights, columns) for table, role, rights, columns in cursor.fetchall()}
    everything = ["DELETE", "INSERT", "SELECT", "TRUNCATE", "UPDATE"]
    expected: dict[tuple[str, str], tuple[list[str], list[str]]] = {}
    for table in [*FACTS, *KEYS, *PROJECTIONS, "archive_cursorepoch", "archive_moveout"]:
        app = ["INSERT", "SELECT"]
        if table in PROJECTIONS:
            app = ["DELETE", "INSERT", "SELECT", "UPDATE"]
        elif table in ("archive_cursorepoch", "archive_moveout"):
            app = ["SELECT"]
        disposer = ["SELECT"] if table in DISPOSER_READS else []
        if table in ("archive_disposalcertificate", "archive_erasurecertificate", "archive_lostcertificate"):
            disposer = ["INSERT", "SELECT"]
        elif table in KEYS:
            disposer = ["DELETE", "SELECT"]
        expected[table, "gridport_app"] = (app, [])
        expected[table, "gridport_owner"] = (everything, [])
        expected[table, "gridport_disposer"] = (
            disposer,
            {"archive_payload": ["ciphertext"], "archive_payloadcopy": ["state", "note"]}.get(table, []),
        )

    assert found == expected


REWRITING = {
    "update": "UPDATE {table} SET changed_xid = changed_xid",
    "delete": "DELETE FROM {table}",
    "truncate": "TRUNCATE {table} CASCADE",
    "as a replica": "SET LOCAL session_replication_role = replica",
    "disable the trigger": "ALTER TABLE {table} DISABLE TRIGGER guard_rows",
    "drop": "DROP TABLE {table} CASCADE",
}
ALLOWED = {("gridport_owner", "disable the trigger"), ("gridport_owner", "drop")}
"""What no database can forbid its owner; the next verification shows it."""


@pytest.mark.parametrize("role", ROLES)
def test_each_statement_that_rewrites_history_against_each_fact(committed: str, role: str) -> None:
    factories.everything()
    alias = "default" if role == "gridport_app" else "owner"
    for table in FACTS:
        for name, statement in REWRITING.items():
            with connections[alias].cursor() as cursor, transaction.atomic(using=alias):
                if role == "gridport_disposer":
                    cursor.execute("SET LOCAL ROLE gridport_disposer")
                refused = ""
                try:
                    with transaction.atomic(using=alias):
                        cursor.execute(statement.format(table=table))
                        # Row triggers have nothing to refuse in a table without rows.
                        if name in ("update", "delete") and not cursor.rowcount:
                            refused = "empty"
                except ProgrammingError as error:
                    refused = error.__cause__.sqlstate  # type: ignore[union-attr]
                transaction.set_rollback(True, using=alias)
            expected = (
                ("",)
                if (role, name) in ALLOWED
                else ("42501", "empty")
                if role == "gridport_owner"
                else ("42501",)
            )
            assert refused in expected, (table, name, role)


def test_even_the_owner_is_refused_by_the_trigger(committed: str) -> None:
    store.put(b"as it was")
    with connections["owner"].cursor() as owner, pytest.raises(Exception, match="facts are written once"):
        owner.execute("UPDATE archive_payload SET size = 0")
    assert Payload.objects.get().size == 9


def test_a_fact_cannot_be_dated_back(committed: str) -> None:
    payload = store.put(b"now")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO archive_accessrecord (recorded_at, payload_id, actor, purpose, correlation_id)"
            " VALUES ('2001-01-01', %s, 'a', 'b', '') RETURNING recorded_at > now() - interval '1 minute'",
            [payload.pk],
        )
        assert cursor.fetchone() == (True,)


@pytest.mark.django_db
@pytest.mark.parametrize("table", KEYS)
@pytest.mark.parametrize(
    "attack", ["UPDATE {table} SET store_key = 'x'", "DELETE FROM {table}", "TRUNCATE {table} CASCADE"]
)
def test_the_application_cannot_change_or_destroy_a_key(table: str, attack: str) -> None:
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        psycopg.connect(**connection.get_connection_params(), autocommit=True) as plain,
    ):
        plain.execute(attack.format(table=table))


def test_the_disposer_may_empty_the_bytes_of_a_payload_and_change_nothing_else(committed: str) -> None:
    payload = store.put(b"as it was")
    with connections["owner"].cursor() as owner:
        owner.execute("SET ROLE gridport_disposer")
        for change in ("size = 0", "ciphertext = 'x'", "ciphertext = '', size = 0"):
            with pytest.raises(ProgrammingError) as refusal:
                owner.execute(f"UPDATE archive_payload SET {change}")  # noqa: S608
            assert refusal.value.__cause__.sqlstate == "42501"
        owner.execute("UPDATE archive_payload SET ciphertext = ''")
        owner.execute("RESET ROLE")
    emptied = Payload.objects.get(pk=payload.pk)
    assert (bytes(emptied.ciphertext), emptied.size, emptied.address) == (b"", 9, payload.address)


def test_without_the_persons_key_nothing_opens(committed: str) -> None:
    subject = DataSubject.objects.create(lookup="a" * 64)
    SubjectKey.objects.create(subject=subject, **keys.wrapped_by_store(keys.new_key()))
    payload = store.put(b"Nora Quill", subject=subject)
    with connections["owner"].cursor() as owner:
        owner.execute("DELETE FROM archive_subjectkey")
    with pytest.raises(store.PayloadDamaged, match="the key of person aaaaaaaaaaaa was destroyed"):
        store.open(payload, purpose="t")


def test_a_payload_changed_by_the_owner_past_the_guard_is_noticed(committed: str) -> None:
    payload = store.put(b"as it was")
    with connections["owner"].cursor() as owner:
        owner.execute("ALTER TABLE archive_payload DISABLE TRIGGER guard_rows")
        owner.execute("UPDATE archive_payload SET ciphertext = %s", [b"something else"])
    with pytest.raises(store.PayloadDamaged):
        store.open(Payload.objects.get(pk=payload.pk), purpose="t")


@pytest.mark.django_db
def test_a_row_that_was_read_can_be_saved_and_carries_the_new_transaction() -> None:
    order = factories.order()
    order.refresh_from_db()
    before = order.changed_xid
    order.customer_name = "Ida Stern"
    order.save()
    order.refresh_from_db()
    assert order.customer_name == "Ida Stern"
    assert order.changed_xid >= before
