"""The one switch for the 997 becomes a choice for each acknowledgment, and nothing that was set is lost."""

from __future__ import annotations

from django.core.management import call_command
from django.db import connections

from partners.models import Agreement
from tests import factories

BEFORE, AFTER = "0004_staff_notes", "0005_acknowledgment_policy"


def test_the_switch_becomes_a_choice_and_back(committed: str) -> None:
    answers, silent = factories.agreement(), factories.agreement()
    Agreement.objects.filter(pk=silent.pk).update(functional_acknowledgment="none")

    def rows(query: str) -> list[tuple[object, ...]]:
        with connections["owner"].cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    connections.close_all()
    call_command("migrate", "partners", BEFORE, database="owner", verbosity=0)
    assert rows("SELECT id, sends_functional_acknowledgments FROM partners_agreement ORDER BY id") == [
        (answers.pk, True),
        (silent.pk, False),
    ]
    call_command("migrate", "partners", AFTER, database="owner", verbosity=0)
    # Who has never answered interchanges goes on so.
    assert rows(
        "SELECT id, functional_acknowledgment, interchange_acknowledgment FROM partners_agreement ORDER BY id"
    ) == [
        (answers.pk, "997", "never"),
        (silent.pk, "none", "never"),
    ]
    connections["owner"].close()
