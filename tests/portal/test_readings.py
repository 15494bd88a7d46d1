"""What the access log says was looked at reads like what a person would say."""

from __future__ import annotations

import pytest

from portal.readings import ALSO, WORDS, shows, words_of
from tests.portal.test_permissions import routes


@pytest.mark.parametrize(("name", "words"), [
    ("integration_eventdelivery_changelist", "list of events delivered to other systems"),
    ("integration_eventdelivery_change", "page of the delivery of an event"),
    ("archive_disposalrun_due", "what is due for disposal"),
    ("archive_auditentry_changelist", "list of who did what"),
    ("integration_order_change", "page of an order"),
    ("integration_purchaseorder_changelist", "list of purchase orders"),
    ("integration_returncase_claim_form_pdf", "claim form of a return, as PDF"),
    ("integration_exceptioncase_many", "decision on several cases"),
    ("archive_document_send_many", "documents to be sent again"),
    ("integration_storeitem_changelist", "changelist of store items"),
    ("find", "Find"),
    ("evidence", "evidence pack"),
    ("evidence_roots", "evidence roots"),
])  # fmt: skip
def test_what_was_looked_at_is_told_in_words(name: str, words: str) -> None:
    assert words_of(name) == words


def test_every_page_that_is_recorded_has_words_of_its_own() -> None:
    shown = {route.name for route in routes() if shows(route.name)} - set(ALSO)
    endings = {name.split("_", 2)[2] for name in shown}
    assert endings - set(WORDS) == set(), "Say in portal.readings what is shown there."
    told = {words_of(name) for name in shown}
    assert {each for each in told if "_" in each or "{" in each or len(each) > 100} == set()
