"""People of each kind, logged in."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests import factories


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def viewer(db: None) -> Client:
    """Somebody in the group view."""
    return client_of(factories.user("vera", "view"))


@pytest.fixture
def decider(db: None) -> Client:
    """Somebody in the group decide."""
    return client_of(factories.user("dora", "decide"))


@pytest.fixture
def administrator(db: None) -> Client:
    """A superuser."""
    return client_of(factories.user("root", superuser=True))
