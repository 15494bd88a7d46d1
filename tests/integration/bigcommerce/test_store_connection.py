"""Requests to the store: what is repeated, what is not, and what staff are told."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import requests

from integration.bigcommerce.budget import InMemoryBudget
from integration.bigcommerce.client import NotFound, Refused, StoreClient
from integration.bigcommerce.fields import BrokenAnswer
from integration.errors import ConfigurationError, PermanentError, RetryableError
from tests.integration.bigcommerce.scripted_store import HANG_UP, PAGE, Say, ScriptedStore, data
from tests.integration.bigcommerce.store_answers import order_answer

TOKEN = "token-that-nobody-may-see"
ORDER = "GET /stores/abc123/v2/orders/1042"
FOUND = data(order_answer())


class Sleeps:
    """A clock that sleeping moves on."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def sleeps() -> Sleeps:
    return Sleeps()


@contextmanager
def scripted(sleeps: Sleeps, *script: Say) -> Iterator[tuple[ScriptedStore, StoreClient]]:
    with ScriptedStore(*script) as store:
        budget = InMemoryBudget(sleeps.clock)
        with StoreClient(
            store.url, "abc123", TOKEN, budget, clock=sleeps.clock, sleep=sleeps.sleep
        ) as client:
            yield store, client


def post(client: StoreClient) -> None:
    """The one POST that the client makes: after a look that finds nothing."""
    client.set_order_metafield(1042, "gridport", "purchase_orders", "PO-1")


NO_METAFIELDS = data({"data": [], "meta": {"pagination": {"total_pages": 1}}})


def test_every_request_carries_token_agent_and_accept(sleeps: Sleeps) -> None:
    with scripted(sleeps, FOUND) as (store, client):
        client.get_order(1042)
    (asked,) = store.asked
    assert store.lines == [ORDER]
    assert asked.headers["x-auth-token"] == TOKEN
    assert asked.headers["accept"] == "application/json"
    assert asked.headers["user-agent"] == "Gridport"
    assert "content-type" not in asked.headers


def test_a_body_is_json_with_the_one_field_that_changes(sleeps: Sleeps) -> None:
    with scripted(sleeps, FOUND) as (store, client):
        client.update_status(1042, 9)
    (asked,) = store.asked
    assert (asked.method, asked.path) == ("PUT", "/stores/abc123/v2/orders/1042")
    assert asked.headers["content-type"] == "application/json"
    assert json.loads(asked.body) == {"status_id": 9}


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_a_fault_that_passes_is_waited_out(sleeps: Sleeps, status: int) -> None:
    with scripted(sleeps, Say(status), Say(status, b"<html>"), FOUND) as (store, client):
        assert client.get_order(1042).id == 1042
    assert store.lines == [ORDER] * 3
    assert len(sleeps.slept) == 2
    assert 0 <= sleeps.slept[0] <= 0.5
    assert 0 <= sleeps.slept[1] <= 1.0


@pytest.mark.parametrize("answer", [HANG_UP, PAGE, Say(), Say(body=b"{", kind="application/json")])
def test_no_data_is_waited_out_likewise(sleeps: Sleeps, answer: Say) -> None:
    with scripted(sleeps, answer, FOUND) as (store, client):
        assert client.get_order(1042).id == 1042
    assert store.lines == [ORDER] * 2


def test_after_four_tries_the_work_is_put_back(sleeps: Sleeps) -> None:
    with scripted(sleeps, *[Say(500)] * 5) as (store, client), pytest.raises(RetryableError) as caught:
        client.get_order(1042)
    assert len(store.asked) == 4
    assert str(caught.value) == (
        "The store had a fault of its own (read order 1042, HTTP 500). It is tried again by itself."
    )
    assert caught.value.ambiguous is False


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (PAGE, "The store answered with a web page instead of data (read order 1042, HTTP 200)."),
        (Say(), "The store answered with nothing instead of data (read order 1042, HTTP 200)."),
        (Say(204), "The store answered with nothing instead of data (read order 1042)."),
        (
            Say(body=b"oops", kind="text/plain"),
            "The store answered with something that cannot be read (text/plain) instead of data (read order 1042, HTTP 200).",
        ),
        (
            Say(body=b"[" * 100_000),
            "The store answered with something that cannot be read (application/json)",
        ),
        (
            Say(body=b'{"id": NaN}'),
            "The store answered with something that cannot be read (application/json)",
        ),
        (Say(302, headers={"Location": "https://example.com/maintenance"}), "(read order 1042, HTTP 302)"),
        (Say(404, PAGE.body, kind=PAGE.kind), "a web page instead of data (read order 1042, HTTP 404)"),
        (HANG_UP, "The store broke the connection off (read order 1042)."),
        (Say(body=b'{"id": 1', promised=500), "The store broke the connection off (read order 1042)."),
    ],
)
def test_what_is_no_answer_is_told_in_plain_words(sleeps: Sleeps, answer: Say, words: str) -> None:
    with scripted(sleeps, *[answer] * 4) as (_, client), pytest.raises(RetryableError) as caught:
        client.get_order(1042)
    assert words in str(caught.value)
    assert "tried again by itself" in str(caught.value)


