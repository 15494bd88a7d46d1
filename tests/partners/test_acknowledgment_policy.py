"""The one switch for the 997 becomes a choice for each acknowledgment, and nothing that was set is lost."""

from __future__ import annotations

from typing import Any

from portal.copies import DatabaseCopies
from tests.migrating import built_up

BEFORE, AFTER = "0004_staff_notes", "0005_acknowledgment_policy"


def agreements(apps: Any) -> Any:
    """Return the agreements as they are at a migration."""
    return apps.get_model("partners", "Agreement").objects.using("owner").order_by("pk")


def test_the_switch_becomes_a_choice_and_back(copies: DatabaseCopies, django_db_blocker: Any) -> None:
    with built_up(copies, django_db_blocker) as migrate:
        apps = migrate("partners", BEFORE)

        def made(model: str, **fields: Any) -> Any:
            return apps.get_model("partners", model).objects.using("owner").create(**fields)

        partner = made("TradingPartner", name="Larch Supply")
        whole = {
            "partner": partner,
            "identifier": made("PartnerIdentifier", partner=partner, value="LARCH"),
            "mailbox": made("Mailbox", name="Grid"),
            "own_id": "GRIDPORT",
        }
        made("Agreement", name="Answers", **whole)
        made("Agreement", name="Silent", sends_functional_acknowledgments=False, **whole)

        after = agreements(migrate("partners", AFTER))
        # Who has never answered interchanges goes on so.
        assert list(after.values_list("name", "functional_acknowledgment", "interchange_acknowledgment")) == [
            ("Answers", "997", "never"),
            ("Silent", "none", "never"),
        ]
        back = agreements(migrate("partners", BEFORE))
        assert list(back.values_list("name", "sends_functional_acknowledgments")) == [
            ("Answers", True),
            ("Silent", False),
        ]
