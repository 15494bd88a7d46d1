"""The API is as its description says, whatever is asked of it, and the description is the one that is checked in."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
import yaml
from django.core.handlers.wsgi import WSGIHandler
from django.db import transaction
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from schemathesis import Case
from schemathesis.checks import load_all_checks

from archive import changes
from archive.changes import Place
from integration import tasks
from integration.models import PurchaseOrder
from portal.api.actions import KEY, MATCH
from portal.api.resources import RESOURCES
from portal.exports.asked import ask
from portal.models import ApiToken, Export
from tests import factories
from tests.portal.api.conftest import token_of
from tests.portal.api.test_reading import data

KEPT = Path(__file__).resolve().parents[3] / "portal" / "api" / "openapi.yaml"
EXAMPLES = 12
"""Requests for each operation."""


@pytest.fixture(scope="module")
def description() -> Any:
    """What the code says of itself now."""
    return SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]


@pytest.fixture(scope="module")
def token(world: PurchaseOrder) -> str:
    """A token that may do everything."""
    return token_of(factories.user("sam", superuser=True))


def test_the_description_that_is_checked_in_is_that_of_the_code(description: Any) -> None:
    kept = yaml.safe_load(KEPT.read_text())
    now = yaml.safe_load(yaml.safe_dump(_plain(description), sort_keys=False))
    assert kept == now, (
        "The API changed. If nothing that others use went away or means something else, write the description anew:"
        " python manage.py spectacular --file portal/api/openapi.yaml; else it is another version."
    )


def test_every_address_is_described_and_every_answer_named(description: Any) -> None:
    operations = [(path, method) for path, methods in description["paths"].items() for method in methods]
    of_documents, of_cases, of_exports, of_scorecards = 4, 3, 5, 1
    assert (
        len(operations) == 2 * len(RESOURCES) + of_documents + of_cases + of_exports + of_scorecards + 4 + 1
    )
    assert description["openapi"] == "3.1.0"
    for path, method in operations:
        told = description["paths"][path][method]
        assert told["summary"], path
        assert told["description"], path
        assert {"401", "403", "429", "503"} <= set(told["responses"]), path
        for parameter in told.get("parameters", ()):
            assert parameter["description"], (path, parameter["name"])


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda each: each.name)
def test_every_record_is_as_it_is_described(resource: Any, description: Any, asker: Any) -> None:
    name = resource.record.__name__
    schema = {"$ref": f"#/components/schemas/{name}", "components": description["components"]}
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    found = data(asker, resource.path)["data"]
    assert found != []
    for record in found:
        assert [error.message for error in validator.iter_errors(record)] == []
    assert list(description["components"]["schemas"][name]["properties"]) == list(resource.columns)


def _plain(value: Any) -> Any:
    """Return the description without the library's own kinds of dict and text."""
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _operations() -> list[Any]:
    schema = schemathesis.openapi.from_dict(_plain(SchemaGenerator().get_schema(request=None, public=True)))  # type: ignore[no-untyped-call]
    schema.app = WSGIHandler()
    return [each.ok() for each in schema.get_all_operations()]


OPERATIONS = _operations()


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.label)
def test_whatever_is_asked_is_answered_as_described(
    operation: Any, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_all_checks()
    monkeypatch.setattr("django.conf.settings.API_REQUESTS_A_MINUTE", 1_000_000)
    monkeypatch.setattr(tasks, "async_task", lambda *args, **options: None)
    headers = {"Authorization": f"Bearer {token}"}

    @given(case=operation.as_strategy(), real=st.booleans())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def asks(case: Case, real: bool) -> None:
        if real and case.path_parameters:
            case.path_parameters["pk"] = _some_row(case)
        if "cursor" in (case.query or {}):  # no pattern says what a cursor of this database is
            case.query["cursor"] = changes.written(Place(), changes.current_epoch())
        if "/" in (case.query or {}).get(
            "period", ""
        ):  # no pattern says which days there are, and which come first
            case.query["period"] = "2026-10-05/2026-10-18"
        if KEY in (case.headers or {}) and case.headers[KEY]:
            case.headers[KEY] = uuid4().hex  # nothing says that another request had the same
        if MATCH in (case.headers or {}) and case.headers[MATCH]:
            case.headers[MATCH] = "*"  # no pattern says what tag a row has
        response = case.call(headers=headers)
        case.validate_response(response, headers=headers)

    asks()


def _some_row(case: Case) -> int:
    path = case.operation.path.split("/")[3]
    if path == "exports":
        return _some_export()
    (resource,) = [each for each in RESOURCES if each.path == path]
    found = resource.rows().order_by("pk").values_list("pk", flat=True).first()
    assert found is not None
    return int(found)


def _some_export() -> int:
    """Return an export of the token's that is ready, made where there is none."""
    ready = Export.objects.filter(token__user__username="sam", state=Export.State.DONE)
    if not ready.exists():
        tasks.drain("exports")
        with transaction.atomic():
            ask(ApiToken.objects.get(user__username="sam"), RESOURCES[0], {}, [], "csv")
        tasks.drain("exports")
    return ready.latest("pk").pk