def test_redirects_are_not_followed(sleeps: Sleeps) -> None:
    with ScriptedStore(FOUND) as elsewhere:
        moved = Say(301, headers={"Location": f"{elsewhere.url}/stores/abc123/v2/orders/1042"})
        with (
            scripted(sleeps, moved) as (_, client),
            pytest.raises(ConfigurationError, match="another address"),
        ):
            client.get_order(1042)
    assert elsewhere.asked == []


@pytest.mark.parametrize(("status", "words"), [(401, "refused our API token"), (403, "a scope is missing")])
def test_a_refused_token_is_for_staff_and_not_shown(sleeps: Sleeps, status: int, words: str) -> None:
    with (
        scripted(sleeps, data({"title": TOKEN}, status)) as (store, client),
        pytest.raises(ConfigurationError, match=words) as caught,
    ):
        client.get_order(1042)
    assert len(store.asked) == 1
    assert TOKEN not in str(caught.value)


def test_a_suspended_store_is_for_staff_and_left_alone(sleeps: Sleeps) -> None:
    said = data({"status": 503, "title": "The store is suspended. Please contact support."}, 503)
    with (
        scripted(sleeps, said) as (store, client),
        pytest.raises(ConfigurationError, match=r"^The store is suspended \(read order 1042\)"),
    ):
        client.get_order(1042)
    assert len(store.asked) == 1


def test_what_is_not_there_is_not_found(sleeps: Sleeps) -> None:
    missing = data([{"status": 404, "message": "The requested resource was not found."}], 404)
    with (
        scripted(sleeps, missing) as (store, client),
        pytest.raises(NotFound, match=r"does not have it \(read order 1042\)") as caught,
    ):
        client.get_order(1042)
    assert isinstance(caught.value, PermanentError)
    assert len(store.asked) == 1


@pytest.mark.parametrize(
    ("status", "answer", "words"),
    [
        (
            400,
            [{"status": 400, "message": "The field 'status' is not supported."}],
            "HTTP 400: The field 'status' is not supported.",
        ),
        (
            400,
            [
                {
                    "message": "The field 'quantity' is invalid.",
                    "details": {"invalid_reason": "Too many.", "n": 1},
                }
            ],
            "HTTP 400: The field 'quantity' is invalid.; Too many.",
        ),
        (
            422,
            {"title": "Wrong.", "errors": {"amount": "is not the quoted", "n": 5}},
            "HTTP 422: Wrong.; is not the quoted",
        ),
        (422, {"status": 422, "detail": "Tracked by product."}, "HTTP 422: Tracked by product."),
        (422, {"data": [{"title": "Not that much."}]}, "HTTP 422: Not that much."),
        (413, "words", "HTTP 413)"),
        (400, {"title": "a\nb\tc\x1b[31m" + "x" * 900}, "HTTP 400: a b c[31m" + "x" * 290 + ")"),
    ],
)
def test_a_refusal_carries_the_words_of_the_store(
    sleeps: Sleeps, status: int, answer: object, words: str
) -> None:
    with scripted(sleeps, data(answer, status)) as (store, client), pytest.raises(Refused) as caught:
        client.update_status(1042, 9)
    assert caught.value.status == status
    assert f"The store refused (set the status of order 1042, {words}" in str(caught.value)
    assert len(store.asked) == 1


