"""``/v3/hooks``: which hooks the account may have, and how they are told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from integration.simulators.store.events import SCOPES
from integration.simulators.store.hook_fields import FIELDS, REQUIRED
from integration.simulators.store.server import StoreSimulator
from integration.simulators.store.v3_hooks import FILTERS
from tests.integration.simulators.store.asking import Asker
from tests.integration.simulators.store.openapi import Description

HOOK = {"scope": "store/order/*", "destination": "https://gridport.example.com/hooks/1"}
TYPE = "/api-docs/getting-started/api-status-codes"


def add(ask: Asker, **fields: Any) -> dict[str, Any]:
    """Add a hook and return it."""
    answer = ask("POST", "/v3/hooks", body={**HOOK, **fields})
    assert answer.status_code == 200
    told: dict[str, Any] = answer.json()
    assert (set(told), told["meta"]) == ({"data", "meta"}, {})
    found: dict[str, Any] = told["data"]
    return found


def invalid(**errors: str) -> dict[str, Any]:
    """What a field that is missing or wrong is answered with."""
    return {"status": 422, "title": "JSON data is missing or invalid", "type": TYPE, "errors": errors}


def test_a_hook_is_kept_as_written(ask: Asker, store: StoreSimulator) -> None:
    made = add(ask, headers={"X-Gridport-Secret": "s3cret"}, secret="dropped", is_active=False)
    now = int(store.state.clock.seconds())
    assert made == {
        **HOOK,
        "id": 1,
        "client_id": "simulated-client",
        "store_hash": "harborpine",
        "is_active": False,
        "headers": {"X-Gridport-Secret": "s3cret"},
        "created_at": made["created_at"],
        "updated_at": made["created_at"],
    }
    assert now - 5 <= made["created_at"] <= now
    assert ask("GET", "/v3/hooks/1").json() == {"data": made, "meta": {}}


def test_a_hook_is_active_and_without_headers_unless_told(ask: Asker) -> None:
    made = add(ask)
    assert (made["is_active"], made["headers"]) == (True, None)
    assert add(ask, scope="store/order/created", headers=None)["headers"] is None


def test_a_hook_is_changed_field_by_field(ask: Asker, store: StoreSimulator) -> None:
    made = add(ask)
    store.state.clock.advance(60)
    changed = ask("PUT", "/v3/hooks/1", body={"is_active": False}).json()["data"]
    assert 60 <= changed["updated_at"] - made["updated_at"] < 90
    assert changed == {**made, "is_active": False, "updated_at": changed["updated_at"]}
    changed = ask("PUT", "/v3/hooks/1", body={**HOOK, "is_active": True, "headers": {"A": "b"}}).json()[
        "data"
    ]
    assert (changed["is_active"], changed["headers"], changed["scope"]) == (True, {"A": "b"}, "store/order/*")
    assert ask("GET", "/v3/hooks/1").json()["data"] == changed


def test_a_hook_is_removed_once_and_told_as_it_was(ask: Asker) -> None:
    made = add(ask)
    kept = add(ask, scope="store/order/created")
    answer = ask("DELETE", "/v3/hooks/1")
    assert (answer.status_code, answer.json()) == (200, {"data": made, "meta": {}})
    assert ask("DELETE", "/v3/hooks/1").status_code == 404
    assert ask("GET", "/v3/hooks").json()["data"] == [kept]
    assert add(ask)["id"] == 3


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_hook_that_is_not_there_is_not_found(ask: Asker, method: str) -> None:
    answer = ask(method, "/v3/hooks/7", body={"is_active": True})
    assert (answer.status_code, answer.json()) == (
        404,
        {"status": 404, "title": "Webhook with id [7] not found", "type": TYPE},
    )


def test_what_is_required_is_named(ask: Asker) -> None:
    assert ask("POST", "/v3/hooks", body={"is_active": True}).json() == invalid(
        scope="error.path.missing.", destination="error.path.missing."
    )
    add(ask)
    answer = ask("PUT", "/v3/hooks/1", body={"secret": "dropped"})
    assert (answer.status_code, answer.json()["errors"].keys()) == (422, FIELDS.keys())


ADDRESS = "A web address is expected."
HTTPS = "The destination must be served over HTTPS."
PORT = "The destination must be served on port 443."
HEADERS = "Names and values of headers are expected."


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        (
            "scope",
            "store/order/*/",
            "A scope of the documentation is expected; of others nothing happens here.",
        ),
        (
            "scope",
            ["store/order/*"],
            "A scope of the documentation is expected; of others nothing happens here.",
        ),
        ("destination", "http://gridport.example.com/hooks", HTTPS),
        ("destination", "https://gridport.example.com:8443/hooks", PORT),
        ("destination", "gridport.example.com", ADDRESS),
        ("destination", "https:///hooks", ADDRESS),
        ("destination", "https://gridport.example.com/a b", ADDRESS),
        ("destination", "ftp://127.0.0.1/hooks", HTTPS),
        ("destination", "", "Text of 1 to 2048 characters is expected."),
        ("destination", "https://[::1", "Invalid IPv6 URL"),
        ("destination", 7, "Text is expected."),
        ("is_active", "true", "true or false is expected."),
        ("headers", ["A"], "An object of texts is expected."),
        ("headers", {"A": 1}, HEADERS),
        ("headers", {"A b": "1"}, HEADERS),
        ("headers", {"A": "1\r\nB: 2"}, HEADERS),
    ],
)
def test_a_value_that_is_not_allowed_is_refused(
    ask: Asker, store: StoreSimulator, field: str, value: Any, sentence: str
) -> None:
    answer = ask("POST", "/v3/hooks", body={**HOOK, field: value})
    assert (answer.status_code, answer.json()) == (422, invalid(**{field: sentence}))
    assert store.webhooks.hooks() == []
    made = add(ask)
    answer = ask("PUT", "/v3/hooks/1", body={field: value})
    assert (answer.status_code, answer.json()) == (422, invalid(**{field: sentence}))
    assert ask("GET", "/v3/hooks/1").json()["data"] == made


@pytest.mark.parametrize(
    "destination",
    ["https://a.example.com:443/h", "http://127.0.0.1:5001/h", "http://localhost:80", "http://[::1]:5001/h"],
)
def test_https_and_this_machine_are_taken(ask: Asker, destination: str) -> None:
    assert add(ask, destination=destination)["destination"] == destination


def test_a_scope_has_one_hook_to_a_destination(ask: Asker, store: StoreSimulator) -> None:
    add(ask)
    sentence = "There is a hook of store/order/* to this destination: one of each is allowed."
    answer = ask("POST", "/v3/hooks", body=HOOK)
    assert (answer.status_code, answer.json()) == (422, invalid(destination=sentence))
    add(ask, scope="store/order/created")
    answer = ask("PUT", "/v3/hooks/2", body={"scope": "store/order/*"})
    assert (answer.status_code, answer.json()) == (422, invalid(destination=sentence))
    assert [hook.scope for hook in store.webhooks.hooks()] == ["store/order/*", "store/order/created"]


def test_a_scope_has_ten_hooks_at_most(ask: Asker) -> None:
    for number in range(10):
        add(ask, destination=f"https://gridport.example.com/{number}")
    answer = ask("POST", "/v3/hooks", body=HOOK)
    assert (answer.status_code, answer.json()) == (
        422,
        invalid(scope="There are 10 hooks of store/order/*: more are not allowed."),
    )
    add(ask, scope="store/order/created")


def listed(ask: Asker, **query: Any) -> list[int]:
    """The ids of the hooks that are listed."""
    return [each["id"] for each in ask("GET", "/v3/hooks", query=query).json()["data"]]


def test_hooks_are_listed_page_by_page_and_by_filter(ask: Asker) -> None:
    assert ask("GET", "/v3/hooks").json()["data"] == []
    add(ask)
    add(ask, scope="store/order/created")
    add(ask, destination="https://gridport.example.com/hooks/2", is_active=False)
    assert listed(ask) == [1, 2, 3]
    assert listed(ask, limit=2, page=2) == [3]
    assert listed(ask, is_active="true") == [1, 2]
    assert listed(ask, is_active="false") == [3]
    assert listed(ask, scope="store/order/*") == [1, 3]
    assert listed(ask, destination=HOOK["destination"], scope="store/order/created") == [2]
    assert listed(ask, scope="store/order/archived") == []
    meta = ask("GET", "/v3/hooks", query={"limit": 2}).json()["meta"]
    assert (meta["pagination"]["total"], meta["pagination"]["total_pages"]) == (3, 2)


def test_a_filter_that_makes_no_sense_is_refused(ask: Asker) -> None:
    answer = ask("GET", "/v3/hooks", query={"is_active": "yes"})
    assert (answer.status_code, answer.json()["errors"]) == (400, {"is_active": "true or false is expected."})
    answer = ask("GET", "/v3/hooks", query={"id": 1})
    assert (answer.status_code, answer.json()["title"]) == (
        422,
        "The filter(s): id are not valid filter parameter(s).",
    )


@pytest.fixture(scope="module")
def description(shared: Path) -> Description:
    return Description(shared / "bigcommerce" / "specs" / "webhooks.v3.yml")


def test_the_fields_of_a_hook_are_the_described_ones(description: Description) -> None:
    assert FIELDS.keys() == description.properties("webhook_Base").keys()
    assert FIELDS.keys() == description.properties("webhook_Put").keys()
    assert set(REQUIRED) == set(description.content["components"]["schemas"]["webhook_Base"]["required"])
    assert description.parameters("/hooks").keys() - {"page", "limit"} == FILTERS


def test_the_scopes_are_documented_ones(description: Description, shared: Path) -> None:
    titles = {schema.get("title", "") for schema in description.content["components"]["schemas"].values()}
    folder = shared / "bigcommerce"
    samples = {
        json.loads(file.read_text(encoding="utf-8"))["scope"]
        for file in (folder / "examples").glob("webhook_doc_*")
    }
    schemas = {
        file.stem.replace("_", "/") for file in (folder / "specs" / "webhook_callbacks").glob("store_*.yml")
    }
    assert SCOPES - titles - samples - schemas == {
        "store/order/transaction/updated"
    }  # on the page of events alone


@pytest.mark.parametrize("name", ["webhook.json", "webhook_updated.json"])
def test_a_hook_is_told_in_the_words_of_the_official_example(ask: Asker, shared: Path, name: str) -> None:
    official = json.loads((shared / "bigcommerce" / "examples" / name).read_text(encoding="utf-8"))
    theirs = official["data"]
    add(ask, **{field: theirs[field] for field in FIELDS})
    ours = ask("GET", "/v3/hooks/1").json()
    assert {field: type(value) for field, value in ours["data"].items()} == {
        field: type(value) for field, value in theirs.items()
    }
    assert {field: ours["data"][field] for field in FIELDS} == {field: theirs[field] for field in FIELDS}
    assert ours["meta"] == official["meta"]


def test_refusals_are_in_the_official_words(ask: Asker, shared: Path) -> None:
    folder = shared / "bigcommerce" / "examples"
    missing = json.loads((folder / "webhook_create_422.json").read_text(encoding="utf-8"))
    assert ask("POST", "/v3/hooks", body={"scope": "store/order/*"}).json() == missing
    broken = json.loads((folder / "webhook_create_400.json").read_text(encoding="utf-8"))
    assert ask("POST", "/v3/hooks", content=b"{").json() == broken
    gone = (folder / "webhook_404.json").read_text(encoding="utf-8").replace("{webhook_id}", "9")
    assert ask("GET", "/v3/hooks/9").json() == json.loads(gone)
    stranger = json.loads((folder / "webhook_401.json").read_text(encoding="utf-8"))
    assert ask("GET", "/v3/hooks", headers={"X-Auth-Token": "x"}).json() == stranger
