"""The roles: what each holds, and what became of the two groups that were before them."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission, User
from django.db import connection

from integration.flows.bulk import start_bulk
from integration.flows.resubmit import plan_resubmit, resubmit
from integration.flows.rights import RESUBMIT_BULK, Refused, lacking
from portal.groups import (
    AUDITOR,
    CUSTOMER_SERVICE,
    OPERATOR,
    PARTNER_ADMINISTRATOR,
    RECORDS_MANAGER,
    ROLES,
    ensure_groups,
)
from tests import factories

VERBS = ("decide", "resubmit", "resubmit_bulk", "pause", "go_live", "release_mapping", "erase")


def codenames(role: str) -> set[str]:
    return set(Permission.objects.filter(group__name=role).values_list("codename", flat=True))


def test_each_role_holds_its_verbs(db: None) -> None:
    ensure_groups()
    assert {role: [verb for verb in VERBS if verb in codenames(role)] for role in ROLES} == {
        CUSTOMER_SERVICE: ["decide", "resubmit"],
        PARTNER_ADMINISTRATOR: ["decide", "resubmit", "pause", "go_live", "release_mapping", "erase"],
        OPERATOR: ["decide", "resubmit", "resubmit_bulk", "pause", "go_live", "erase"],
        RECORDS_MANAGER: ["erase"],
        AUDITOR: [],
    }


def test_auditors_change_nothing_and_customer_service_no_settings(db: None) -> None:
    ensure_groups()
    for role in (AUDITOR, CUSTOMER_SERVICE):
        changing = [name for name in codenames(role) if name.split("_")[0] in ("add", "change", "delete")]
        assert changing == []
    everything = Permission.objects.filter(
        content_type__app_label__in=("archive", "integration", "partners"), codename__startswith="view_"
    )
    assert set(everything.values_list("codename", flat=True)) <= codenames(AUDITOR)
    assert not {"view_store", "view_agreement", "view_auditentry", "view_work"} & codenames(CUSTOMER_SERVICE)


def test_two_roles_together_hold_all_that_there_is_to_be_done(db: None) -> None:
    ensure_groups()
    together = codenames(PARTNER_ADMINISTRATOR) | codenames(OPERATOR)
    assert set(VERBS) <= together
    assert {"change_store", "change_agreement", "change_mailserver", "change_mappingprofile"} <= together


def test_members_of_the_groups_before_lose_no_right(db: None) -> None:
    Group.objects.all().delete()
    lea, vera, both = (User.objects.create_user(name) for name in ("lea", "vera", "both"))
    lea.groups.add(Group.objects.create(name="decide"))
    vera.groups.add(Group.objects.create(name="view"))
    both.groups.set(Group.objects.all())
    other = Group.objects.create(name="Warehouse")
    both.groups.add(other)
    move = import_module("portal.migrations.0001_access").move_to_roles
    move(apps, SimpleNamespace(connection=connection))
    assert sorted(Group.objects.values_list("name", flat=True)) == sorted(
        {*ROLES, "Warehouse"} - {RECORDS_MANAGER}
    )
    assert {
        user.username: sorted(user.groups.values_list("name", flat=True)) for user in (lea, vera, both)
    } == {
        "lea": [OPERATOR, PARTNER_ADMINISTRATOR],
        "vera": [AUDITOR],
        "both": sorted([AUDITOR, OPERATOR, PARTNER_ADMINISTRATOR, "Warehouse"]),
    }
    move(apps, SimpleNamespace(connection=connection))
    assert Group.objects.count() == len(ROLES)  # the records manager came later; the warehouse is theirs


@pytest.mark.parametrize("role", [CUSTOMER_SERVICE, PARTNER_ADMINISTRATOR])
def test_who_sends_one_document_again_may_not_send_many(db: None, role: str) -> None:
    user, document = factories.user("ida", role), factories.sent()
    with pytest.raises(Refused) as refusal:
        start_bulk(user, type(document).objects.all(), "Lost.", "", "key", scope="All")
    assert str(refusal.value) == lacking(RESUBMIT_BULK)
    assert lacking(RESUBMIT_BULK) == "You may look at this, and not send many at once: ask an operator."
    again = resubmit(user, document, "Lost.", plan_resubmit(document).digest, "one")
    assert again.resubmission.original_id == document.pk
