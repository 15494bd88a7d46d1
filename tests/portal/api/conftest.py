"""A world that is committed, as readers see only what is over, and somebody who asks about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from integration.flows.figures import keep_figures
from integration.models import LineEntry, PurchaseOrder
from portal.api.resources import READABLE
from portal.api.tokens import Wanted, issue
from portal.copies import DatabaseCopies
from tests import factories
from tests.conftest import own_database

Asker = Callable[..., Client]


@pytest.fixture(scope="module")
def world(copies: DatabaseCopies, django_db_setup: None, django_db_blocker: Any) -> Iterator[PurchaseOrder]:
    """Two rows of everything, committed for a module's tests; give the purchase order of the first."""
    with own_database(copies, django_db_blocker), django_db_blocker.unblock():
        made = factories.everything()
        other = factories.everything()
        for each in (made, other):
            answer = factories.received(each.agreement, "855", factories.acceptance(each))
            for line in each.lines.all():
                LineEntry.objects.create(
                    line=line,
                    kind=LineEntry.Kind.ACKNOWLEDGED,
                    quantity=2,
                    unit_price="4.5",
                    promised_on="2026-12-01",
                    document=answer,
                    stated_at=timezone.now(),
                )
        keep_figures()
        yield made


def token_of(user: User, **fields: Any) -> str:
    """Return a token in the name of ``user``, made by an administrator: it reads everything where ``fields`` say nothing else."""
    maker = User.objects.filter(username="maker").first() or factories.user("maker", superuser=True)
    wanted = {
        "name": "Warehouse",
        "resources": list(READABLE),
        "expires_at": timezone.now() + timedelta(days=30),
        "reads_content": True,
        "may_write": True,
    }
    return issue(maker, Wanted(user=user, **{**wanted, **fields}), "For the tests.")[1]


def client_with(token: str) -> Client:
    """Return a client that asks with ``token``."""
    return Client(headers={"Authorization": f"Bearer {token}"})


@pytest.fixture(scope="module")
def asker(world: PurchaseOrder) -> Client:
    """An administrator's token that reads everything."""
    return client_with(token_of(factories.user("ada", superuser=True)))
