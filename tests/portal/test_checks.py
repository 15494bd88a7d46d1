"""Every system check is triggered once, by id."""

from __future__ import annotations

import importlib
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from archive.facts import Fact, Reported
from portal import checks
from portal.guards import guarded_tables


def ids(found: list[CheckMessage]) -> list[str | None]:
    return [each.id for each in found]


def with_settings(monkeypatch: pytest.MonkeyPatch, **changed: Any) -> None:
    monkeypatch.setattr(checks, "settings", SimpleNamespace(**changed))


def test_no_database_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with_settings(monkeypatch, DATABASES={"default": {"ENGINE": "django.db.backends.dummy"}})
    assert ids(checks.database_is_named()) == ["gridport.E001"]


@pytest.mark.parametrize(
    ("database", "found"),
    [
        ({"ENGINE": "django.db.backends.sqlite3"}, ["gridport.E002"]),
        ({"ENGINE": "django.db.backends.postgresql", "OPTIONS": {"pool": True}}, ["gridport.E003"]),
        ({"ENGINE": "django.db.backends.postgresql"}, []),
    ],
)
def test_other_engines_and_pools_are_refused(
    monkeypatch: pytest.MonkeyPatch, database: dict[str, Any], found: list[str]
) -> None:
    with_settings(monkeypatch, DATABASES={"default": database})
    assert ids(checks.database_is_postgresql()) == found


@pytest.mark.parametrize(
    "keys", [[], ["not a key"], ["MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", "short"]]
)
def test_keys_that_are_no_fernet_keys_are_refused(settings: Any, keys: list[str]) -> None:
    settings.ENCRYPTION_KEYS = keys
    assert ids(checks.encryption_keys_are_fernet_keys()) == ["gridport.E004"]


@pytest.mark.parametrize(("address", "hosts", "found"), [
    ("", ["127.0.0.1"], []),
    ("https://edi.example.com", ["127.0.0.1"], ["gridport.E011"]),
    ("https://edi.example.com/", ["edi.example.com"], []),
    ("https://edi.example.com:443", [".example.com"], []),
    ("edi.example.com", ["edi.example.com"], ["gridport.E011"]),
    ("https://[edi", ["*"], ["gridport.E011"]),
])  # fmt: skip
def test_a_public_address_that_is_not_answered_is_told(
    settings: Any, address: str, hosts: list[str], found: list[str]
) -> None:
    settings.PUBLIC_URL, settings.ALLOWED_HOSTS = address, hosts
    assert ids(checks.public_address_is_answered()) == found


@pytest.mark.parametrize("change", [{"timeout": 900}, {"max_attempts": 0}, {"ack_failures": False}])
def test_a_broker_that_repeats_knocks_is_refused(settings: Any, change: dict[str, Any]) -> None:
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, **change}
    assert ids(checks.knocks_are_given_out_once()) == ["gridport.E005"]


@pytest.mark.django_db
def test_the_applications_own_role_passes() -> None:
    assert checks.application_role_is_powerless(databases=["default"]) == []


def connected_as(monkeypatch: pytest.MonkeyPatch, alias: str) -> None:
    monkeypatch.setattr(checks, "connection", connections[alias])


def test_the_owner_of_the_schema_is_refused(committed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    connected_as(monkeypatch, "owner")
    [found] = checks.application_role_is_powerless(databases=["default"])
    assert found.id == "gridport.E006"
    assert "gridport_owner" in found.msg


@pytest.mark.django_db
def test_guards_as_the_migrations_made_them_pass() -> None:
    assert checks.history_is_guarded(databases=["default"]) == []


def test_a_guard_that_was_taken_away_is_told(committed: str) -> None:
    with connections["owner"].cursor() as owner:
        owner.execute("ALTER TABLE archive_payload DISABLE TRIGGER guard_rows")
    [found] = checks.history_is_guarded(databases=["default"])
    assert found.id == "gridport.E010"
    assert found.msg == "archive_payload lacks guard_rows, always enabled."


def test_the_guarded_tables_are_those_of_facts_and_of_reported_rows() -> None:
    assert guarded_tables() == tuple(
        sorted(model._meta.db_table for model in apps.get_models() if issubclass(model, kind))
        for kind in (Fact, Reported)
    )


def test_a_database_that_does_not_answer_is_told(committed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Put back before the database goes: else every later test of this process would look for it.
    with monkeypatch.context() as away:
        away.setitem(connections["default"].settings_dict, "NAME", "no_such_database")
        connections["default"].close()
        assert ids(checks.application_role_is_powerless(databases=["default"])) == ["gridport.E007"]
    connections["default"].close()


def test_the_private_server_is_not_deployed(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = {"owner": {"ENGINE": "django.db.backends.postgresql"}}
    with_settings(monkeypatch, USES_PRIVATE_SERVER=True, DATABASES=owner)
    assert ids(checks.private_server_is_not_deployed()) == ["gridport.E008", "gridport.W009"]


def test_the_web_process_refuses_the_key_that_signs_seals(settings: Any) -> None:
    importlib.import_module("portal.asgi")
    settings.SEAL_SIGNING_KEY = "A" * 43 + "="
    with pytest.raises(ImproperlyConfigured, match="SEAL_SIGNING_KEY is set for the web process"):
        importlib.reload(sys.modules["portal.asgi"])
