"""Fixtures of the chaos tests."""

import pytest

from tests.chaos.forking import Forked


@pytest.fixture
def forked() -> Forked:
    """Child processes."""
    return Forked()
