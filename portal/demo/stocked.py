"""The demo's stock: a supplier counts, the store shows what may be sold of it, and a count in another unit is held."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

from archive.models import Document
from integration.flows.decisions import carry_out
from integration.flows.planned import Given
from integration.flows.plans import plan
from integration.models import ExceptionCase, StockFeed
from partners.models import Agreement, ItemCrossReference
from portal.demo.processes import DemoError
from portal.demo.sample import BUFFER, SUPPLIERS
from portal.demo.stage import Stage
from portal.demo.story import rows_of

SKUS = [f"AC-{number:03d}" for number in range(31, 45)]
COUNTED = 40
SOLD = 3


def count(stage: Stage) -> dict[str, Any]:
    """Have a supplier tell his stock, a shopper buy, and the supplier tell his stock in dozens; return the flow's result.

    Raises ``DemoError`` where the store shows anything else than what may be sold.
    """
    acme = SUPPLIERS[0]
    agreement = Agreement.objects.get(partner__name=acme.name)
    listed = ItemCrossReference.objects.filter(agreement=agreement, sku__in=SKUS)
    items = dict.fromkeys(listed.values_list("vendor_item", flat=True), COUNTED)
    before = stage.store.stock(SKUS)
    stage.network.tell_stock(acme.interchange_id, "whole", items)
    wanted = COUNTED - BUFFER
    stage.wait(lambda: set(stage.store.stock(SKUS).values()) == {wanted}, "The stock in the store")
    stage.say(f"  {acme.name} has {COUNTED} of each of {len(SKUS)} items: the store shows {wanted}")
    stage.store.sell(SKUS[0], SOLD)
    stage.say(f"  a shopper buys {SOLD} of {SKUS[0]}: the store shows {stage.store.stock(SKUS)[SKUS[0]]}")
    stage.network.tell_stock(acme.interchange_id, "wrong_unit", {})
    held = ExceptionCase.objects.filter(kind="stock_held", closed_at=None)
    stage.wait(held.exists, "The case about the count in dozens")
    case = held.get()
    stage.say(f"  {case.sentence}")
    refused = plan(case, "refuse_feed", Given())
    for sentence in refused.sentences:
        stage.say(f"    {sentence}")
    lead = User.objects.get(username="lead")
    carry_out(lead, case, "refuse_feed", Given(), "He counts in dozens.", refused.digest)
    after = stage.store.stock(SKUS)
    states = list(StockFeed.objects.order_by("pk").values_list("state", flat=True))
    expected = dict.fromkeys(SKUS, wanted) | {SKUS[0]: wanted - SOLD}
    if (after, states) != (expected, ["applied", "put_aside"]):
        raise DemoError(f"The store shows {after} where {expected} may be sold; the feeds are {states}.")
    documents = Document.objects.filter(transaction_set="846").select_related("state", "interchange")
    return {"documents": rows_of(documents.order_by("pk")), "store_before": before, "store_after": after}
