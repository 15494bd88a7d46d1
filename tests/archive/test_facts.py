"""Facts cannot be changed: for every fact table in the catalogue, and so for those of later years."""

from __future__ import annotations

import psycopg
import pytest
from django.apps import apps
from django.db import connection, connections

from archive import store
from archive.facts import Fact
from archive.models import Payload
from tests import factories

FACTS = sorted(model._meta.db_table for model in apps.get_models() if issubclass(model, Fact))
ATTACKS = {
    "update": "UPDATE {table} SET recorded_at = now()",
    "delete": "DELETE FROM {table}",
    "truncate": "TRUNCATE {table} CASCADE",
    "disable the trigger": "ALTER TABLE {table} DISABLE TRIGGER guard_rows",
    "drop": "DROP TABLE {table} CASCADE",
}


def test_the_fact_tables_are_the_sixteen_that_are_known() -> None:
    assert FACTS == [
        "archive_accessrecord",
        "archive_acknowledgment",
        "archive_auditentry",
        "archive_document",
        "archive_event",
        "archive_functionalanswer",
        "archive_interchange",
        "archive_interchangeanswer",
        "archive_mention",
        "archive_payload",
        "archive_reprocessing",
        "archive_resubmission",
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
