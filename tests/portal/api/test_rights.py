"""Every address of the API, every method, every role and every scope of a token, against a table that people wrote.

A new address without a row fails, and so does a row without an address.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from archive.changes import RESOURCES as NAMES
from archive.models import AccessRecord
from integration.models import PurchaseOrder
from portal.api.resources import BY_NAME, READABLE
from portal.api.urls import urlpatterns
from portal.groups import AUDITOR, CUSTOMER_SERVICE, OPERATOR, PARTNER_ADMINISTRATOR, RECORDS_MANAGER
from portal.models import Access, ApiToken
from tests import factories
from tests.portal.api.conftest import client_with, token_of

ROLES = {"c": CUSTOMER_SERVICE, "p": PARTNER_ADMINISTRATOR, "o": OPERATOR, "r": RECORDS_MANAGER, "a": AUDITOR}
ADMINISTRATOR, NOBODY = "A", "N"
"""A superuser; and a member of staff who holds no role."""
STAFF, LOOKING, DECIDING = "cporaA", "poraA", "cpoA"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")

SEES = {
    "documents": STAFF, "interchanges": STAFF, "orders": STAFF, "purchase_orders": STAFF, "purchase_order_lines": STAFF,
    "acknowledgment_lines": STAFF, "shipments": STAFF, "invoices": STAFF, "supplier_invoices": STAFF,
    "returns": STAFF, "return_lines": STAFF, "cases": STAFF, "daily_figures": STAFF,
    "scorecards": LOOKING, "partners": LOOKING, "stores": LOOKING, "mappings": LOOKING, "reconciliations": LOOKING,
}  # fmt: skip
"""Who may look at the rows of each resource."""


@dataclass(frozen=True)
class Rule:
    """One address: of which resource, which roles by which method, and which switch of the token a method takes beside."""

    resource: str
    may: dict[str, str] = field(default_factory=dict)
    needs: dict[str, str] = field(default_factory=dict)


LOOKED_AT, ACTED = ("GET", "HEAD"), ("POST",)


def _looked_at(resource: str, switch: str = "") -> Rule:
    needs = dict.fromkeys(LOOKED_AT, switch) if switch else {}
    return Rule(resource, dict.fromkeys(LOOKED_AT, SEES[resource]), needs)


def _acted_on(resource: str) -> Rule:
    return Rule(resource, dict.fromkeys(ACTED, DECIDING), dict.fromkeys(ACTED, "may_write"))


RIGHTS = {f"{name}_{what}": _looked_at(name) for name in NAMES for what in ("list", "row")} | {
    "scorecards_list": _looked_at("scorecards"),
    "documents_content": _looked_at("documents", "reads_content"),
    "documents_raw": _looked_at("documents", "reads_content"),
    # What sending it again would do may be looked at by whoever may look at it.
    "documents_resubmit": Rule(
        "documents",
        {"GET": STAFF, "HEAD": DECIDING, "POST": DECIDING},
        {"HEAD": "may_write", "POST": "may_write"},
    ),
    "cases_decisions": Rule("cases", {"GET": STAFF, "HEAD": DECIDING}, {"HEAD": "may_write"}),
    "cases_plan": _acted_on("cases"),
    "cases_decide": _acted_on("cases"),
    "returns_open": _acted_on("returns"),
    "cases_comment": _acted_on("cases"),
    "documents_comment": _acted_on("documents"),
    "orders_comment": _acted_on("orders"),
    "returns_comment": _acted_on("returns"),
}
DESCRIBING = {"docs", "schema"}
"""What the API looks like, for whoever is logged in or has a token: tests/portal/admin/test_api_tokens.py."""
JOBS = {"exports", "exports_row", "exports_file"}
"""Of each resource, whoever may read its list; each token sees its own: tests/portal/api/test_exports.py."""

SWITCHES = ("reads_content", "may_write")
SCOPES: dict[str, tuple[str, tuple[str, ...]]] = {
    "nothing": ("none", SWITCHES),
    "this resource": ("this", ()),
    "every other resource": ("others", SWITCHES),
    "this resource and content": ("this", ("reads_content",)),
    "this resource, and to act": ("this", ("may_write",)),
}
"""Which resources, and which switches."""


def answer_by(rule: Rule, method: str, role: str, scope: str) -> str:
    """Return what the table says: the code of a refusal, else ``answered``."""
    resources, switches = SCOPES[scope]
    if resources != "this":
        return "scope_missing"
    if role not in SEES[rule.resource]:
        return "right_missing"
    if method not in rule.may:
        return "method_not_allowed"
    if method in rule.needs and rule.needs[method] not in switches:
        return "scope_missing"
    return "answered" if role in rule.may[method] else "right_missing"


def is_asked(rule: Rule, method: str, role: str, scope: str) -> bool:
    """Say whether this one is tried: every role with what it may, every scope, every method; not each with each.

    What a scope lacks is refused before the role is looked at, and a method that there is none of after it, so that a
    superuser and somebody without a role tell for all. An address that takes a switch is tried with every one.
    """
    if method == "GET" or (method in rule.may and method != "HEAD"):
        return scope == "this resource" or method in rule.needs or role in (ADMINISTRATOR, NOBODY)
    is_fullest = scope == "this resource, and to act"
    return is_fullest and (role == ADMINISTRATOR or (role == NOBODY and method == "POST"))


REFUSALS = {403: ("scope_missing", "right_missing"), 405: ("method_not_allowed",)}


def answer(client: Client, method: str, path: str) -> str:
    """Ask, and return what is answered in the words of the table; nothing else than those may be refused."""
    response = client.generic(method, path)
    if response.status_code not in (401, 403, 405):
        return "answered" if response.status_code < 500 else str(response.status_code)
    if method == "HEAD":
        return "/".join(REFUSALS.get(response.status_code, ("?",)))
    code: str = response.json()["code"]
    return code if code in REFUSALS.get(response.status_code, ()) else f"{response.status_code} {code}"


def paths() -> dict[str, str]:
    """Return an address for each name: of some row, where it is one of a row."""
    found = {}
    for each in urlpatterns:
        if each.name in RIGHTS:
            name, args = RIGHTS[each.name].resource, []
            if "<int:pk>" in str(each.pattern):
                args = [BY_NAME[name].rows().order_by("pk")[0].pk]
            found[each.name] = reverse(f"api:{each.name}", args=args)
    return found


def test_every_address_has_a_row_and_every_row_an_address() -> None:
    named = {each.name for each in urlpatterns}
    assert named - set(RIGHTS) - DESCRIBING - JOBS == set(), "Say in this file who may."
    assert (set(RIGHTS) | DESCRIBING | JOBS) - named == set()
    assert set(NAMES) == set(BY_NAME)
    assert set(SEES) == set(READABLE)


def test_every_address_answers_each_method_role_and_scope_as_the_table_says(
    world: PurchaseOrder, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("django.request"), "disabled", True)
    settings.API_REQUESTS_A_MINUTE = 1_000_000
    people = {key: factories.user(f"role-{key}", role) for key, role in ROLES.items()}
    people |= {NOBODY: factories.user("role-n"), ADMINISTRATOR: factories.user("role-root", superuser=True)}
    asks = {key: client_with(token_of(user)) for key, user in people.items()}
    tokens = ApiToken.objects.filter(user__in=people.values())
    wrong, asked, where = [], 0, paths()
    for resource in SEES:
        for scope, (resources, switches) in SCOPES.items():
            names = {
                "none": [],
                "this": [resource],
                "others": [each for each in READABLE if each != resource],
            }
            on = {each: each in switches for each in SWITCHES}
            tokens.update(resources=names[resources], **on)
            for name, rule in RIGHTS.items():
                if rule.resource != resource:
                    continue
                for role, client in asks.items():
                    for method in METHODS:
                        if not is_asked(rule, method, role, scope):
                            continue
                        asked += 1
                        said, told = answer(client, method, where[name]), answer_by(rule, method, role, scope)
                        if said != told and not (method == "HEAD" and told in said.split("/")):
                            wrong.append(
                                f"{method} {name} by {role} for {scope}: {said}, the table says {told}"
                            )
    assert wrong == []
    assert asked > 20 * len(RIGHTS)


def listed(client: Client, resource: str) -> set[int]:
    """Return the ids of a whole list."""
    found: set[int] = set()
    query = {"limit": "1000"}
    while True:
        page = client.get(f"/api/v1/{BY_NAME[resource].path}/", query).json()
        found |= {each["id"] for each in page["data"]}
        if not page["has_more"]:
            return found
        query["cursor"] = page["next_cursor"]


# Of these the sample world has no row of one partner: how it all went, and an invoice that goes by mail.
OF_NO_PARTNER = {"reconciliations", "invoices"}
# Of these, rows belong to a store and to no partner.
OF_STORES = {"stores"}


@pytest.mark.parametrize("limited", ["token", "user"])
def test_whoever_is_limited_to_a_partner_sees_of_everything_their_rows_alone(
    world: PurchaseOrder, settings: Any, limited: str
) -> None:
    settings.API_REQUESTS_A_MINUTE = 1_000_000
    other = PurchaseOrder.objects.exclude(pk=world.pk).latest("pk")
    ours, theirs = (_asker(limited, each) for each in (world, other))
    for resource in NAMES:
        own, others = listed(ours, resource), listed(theirs, resource)
        if resource in OF_NO_PARTNER:
            assert own | others == set(), resource
            continue
        assert own, resource
        assert others, resource
        if resource in OF_STORES:
            assert own == others
            continue
        assert own & others == set(), resource
        path = BY_NAME[resource].path
        for row in {min(others), max(others)}:
            response = ours.get(f"/api/v1/{path}/{row}/")
            assert (response.status_code, response.json()["code"]) == (404, "not_found"), (resource, row)
        assert ours.get(f"/api/v1/{path}/{min(own)}/").status_code == 200
    for row in [max(listed(theirs, "documents"))]:
        before = AccessRecord.objects.count()
        for what in ("content", "raw"):
            assert ours.get(f"/api/v1/documents/{row}/{what}/").status_code == 404
        assert AccessRecord.objects.count() == before


def test_nobody_acts_on_what_they_do_not_see(world: PurchaseOrder) -> None:
    other = PurchaseOrder.objects.exclude(pk=world.pk).latest("pk")
    ours, theirs = _asker("token", world), _asker("token", other)
    headers = {"Idempotency-Key": "once", "Content-Type": "application/json"}
    asked = 0
    for name, rule in RIGHTS.items():
        if rule.may.get("POST") and name != "returns_open":
            path = reverse(f"api:{name}", args=[min(listed(theirs, rule.resource))])
            refused = ours.post(path, "{}", content_type="application/json", headers=headers)
            assert (refused.status_code, refused.json()["code"]) == (404, "not_found"), name
            asked += 1
    assert asked == 7
    line = {"line_number": 1, "quantity": "1", "reason": "damaged"}
    body = {"reason": "Broken.", "purchase_order_id": other.pk, "lines": [line]}
    refused = ours.post("/api/v1/returns/open/", body, content_type="application/json", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "refused")


def test_whoever_is_limited_to_a_store_sees_that_store_alone(world: PurchaseOrder) -> None:
    other = PurchaseOrder.objects.exclude(pk=world.pk).latest("pk")
    user = factories.user("sam", superuser=True)
    ours, theirs = (client_with(token_of(user, stores=[each.order.store])) for each in (world, other))
    for resource in ("stores", "orders", "purchase_orders", "shipments", "returns"):
        own, others = listed(ours, resource), listed(theirs, resource)
        assert own, resource
        assert others, resource
        assert own & others == set(), resource
        gone = ours.get(f"/api/v1/{BY_NAME[resource].path}/{min(others)}/")
        assert gone.status_code == 404, resource


def _asker(limited: str, of: PurchaseOrder) -> Client:
    partner = of.agreement.partner
    if limited == "token":
        user = factories.user(superuser=True)
        return client_with(token_of(user, partners=[partner]))
    user = factories.user(group="view")
    Access.objects.create(user=user, limits_partners=True).partners.add(partner)
    return client_with(token_of(user))
