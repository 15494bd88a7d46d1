"""Tokens, content types, methods and paths: what is answered before anything is looked up."""

from __future__ import annotations

import socket
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest
import requests

from integration.simulators.store.server import StoreSimulator
from tests.integration.simulators.store.asking import TOKEN, Asker

PROBLEM = "https://developer.bigcommerce.com/api-docs/getting-started/api-status-codes"
V2_UNAUTHORIZED = [{"status": 401, "message": "No credentials were supplied in the request."}]
V3_UNAUTHORIZED = {
    "status": 401,
    "title": "Unauthorized - the v3 Auth client ID or token in the request are not a valid combination for this store.",
    "type": "/api-docs/getting-started/api-status-codes",
}


def parsed(answer: requests.Response) -> ElementTree.Element:
    """The answer's XML."""
    return ElementTree.fromstring(answer.content)  # noqa: S314 - of our own simulator


@pytest.mark.parametrize("token", [None, "", "another", TOKEN.upper()])
@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/v2/orders/1001", V2_UNAUTHORIZED),
        ("/v3/orders/1001/metafields", V3_UNAUTHORIZED),
        ("/v2/nothing-here", V2_UNAUTHORIZED),
    ],
)
def test_without_the_stores_token_nothing_is_told(
    ask: Asker, token: str | None, path: str, said: Any
) -> None:
    answer = ask("GET", path, headers={"X-Auth-Token": token})
    assert (answer.status_code, answer.json()) == (401, said)


def test_a_write_with_a_wrong_token_changes_nothing(ask: Asker, store: StoreSimulator) -> None:
    answer = ask("PUT", "/v2/orders/1001", body={"status_id": 9}, headers={"X-Auth-Token": "another"})
    assert answer.status_code == 401
    assert store.state.order(1001)["status_id"] == 11


@pytest.mark.parametrize("accept", [None, "*/*", "application/xml"])
def test_v2_answers_xml_unless_json_is_asked_for(ask: Asker, accept: str | None) -> None:
    answer = ask("GET", "/v2/orders/1013", headers={"Accept": accept})
    assert answer.headers["Content-Type"] == "application/xml"
    order = parsed(answer)
    assert (order.tag, order.findtext("id"), order.findtext("is_deleted")) == ("order", "1013", "false")
    assert order.findtext("billing_address/last_name") == "O'Dell"
    addresses = parsed(ask("GET", "/v2/orders/1007/shipping_addresses", headers={"Accept": accept}))
    assert [addresses.tag, *(each.tag for each in addresses)] == [
        "shipping_addresses",
        "shipping_address",
        "shipping_address",
    ]


def test_entries_of_a_list_in_xml_are_named_in_the_singular(ask: Asker) -> None:
    for path, names in (
        ("/v2/orders", ["orders", "order"]),
        ("/v2/order_statuses", ["order_statuses", "order_status"]),
        ("/v2/orders/1005/products", ["products", "product"]),
    ):
        told = parsed(ask("GET", path, headers={"Accept": "*/*"}))
        assert [told.tag, *{each.tag for each in told}] == names


