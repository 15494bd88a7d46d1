"""Requests and answers as they went over the line, and how to make some that never did."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import requests

from integration.bigcommerce.budget import InMemoryBudget
from integration.bigcommerce.client import StoreClient
from integration.simulators.store.server import StoreSimulator
from tests.contract.descriptions import SERVER, Descriptions
from tests.contract.differences import OF_ANSWERS, OF_REFUSALS

HASH = "harborpine"
TOKEN = "a-token-of-the-tests"
HEADERS = {"X-Auth-Token": TOKEN, "Accept": "application/json", "Content-Type": "application/json"}


class Recorder(requests.Session):
    """A session that keeps every answer, each with its request."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[requests.Response] = []

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Send and keep."""
        answer = super().send(request, **options)
        self.answers.append(answer)
        return answer


@contextmanager
def recorded(
    store: StoreSimulator, kind: type[StoreClient] = StoreClient
) -> Iterator[tuple[StoreClient, Recorder]]:
    """The portal's client of the store, or a variant of it, and what it sends and gets."""
    recorder = Recorder()
    with kind(
        store.url, HASH, TOKEN, InMemoryBudget(), session=recorder, sleep=lambda seconds: None
    ) as client:
        yield client, recorder


def asked(method: str, path: str, body: Any = None, **changes: Any) -> requests.PreparedRequest:
    """A request to the real store that is never sent."""
    parts: dict[str, Any] = {"headers": HEADERS, "json": body, **changes}
    return requests.Request(method, f"{SERVER}/stores/{HASH}{path}", **parts).prepare()


def answered(
    method: str, path: str, data: Any, status: int = 200, kind: str = "application/json"
) -> requests.Response:
    """An answer that never came over a line; ``data`` None is an empty body."""
    answer = requests.Response()
    answer.request = asked(method, path)
    answer.status_code = status
    answer.headers["Content-Type"] = kind
    answer._content = b"" if data is None else json.dumps(data).encode()
    return answer


def of_requests(descriptions: Descriptions, answers: Iterable[requests.Response]) -> set[tuple[str, str]]:
    """What of the requests is not described, by operation."""
    return {
        (_name(descriptions, answer), each)
        for answer in answers
        for each in descriptions.of_request(answer.request)
    }


def of_answers(descriptions: Descriptions, answers: Iterable[requests.Response]) -> set[tuple[str, str]]:
    """What of the answers is not described, by operation."""
    return {
        (_name(descriptions, answer), each) for answer in answers for each in descriptions.of_answer(answer)
    }


def not_accepted(found: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """What is neither described nor accepted."""
    return found - OF_ANSWERS.keys() - OF_REFUSALS.keys()


def _name(descriptions: Descriptions, answer: requests.Response) -> str:
    operation = descriptions.operation(answer.request)
    return operation.name if operation else str(answer.request.path_url)
