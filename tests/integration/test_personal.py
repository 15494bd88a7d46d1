"""Every column of text of every model is told in one place: what tells of a person, and what does not, with the reason."""

from __future__ import annotations

import dataclasses
import typing
from types import UnionType
from typing import Any

import pytest
from django.apps import apps
from django.db import models
from django.db.models import Model

from integration.documents import kinds
from integration.documents.parts import Contact, OtherParty, Party
from integration.models import Comment
from integration.personal import COMMENTED, PARTIES, TABLE, forgotten_document, forgotten_order
from tests import factories

TEXT = (models.CharField, models.TextField, models.JSONField, models.BinaryField)
FACT = "a fact: nothing of a person in clear"
SETTING = "what we agreed with partners or set ourselves"
STAFF = "people who work here"
MACHINE = "numbers and states of Gridport's own"
GOODS = "items, quantities and amounts"
PASSING = "there for a day, encrypted, and removed by any erasure"

# Models that tell of no customer, and why not.
NONE: dict[str, str] = {
    **dict.fromkeys(
        [
            "archive.AccessRecord", "archive.Acknowledgment", "archive.AuditEntry", "archive.DataSubject", "archive.Document",
            "archive.Event", "archive.Interchange", "archive.InterchangeAnswer", "archive.Mention", "archive.Payload",
            "archive.PayloadKey", "archive.Reprocessing", "archive.Resubmission", "archive.SubjectKey",
            "archive.Transmission", "archive.TransmissionOutcome", "archive.CursorEpoch", "integration.TakeOver",
            "archive.DisposalDecision", "archive.DisposalItem", "archive.DisposalRefusal", "archive.DisposalRun", "archive.ErasureCertificate",
            "archive.Hold", "archive.HoldRelease", "archive.HoldReleaseDecision", "archive.HoldDocument",
            "archive.RetentionRevision", "archive.RetentionRule", "archive.SealLeaf", "archive.SealPublication",
            "archive.SealRoot",
        ],
        FACT,
    ),
    **dict.fromkeys(
        [
            "integration.Carrier", "integration.CustomerLink", "integration.InvoiceRule", "integration.InvoiceSeries",
            "integration.EventDestination", "integration.MailServer", "integration.NoticeRule", "integration.NoticeWebhook", "integration.RoutingRule",
            "integration.StockLocation", "integration.StockTerms", "integration.Store", "integration.StoreHook",
            "integration.Warehouse", "partners.Agreement", "partners.AllowedSubstitute", "partners.BusinessCalendar",
            "partners.CodeList", "partners.CodeListEntry", "partners.ConnectionTest", "partners.ControlNumber",
            "partners.Holiday", "partners.HostKey", "partners.ItemCrossReference", "partners.Mailbox",
            "partners.MappingOverride", "partners.MappingProfile", "partners.MappingRevision",
            "partners.MappingSample", "partners.Onboarding", "partners.PartnerContact", "partners.PartnerIdentifier",
            "partners.TradingPartner",
        ],
        SETTING,
    ),
    **dict.fromkeys(
        [
            "admin.LogEntry", "auth.Group", "auth.Permission", "auth.User", "contenttypes.ContentType", "portal.Access",
            "portal.ApiToken", "portal.FailedLogin", "portal.SavedSearch", "sessions.Session", "integration.Erasure", "integration.RestoreDrill",
        ],
        STAFF,
    ),
    **dict.fromkeys(
        [
            "archive.Change", "archive.DocumentState", "archive.PayloadCopy", "archive.SealCheck", "archive.TrimmedChanges", "django_q.Failure", "django_q.OrmQ", "django_q.Schedule", "django_q.Success",
            "django_q.Task", "integration.Channel", "integration.DailyFigure",
            "integration.EventAttempt", "integration.EventCursor", "integration.EventDelivery",
            "integration.Expectation", "integration.Gap", "integration.HookCall", "integration.Lane",
            "integration.MissingTranslation", "integration.Notice", "integration.Occurrence", "integration.Pause", "integration.Reconciliation",
            "integration.Sighting", "integration.WebhookCall", "integration.Work",
            "portal.KeptAnswer",
        ],
        MACHINE,
    ),
    **dict.fromkeys(["portal.Export", "portal.ExportPart"], PASSING),
    **dict.fromkeys(
        [
            "integration.ProductCategories", "integration.PurchaseOrderLine", "integration.Restock",
            "integration.Shipment", "integration.ShipmentFile", "integration.StockFeed", "integration.StockFeedLine",
            "integration.StockLevel", "integration.StockLimit", "integration.StockWrite", "integration.StoreCategory",
            "integration.StoreItem", "integration.SupplierInvoice", "integration.SupplierInvoicePart",
            "integration.SupplierStock",
        ],
        GOODS,
    ),
}  # fmt: skip
TOLD = {**TABLE, Comment: COMMENTED}