def test_v2_refuses_in_xml_likewise(ask: Asker) -> None:
    answer = ask("GET", "/v2/orders/77", headers={"Accept": "*/*"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/xml")
    assert answer.content == (
        b"<?xml version='1.0' encoding='utf-8'?>\n<errors><error><status>404</status>"
        b"<message>The requested resource was not found.</message></error></errors>"
    )


def test_v3_answers_json_whatever_is_asked_for(ask: Asker) -> None:
    answer = ask("GET", "/v3/orders/1001/metafields", headers={"Accept": "*/*"})
    assert (answer.headers["Content-Type"], answer.json()["data"]) == ("application/json", [])


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("GET", "/v2/orders/77", 404, [{"status": 404, "message": "The requested resource was not found."}]),
        (
            "GET",
            "/v2/orders/77/products",
            404,
            [{"status": 404, "message": "The requested resource was not found."}],
        ),
        ("GET", "/v2/shipments", 404, [{"status": 404, "message": "The requested resource was not found."}]),
        (
            "DELETE",
            "/v2/orders/1001",
            405,
            [{"status": 405, "message": "The requested HTTP method is invalid for this endpoint."}],
        ),
        (
            "GET",
            "/v3/orders/77/metafields",
            404,
            {"status": 404, "title": "The resource was not found.", "type": PROBLEM, "errors": {}},
        ),
        (
            "PATCH",
            "/v3/catalog/variants",
            405,
            {
                "status": 405,
                "title": "Method Not Allowed",
                "type": PROBLEM,
                "detail": "The requested HTTP method is invalid for this endpoint.",
            },
        ),
    ],
)
def test_what_is_not_there_and_what_cannot_be_done_is_said(
    ask: Asker, method: str, path: str, status: int, said: Any
) -> None:
    answer = ask(method, path)
    assert (answer.status_code, answer.json()) == (status, said)


def test_another_store_is_not_found(ask: Asker, store: StoreSimulator) -> None:
    for path in ("/stores/harborpine2/v2/orders", "/stores/other/v2/orders", "/"):
        answer = ask.session.get(store.url + path, headers={"X-Auth-Token": TOKEN}, timeout=10)
        assert (answer.status_code, answer.json()["title"]) == (404, "The resource was not found.")


@pytest.mark.parametrize(
    "content", [b"{", b"", b"[]", b'"status_id"', b"\xff\xfe", b'{"status_id": NaN}', b"[" * 100_000]
)
def test_a_body_that_is_not_a_json_object_is_refused(
    ask: Asker, store: StoreSimulator, content: bytes
) -> None:
    answer = ask("PUT", "/v2/orders/1001", content=content)
    assert (answer.status_code, answer.json()) == (
        400,
        [{"status": 400, "message": "Input is invalid: the body is not a JSON object."}],
    )
    answer = ask("POST", "/v3/orders/1001/metafields", content=content)
    assert (answer.status_code, answer.json()) == (
        400,
        {"status": 400, "title": "Input is invalid", "type": PROBLEM, "detail": "Syntax error"},
    )
    assert store.state.metafields == {}


def test_a_body_that_does_not_say_that_it_is_json_is_refused(ask: Asker) -> None:
    answer = ask(
        "PUT", "/v2/orders/1001", content=b'{"status_id": 9}', headers={"Content-Type": "text/plain"}
    )
    assert (answer.status_code, answer.json()) == (
        415,
        [{"status": 415, "message": "The content type of the request is not supported."}],
    )
    answer = ask("POST", "/v3/orders/1001/metafields", content=b"{}", headers={"Content-Type": None})
    assert answer.status_code == 415
    assert answer.json()["title"] == "The content type of the request is not supported."


@pytest.mark.parametrize("length", ["many", "-1", "1.5", "9" * 30])
def test_a_body_of_unknown_length_is_refused_and_the_line_ends(store: StoreSimulator, length: str) -> None:
    head = (
        f"PUT /stores/harborpine/v2/orders/1001 HTTP/1.1\r\nHost: store\r\nX-Auth-Token: {TOKEN}\r\n"
        f"Accept: application/json\r\nContent-Length: {length}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", store.port), timeout=10) as line:
        line.sendall(head.encode())
        told = b"".join(iter(lambda: line.recv(65536), b""))
    assert told.startswith(b"HTTP/1.1 400 ")
    assert b"the body is not a JSON object" in told


@pytest.mark.parametrize(
    "path", ["/v2/orders/" + "9" * 5000, "/v2/orders/%31", "/v2/orders/-1", "/v2//[", "/v2/"]
)
def test_a_strange_path_is_not_found(ask: Asker, path: str) -> None:
    assert ask("GET", path).status_code == 404
