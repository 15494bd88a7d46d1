"""What is missing between the store, our rows, the facts of the archive and the mailboxes: one function a question.

Each looks at what it asks about afresh and returns how much of it is there, how much of the rest is explained (somebody
or something has it in hand, or a rule says why), and what is left: the gaps. Facts are asked, not the projections that
pages show. Nothing is changed here; a gap that can be mended safely carries what mends it, and each of its steps looks
again before it acts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

from integration.flows.gaps.acknowledged import customers
from integration.flows.gaps.billed import bills
from integration.flows.gaps.invoiced import invoices
from integration.flows.gaps.parts import Checked, Found
from integration.flows.gaps.received import answers, files_on, files_taken
from integration.flows.gaps.returned import returns
from integration.flows.gaps.sent import acknowledgments, purchase_orders, receipts
from integration.flows.gaps.shipped import ship_notices
from integration.flows.gaps.stock import stock_advices
from integration.flows.gaps.store_stock import stock_of
from integration.flows.gaps.stores import effects, orders_of
from integration.models import Store
from partners.models import Mailbox

__all__ = ["Checked", "Found", "questions"]


def questions(now: datetime) -> Iterator[tuple[str, Callable[[], Checked]]]:
    """Yield every question with the store or mailbox that it asks, ``""`` where it asks our own rows."""
    for store in Store.objects.order_by("pk"):
        yield str(store), partial(orders_of, store, now)
        yield str(store), partial(stock_of, store, now)
    for mailbox in Mailbox.objects.order_by("pk"):
        yield str(mailbox), partial(files_on, mailbox, now)
    for question in (
        purchase_orders,
        receipts,
        acknowledgments,
        answers,
        ship_notices,
        invoices,
        bills,
        stock_advices,
        returns,
        files_taken,
        customers,
        effects,
    ):
        yield "", partial(question, now)
