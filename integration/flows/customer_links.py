"""Customer links changed by people: one verb for every change, kept for good."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from integration.flows.import_orders import import_step
from integration.flows.kept_rows import locked, remove_row, save_row
from integration.flows.rights import Refused, require
from integration.flows.translations import Changed
from integration.models import CustomerLink, ExceptionCase, Order
from integration.work import put

CHANGE = "integration.change_customerlink"
CALLED = "customer link"
VERBS = tuple(f"{verb} {CALLED}" for verb in ("add", "change", "remove"))
"""Every verb that ``change`` records."""
Source = CustomerLink.NumberSource
NAMED_SOURCES = (Source.FORM_FIELD, Source.MESSAGE, Source.STAFF_NOTES)


def link_problems(link: CustomerLink) -> dict[str, str]:
    """Return why ``link`` could mean nobody, or its number be found nowhere: sentences by field."""
    problems = {}
    if not any((link.customer_ids, link.companies, link.email_domains, link.group_ids)):
        problems["customer_ids"] = gettext(
            "Say whose orders are meant: customer IDs, companies, e-mail domains or groups."
        )
    strange = [each for each in link.email_domains if not re.fullmatch(r"@?[^@\s]+\.[^@\s.]+", each)]
    if strange:
        problems["email_domains"] = gettext("%(strange)s is no domain such as example.com.") % {
            "strange": strange[0]
        }
    if link.number_source in NAMED_SOURCES and not link.number_name.strip():
        problems["number_name"] = gettext(
            "Say what the field is called, or which words stand before the number."
        )
    if link.number_source not in NAMED_SOURCES and link.number_name.strip():
        problems["number_name"] = gettext("Only for a form field or a text: leave it empty.")
    return problems


def change(
    user: User, reason: str, saved: Iterable[CustomerLink] = (), removed: Iterable[CustomerLink] = ()
) -> Changed:
    """Save and remove links; look again at orders whose customer could not be told.

    An order belongs to the link that held when it was read last; orders that were sent an acknowledgment keep theirs. Raises
    ``Refused``, with nothing done.
    """
    reason = require(user, CHANGE, reason)
    try:
        with transaction.atomic():
            count = sum(save_row(user, reason, row, CALLED) for row in saved)
            count += sum(_remove(user, reason, row) for row in removed)
            orders = _look_again() if count else 0
    except IntegrityError as error:
        # The form has looked for a twin, but somebody else may have been quicker.
        raise Refused(gettext("Somebody else has entered the same meanwhile. Look at it again.")) from error
    return Changed(count, orders, 0)


def _remove(user: User, reason: str, row: CustomerLink) -> int:
    if Order.objects.filter(customer_link=row).exists():
        raise Refused(
            gettext("Orders belong to %(row)s: switch it off instead, so that it can be told whose they are.")
            % {"row": row}
        )
    stored = locked(row)
    return 0 if stored is None else remove_row(user, reason, stored, CALLED)


def _look_again() -> int:
    waiting = ExceptionCase.objects.filter(closed_at=None, kind=ExceptionCase.Kind.CUSTOMER)
    orders = Order.objects.filter(cases__in=waiting.values("pk")).distinct().only("store_id", "number")
    for order in orders:
        put("orders", import_step(order.store_id, order.number))
    return len(orders)
