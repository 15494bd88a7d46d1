"""The connection to a store: what its token may do, what the store says of itself, and the hook by which it calls us."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext, gettext_lazy

from archive.clock import database_now
from archive.record import record_audit, record_event
from integration.bigcommerce.client import ScopeMissing, StoreClient, TokenRefused
from integration.bigcommerce.reference import (
    Channel,
    Currency,
    Location,
    OrderStatus,
    StockSetting,
    StoreProfile,
)
from integration.bigcommerce.webhooks import Hook
from integration.errors import IntegrationError
from integration.flows.cases import close_cause
from integration.flows.check_hooks import NOT_THERE, Comparison, compare, hook_cause, put_in_order
from integration.flows.decide import Refused, pause_subject, require
from integration.flows.pauses import pause_sentence
from integration.flows.rights import EDIT_STORE
from integration.flows.stores import client_for
from integration.models import Pause, Store, StoreHook
from partners.models import Mode

PATIENCE = 20.0
"""Seconds after which nothing more is asked: somebody waits for the page."""

_NOT_ASKED = gettext_lazy(
    "Not asked: the store took too long over what was asked before. Look again in a minute."
)
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

T = TypeVar("T")


@dataclass(frozen=True)
class Answer(Generic[T]):
    """What the store answered to one question, or the sentence that says why there is no answer.

    ``lacks_scope``: the token may not ask. ``lacks_token``: the store does not know the token.
    """

    value: T | None = None
    problem: str = ""
    lacks_scope: bool = False
    lacks_token: bool = False


@dataclass(frozen=True)
class Connection:
    """Everything that was asked of a store, each with its own answer."""

    orders: Answer[int]
    order_writing: Answer[bool]
    metafield_writing: Answer[bool]
    products: Answer[bool]
    profile: Answer[StoreProfile]
    currencies: Answer[list[Currency]]
    channels: Answer[list[Channel]]
    locations: Answer[list[Location]]
    statuses: Answer[list[OrderStatus]]
    stock: Answer[StockSetting]
    hooks: Answer[list[Hook]]


@dataclass
class _Questions:
    """Asks one thing after another; after ``PATIENCE`` nothing more."""

    client: StoreClient
    began: float = field(default_factory=time.monotonic)

    def ask(self, question: Callable[[StoreClient], T]) -> Answer[T]:
        if time.monotonic() - self.began > PATIENCE:
            return Answer(problem=str(_NOT_ASKED))
        try:
            return Answer(question(self.client))
        except ScopeMissing as error:
            return Answer(problem=str(error), lacks_scope=True)
        except TokenRefused as error:
            return Answer(problem=str(error), lacks_token=True)
        except IntegrationError as error:
            return Answer(problem=str(error))

    def may(self, test: Callable[[StoreClient], Any]) -> Answer[bool]:
        """Ask something whose answer says nothing but that the token may ask it."""

        def question(client: StoreClient) -> bool:
            test(client)
            return True

        return self.ask(question)


def look(store: Store) -> Connection:
    """Ask the store everything that the page shows; nothing is changed, and what fails stands for itself alone."""
    try:
        client = client_for(store)
    except IntegrationError as error:
        # The address, hash or token is none: the same sentence for everything.
        nothing: Answer[Any] = Answer(problem=str(error))
        return Connection(**{each.name: nothing for each in fields(Connection)})
    with client:
        questions = _Questions(client)
        return Connection(
            orders=questions.ask(StoreClient.count_orders),
            order_writing=questions.may(StoreClient.try_writing_orders),
            metafield_writing=questions.may(StoreClient.try_writing_metafields),
            products=questions.may(lambda client: client.find_variants_by_sku("gridport-test")),
            profile=questions.ask(StoreClient.get_store),
            currencies=questions.ask(StoreClient.get_currencies),
            channels=questions.ask(StoreClient.get_channels),
            locations=questions.ask(StoreClient.get_locations),
            statuses=questions.ask(StoreClient.get_order_statuses),
            stock=questions.ask(StoreClient.get_stock_setting),
            hooks=questions.ask(StoreClient.list_hooks),
        )


def our_hook(store: Store, found: list[Hook]) -> Comparison:
    """Return our hook among those of the store, and what is wrong with it."""
    hook = StoreHook.objects.filter(store=store).first()
    return compare(found, hook) if hook is not None else Comparison(None, [], [])


def why_no_hook(store: Store) -> str:
    """Return why the store cannot be told to call us, or ``""``."""
    if not settings.PUBLIC_URL:
        return gettext(
            "Gridport does not know under which address the internet reaches it. Set PUBLIC_URL, such as https://edi.example.com, and start it again."
        )
    if not _may_be_called(settings.PUBLIC_URL):
        return gettext("The store calls https addresses on port 443 alone, and PUBLIC_URL is %(url)s.") % {
            "url": settings.PUBLIC_URL
        }
    if not store.client_secret:
        return gettext(
            "The client secret is missing: calls could not be told from a stranger's. Enter it on the store's page; the store shows it once, with the token, when the API account is made."
        )
    if store.mode != Mode.LIVE:
        return gettext("%(store)s is in watch, so nothing is written to it. Let it go live first.") % {
            "store": store
        }
    switch = Pause.objects.filter(subject__in=[Pause.EVERYTHING, pause_subject(store)]).first()
    if switch is not None:
        return gettext("Resume it first. %(sentence)s") % {"sentence": pause_sentence(switch)}
    return ""


def _may_be_called(address: str) -> bool:
    """Say whether a store calls this address; one on this machine is for trying out."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    return bool(host) and (host in _LOOPBACK or (parts.scheme == "https" and port in (None, 443)))


def register_hooks(user: User, store: Store, reason: str) -> list[str]:
    """Have the store call us: make our hook, or mend it; return what it was and should not have been.

    The audit entry is written before the store is asked, since what a store has done cannot be taken back.
    """
    reason = require(user, EDIT_STORE, reason)
    if problem := why_no_hook(store):
        raise Refused(problem)
    name = f"store:{store.pk}"
    with transaction.atomic():
        hook, _ = StoreHook.objects.get_or_create(
            store=store, defaults={"key": secrets.token_urlsafe(32), "secret": secrets.token_urlsafe(32)}
        )
        record_audit(user, "register hook", name, reason=reason)
    try:
        with client_for(store) as client:
            found, faults = put_in_order(client, hook)
    except IntegrationError as error:
        raise Refused(str(error)) from error
    with transaction.atomic():
        StoreHook.objects.filter(pk=hook.pk).update(
            number=found.id,
            is_active=found.is_active,
            checked_at=database_now(),
            refused=0,
            refused_at=None,
            refused_because="",
        )
        sentence = f"The store's webhook was {_done(faults)}. {reason}"
        record_event(name, "hook_registered", sentence, actor=user.get_username())
        close_cause(hook_cause(store), f"Registered by {user.get_username()}: {reason}")
    return faults


def _done(faults: list[str]) -> str:
    if NOT_THERE in faults:
        return "registered"
    return f"put in order: it was {' and '.join(faults)}" if faults else "looked at, and in order"
