"""The only writer of control numbers."""

from __future__ import annotations

from django.db import connection

LARGEST = 999_999_999

_NEXT = """
    INSERT INTO partners_controlnumber AS n (sender, receiver, kind, epoch, value)
    VALUES (%(sender)s, %(receiver)s, %(kind)s, 0, 1)
    ON CONFLICT (sender, receiver, kind) DO UPDATE
       SET value = CASE WHEN n.value >= %(largest)s THEN 1 ELSE n.value + 1 END,
           epoch = CASE WHEN n.value >= %(largest)s THEN n.epoch + 1 ELSE n.epoch END
    RETURNING epoch, value
"""


def next_control_number(sender: str, receiver: str, kind: str) -> tuple[int, int]:
    """Return ``(epoch, number)``, never given out before for this sender, receiver and kind.

    Call it inside the transaction that stores the bytes: the row stays locked until that commits, so a
    number is used by committed bytes or by nobody, and there are no gaps. After 999999999 comes 1 of the
    next epoch (X12 element I12 has nine digits).
    """
    if not connection.in_atomic_block:
        raise RuntimeError("A control number may be taken only inside the transaction that stores the bytes.")
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, {"sender": sender, "receiver": receiver, "kind": kind, "largest": LARGEST})
        epoch, value = cursor.fetchone()
    return epoch, value