def test_a_short_429_is_waited_out_as_asked(sleeps: Sleeps) -> None:
    limited = data([], 429, X_Rate_Limit_Time_Reset_Ms="1500")
    with scripted(sleeps, limited, FOUND) as (store, client):
        assert client.get_order(1042).id == 1042
    assert len(store.asked) == 2
    assert len(sleeps.slept) == 1
    assert 1.5 <= sleeps.slept[0] <= 2.0


def test_a_long_429_puts_the_work_back_and_says_until_when(sleeps: Sleeps) -> None:
    with (
        scripted(sleeps, data([], 429, X_Rate_Limit_Time_Reset_Ms="21000")) as (store, client),
        pytest.raises(RetryableError, match="request limit is used up") as caught,
    ):
        client.get_order(1042)
    assert caught.value.retry_after == timedelta(seconds=21)
    assert (len(store.asked), sleeps.slept) == (1, [])


def test_a_429_that_says_nothing_is_backed_off_from(sleeps: Sleeps) -> None:
    with (
        scripted(sleeps, *[data([], 429)] * 4) as (store, client),
        pytest.raises(RetryableError) as caught,
    ):
        client.get_order(1042)
    assert caught.value.retry_after is None
    assert len(store.asked) == 4
    assert len(sleeps.slept) == 3
    assert all(slept <= most for slept, most in zip(sleeps.slept, [0.5, 1.0, 2.0], strict=True))


def test_a_used_up_window_is_waited_for_before_asking(sleeps: Sleeps) -> None:
    used_up = {"X-Rate-Limit-Requests-Left": "3", "X-Rate-Limit-Requests-Quota": "150"}
    first = Say(body=FOUND.body, headers={**used_up, "X-Rate-Limit-Time-Reset-Ms": "2000"})
    with scripted(sleeps, first, FOUND) as (store, client):
        client.get_order(1042)
        client.get_order(1042)
    assert len(store.asked) == 2
    assert 2.0 <= sum(sleeps.slept) <= 2.3


def test_a_long_window_puts_the_work_back_without_asking(sleeps: Sleeps) -> None:
    used_up = {"X-Rate-Limit-Requests-Left": "0", "X-Rate-Limit-Requests-Quota": "150"}
    first = Say(body=FOUND.body, headers={**used_up, "X-Rate-Limit-Time-Reset-Ms": "20000"})
    with scripted(sleeps, first) as (store, client):
        client.get_order(1042)
        with pytest.raises(RetryableError) as caught:
            client.get_order(1042)
    assert caught.value.retry_after == timedelta(seconds=20)
    assert len(store.asked) == 1


@pytest.mark.parametrize("answer", [HANG_UP, PAGE, Say(), Say(500), Say(504)])
def test_a_post_whose_answer_is_lost_is_never_repeated_blindly(sleeps: Sleeps, answer: Say) -> None:
    with (
        scripted(sleeps, NO_METAFIELDS, answer) as (store, client),
        pytest.raises(RetryableError) as caught,
    ):
        post(client)
    assert caught.value.ambiguous is True
    assert [each.method for each in store.asked] == ["GET", "POST"]


def test_a_post_that_was_turned_away_is_repeated(sleeps: Sleeps) -> None:
    limited = data([], 429, X_Rate_Limit_Time_Reset_Ms="100")
    written = data({"data": {"id": 3, "namespace": "gridport", "key": "purchase_orders", "value": "PO-1"}})
    with scripted(sleeps, NO_METAFIELDS, limited, written) as (store, client):
        post(client)
    assert [each.method for each in store.asked] == ["GET", "POST", "POST"]


@pytest.mark.parametrize("answer", [HANG_UP, PAGE, Say(), Say(500), Say(504)])
def test_a_put_whose_answer_is_lost_is_never_repeated_blindly(sleeps: Sleeps, answer: Say) -> None:
    with scripted(sleeps, answer) as (store, client), pytest.raises(RetryableError) as caught:
        client.update_status(1042, 9)
    # It may be done, and somebody may have moved the order on since.
    assert caught.value.ambiguous is True
    assert [each.method for each in store.asked] == ["PUT"]


def test_a_put_that_was_turned_away_is_repeated(sleeps: Sleeps) -> None:
    limited = data([], 429, X_Rate_Limit_Time_Reset_Ms="100")
    with scripted(sleeps, limited, FOUND) as (store, client):
        client.update_status(1042, 9)
    assert [each.method for each in store.asked] == ["PUT", "PUT"]


