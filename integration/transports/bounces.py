"""Mails that say that a mail of ours could not be delivered (RFC 3464), read with the standard library."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

_ID = re.compile(r"<[^<>\s]{1,140}>")
_LONGEST = 1_000_000


@dataclass(frozen=True)
class Failure:
    """One recipient that the mail did not reach, and what was said of it."""

    recipient: str
    status: str
    words: str

    def __str__(self) -> str:
        said = " ".join(part for part in (self.status, self.words) if part)
        return f"{self.recipient}: {said}" if said else self.recipient


@dataclass(frozen=True)
class Report:
    """What a delivery status notification says: of which mails, and of whom it gave up. No failures: it is only late."""

    message_ids: tuple[str, ...]
    failures: tuple[Failure, ...]


def read_report(data: bytes) -> Report | None:
    """Return what a mail says if it is a delivery status notification, else None; anything may be in ``data``."""
    message = email.message_from_bytes(data[:_LONGEST], policy=email.policy.compat32)
    if (
        message.get_content_type() != "multipart/report"
        or _parameter(message, "report-type") != "delivery-status"
    ):
        return None
    if not message.is_multipart():
        return None
    failures: list[Failure] = []
    ids: list[str] = []
    for part in message.walk():
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            failures += _failures(part)
        elif part is not message and kind in ("message/rfc822", "text/rfc822-headers"):
            ids += _ids_of(part)
    for name in ("In-Reply-To", "References"):
        ids += _ID.findall(str(message.get(name, "")))
    return Report(tuple(dict.fromkeys(ids)), tuple(failures))


def _parameter(message: Message, name: str) -> str:
    value = message.get_param(name)
    return value.lower() if isinstance(value, str) else ""


def _failures(part: Message) -> Iterator[Failure]:
    blocks = part.get_payload()
    for block in blocks if isinstance(blocks, list) else []:
        if not isinstance(block, Message) or str(block.get("Action", "")).strip().lower() != "failed":
            continue
        recipient = _after_kind(block.get("Final-Recipient") or block.get("Original-Recipient") or "")
        yield Failure(
            recipient, _words(block.get("Status", "")), _after_kind(block.get("Diagnostic-Code", ""))
        )


def _ids_of(part: Message) -> list[str]:
    """Return the Message-ID of the mail that is given back, whole or as its headers alone."""
    held = part.get_payload()
    if isinstance(held, list):
        return [
            found
            for each in held
            if isinstance(each, Message)
            for found in _ID.findall(str(each.get("Message-ID", "")))
        ]
    headers = part.get_payload(decode=True)
    text = headers if isinstance(headers, bytes) else b""
    return _ID.findall(str(email.message_from_bytes(text).get("Message-ID", "")))


def _after_kind(value: object) -> str:
    """Return what stands after ``rfc822;`` or ``smtp;``."""
    text = _words(value)
    return text.partition(";")[2].strip() if ";" in text else text


def _words(value: object) -> str:
    text = "".join(each if each.isprintable() else " " for each in str(value))
    return " ".join(text.split())[:300]