def columns(model: type[Model]) -> set[str]:
    """The columns of text of a model, but for those whose values are chosen from a list."""
    own = model._meta.concrete_fields
    return {field.name for field in own if isinstance(field, TEXT) and not field.choices}


def test_every_column_of_text_is_told_as_personal_or_not() -> None:
    with_text = {model._meta.label: model for model in apps.get_models() if columns(model)}
    told = {model._meta.label for model in TOLD}
    assert with_text.keys() - told - NONE.keys() == set(), (
        "Say in integration.personal or here what they tell."
    )
    assert (told | NONE.keys()) - with_text.keys() == set()
    assert told & NONE.keys() == set()
    for model, personal in TOLD.items():
        assert columns(model) == personal.columns.keys() | set(personal.rest.split()), model
        assert personal.columns.keys() & set(personal.rest.split()) == set()


def test_every_party_and_contact_of_a_canonical_document_is_left_out() -> None:
    people = {Contact, OtherParty, Party}
    found = set()

    def walk(kind: Any) -> None:
        for name, hint in typing.get_type_hints(kind).items():
            inner = {each for each in _within(hint) if dataclasses.is_dataclass(each)}
            if inner & people:
                found.add(name)
            for each in inner - people:
                walk(each)

    for kind in kinds.KINDS.values():
        walk(kind)
    assert found <= PARTIES
    assert {"ship_to", "bill_to", "contact", "parties"} <= found


def _within(hint: Any) -> set[Any]:
    if typing.get_origin(hint) in (typing.Union, UnionType, tuple):
        return set().union(*(_within(each) for each in typing.get_args(hint)))
    return {hint}


def test_an_order_keeps_its_lines_and_loses_whose_it_was() -> None:
    content = {
        "customer_name": "Nora Quill",
        "customer_id": 17,
        "customer_message": "Ring twice, Nora",
        "currency": "USD",
        "is_deleted": False,
        "billing_address": {
            "first_name": "Nora",
            "email": "nora@example.net",
            "country_iso2": "US",
            "form_fields": [1],
        },
        "addresses": [factories.address(first_name="Nora", id=4)],
        "lines": [factories.order_line(1, "FS-1", wrapping_message="For Nora")],
    }
    bare = forgotten_order(content)
    assert "Nora" not in str(bare)
    assert "nora" not in str(bare)
    assert bare["lines"] == [factories.order_line(1, "FS-1", wrapping_message="")]
    assert bare["addresses"][0]["id"] == 4
    assert bare["addresses"][0]["country_iso2"] == bare["billing_address"]["country_iso2"] == "US"
    assert bare["addresses"][0].keys() == content["addresses"][0].keys()
    assert bare["billing_address"]["form_fields"] == []


def test_a_canonical_document_keeps_its_numbers_and_loses_people_and_words() -> None:
    content = {
        "invoice_number": "INV-1",
        "total": "69.30",
        "bill_to": {"name": "Nora Quill"},
        "other_parties": [{"name": "Nora"}],
        "other_references": [{"qualifier": "ZZ", "value": "Nora"}],
        "lines": [{"sku": "FS-1", "notes": "For Nora", "quantity": "2"}],
    }
    assert forgotten_document(content) == {
        "invoice_number": "INV-1",
        "total": "69.30",
        "bill_to": None,
        "other_parties": [],
        "other_references": [],
        "lines": [{"sku": "FS-1", "notes": None, "quantity": "2"}],
    }


@pytest.mark.parametrize("model", TABLE, ids=lambda model: model.__name__)
def test_every_way_of_the_table_leads_somewhere(db: None, model: type[Model]) -> None:
    personal = TABLE[model]
    assert personal.orders or personal.documents
    for path in (*personal.orders, *personal.documents):
        assert not model._default_manager.filter(**{f"{path}__in": [0]}).exists()