def test_a_store_that_cannot_be_reached_has_read_nothing(sleeps: Sleeps) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        with (
            StoreClient(
                url, "abc123", TOKEN, InMemoryBudget(), clock=sleeps.clock, sleep=sleeps.sleep
            ) as client,
            pytest.raises(RetryableError, match="could not be reached") as caught,
        ):
            client.update_status(1042, 9)
    assert caught.value.ambiguous is False
    assert len(sleeps.slept) == 3


class _Session(requests.Session):
    """Fails as a real session does where no test can make the network do it."""

    def __init__(self, problem: Exception, after: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self.problem = problem
        self.after = after
        self.timeouts: list[object] = []

    def request(self, *words: object, **options: object) -> requests.Response:
        self.timeouts.append(options["timeout"])
        self.after()
        raise self.problem


@pytest.mark.parametrize(
    ("problem", "words", "ambiguous"),
    [
        (requests.ReadTimeout(), "did not answer in time", True),
        (requests.ConnectTimeout(), "could not be reached", False),
        (requests.exceptions.SSLError(), "could not be reached", False),
        (requests.exceptions.ChunkedEncodingError(), "broke the connection off", True),
    ],
)
def test_time_outs_are_told_apart(sleeps: Sleeps, problem: Exception, words: str, ambiguous: bool) -> None:
    session = _Session(problem)
    client = StoreClient(
        "https://api.example.com",
        "abc123",
        TOKEN,
        InMemoryBudget(),
        session=session,
        clock=sleeps.clock,
        sleep=sleeps.sleep,
    )
    with client, pytest.raises(RetryableError, match=words) as caught:
        client.update_status(1042, 9)
    assert caught.value.ambiguous is ambiguous
    assert session.timeouts == [(5.0, 30.0)] * (1 if ambiguous else 4)


def test_no_new_try_begins_after_twenty_seconds(sleeps: Sleeps) -> None:
    session = _Session(requests.ReadTimeout(), after=lambda: sleeps.sleep(21))
    client = StoreClient(
        "https://api.example.com", "abc123", TOKEN, InMemoryBudget(), session=session, clock=sleeps.clock
    )
    with client, pytest.raises(RetryableError, match="did not answer in time"):
        client.get_order(1042)
    assert len(session.timeouts) == 1


@pytest.mark.parametrize(
    "url", ["", "api.example.com", "ftp://api.example.com", "https://", "https://a.example/?x=1"]
)
def test_an_address_that_is_none_is_for_staff(url: str) -> None:
    with pytest.raises(ConfigurationError, match="is not a web address"):
        StoreClient(url, "abc123", TOKEN, InMemoryBudget())


@pytest.mark.parametrize("store_hash", ["", "a/b", "../v2", "a b", "a?b"])
def test_a_store_hash_that_leads_elsewhere_is_for_staff(store_hash: str) -> None:
    with pytest.raises(ConfigurationError, match="is not one"):
        StoreClient("https://api.example.com", store_hash, TOKEN, InMemoryBudget())


@pytest.mark.parametrize("token", ["", "two words", "zwölf", "line\nbreak"])
def test_a_token_that_no_header_can_carry_is_for_staff_and_not_shown(token: str) -> None:
    with pytest.raises(ConfigurationError, match="Enter it anew") as caught:
        StoreClient("https://api.example.com", "abc123", token, InMemoryBudget())
    assert not token or token not in str(caught.value)


def test_neither_token_nor_body_is_ever_logged(sleeps: Sleeps, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = data(order_answer(staff_notes="nobody-may-see-this-either"))
    with scripted(sleeps, Say(500, b"nobody-may-see-this-either"), secret, HANG_UP, secret) as (_, client):
        client.get_order(1042)
        with pytest.raises(RetryableError):
            client.update_status(1042, 9)
        client.update_status(1042, 9)
    assert TOKEN not in caplog.text
    assert "nobody-may-see-this-either" not in caplog.text


def test_what_is_no_object_is_a_broken_answer(sleeps: Sleeps) -> None:
    with scripted(sleeps, data([])) as (_, client), pytest.raises(BrokenAnswer, match="without an object"):
        client.get_order(1042)
