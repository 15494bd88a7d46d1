"""What the onboarding page of a partner says where nothing has begun."""

from __future__ import annotations

import pytest
from django.test import Client

from partners.models import Agreement, Mode
from portal.admin.onboarding import onboarding_url
from portal.groups import PARTNER_ADMINISTRATOR
from tests import factories
from tests.pages import words_of
from tests.portal.admin.conftest import client_of

pytestmark = pytest.mark.django_db

BELOW = "Begin it below."


@pytest.fixture
def keeper() -> Client:
    return client_of(factories.user("pia", PARTNER_ADMINISTRATOR))


def test_who_may_begin_is_told_where(keeper: Client, viewer: Client) -> None:
    address = onboarding_url(factories.agreement().partner)
    assert BELOW in words_of(keeper.get(address))
    said = words_of(viewer.get(address))
    assert "Whoever may change agreements can begin it." in said
    assert BELOW not in said


def test_where_everything_is_live_there_is_nothing_to_begin(keeper: Client) -> None:
    agreement = factories.agreement()
    Agreement.objects.filter(pk=agreement.pk).update(mode=Mode.LIVE)
    said = words_of(keeper.get(onboarding_url(agreement.partner)))
    assert "Each agreement of this partner is or was live already: there is nothing to begin." in said
    assert "Is or was live" in said
    assert BELOW not in said


def test_a_partner_without_an_agreement_needs_one_first(keeper: Client) -> None:
    said = words_of(keeper.get(onboarding_url(factories.partner())))
    assert "This partner has no agreement yet: add one first." in said
    assert BELOW not in said
