"""What people read of a return: what each document says of it, in a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from integration.matching.lines import day_words, plain, words
from integration.matching.returns import ASKS, Answer, AskedBack, Credit, Receipt
from integration.models import ReturnCase


def lines_words(asked: Sequence[AskedBack], quantities: Mapping[int, Decimal]) -> str:
    """Return quantities by item: ``1 of AC-100, 2 of AC-101``."""
    parts = [
        f"{plain(quantities[each.number])} of {each.line.sku}"
        for each in asked
        if quantities.get(each.number)
    ]
    return ", ".join(parts) or "nothing"


def answer_words(case: ReturnCase, asked: Sequence[AskedBack], answer: Answer) -> str:
    """Return what an answer says."""
    decided = {
        number: each.authorized for number, each in answer.lines.items() if each.authorized is not None
    }
    of = f"return {case.number}"
    if not decided:
        wants = f" and asks for {ASKS[answer.asks_for]}" if answer.asks_for else ""
        return f"{case.partner} has {of} in hand{wants}."
    if not any(decided.values()):
        why = next((each.response for each in answer.lines.values() if each.response), "")
        return f"{case.partner} denies {of}{f': {words(why)}' if why else ''}."
    under = f", RMA number {answer.rma}" if answer.rma else ""
    until = f", until {day_words(answer.until)}" if answer.until else ""
    return f"{case.partner} authorizes {lines_words(asked, decided)} of {of}{under}{until}."


def receipt_words(case: ReturnCase, asked: Sequence[AskedBack], receipt: Receipt) -> str:
    """Return what came back."""
    broken = f", {lines_words(asked, receipt.damaged)} of it damaged" if any(receipt.damaged.values()) else ""
    return f"{case.partner} received {lines_words(asked, receipt.came)} of return {case.number}{broken}."


def credit_words(case: ReturnCase, credit: Credit) -> str:
    """Return what a credit gives."""
    verb = "credits" if credit.amount >= 0 else "takes back"
    return f"{case.partner} {verb} {abs(credit.amount):.2f} {credit.currency or case.currency} for return {case.number}."
