"""The only writer of control numbers."""

from __future__ import annotations

from django.db import connection
from psycopg import sql

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


_SEED = """
    INSERT INTO partners_controlnumber AS n (sender, receiver, kind, epoch, value)
    VALUES (%(sender)s, %(receiver)s, %(kind)s, 0, %(value)s)
    ON CONFLICT (sender, receiver, kind) DO UPDATE
       SET value = CASE WHEN n.epoch = 0 THEN GREATEST(n.value, EXCLUDED.value) ELSE n.value END
    RETURNING value
"""


def seed_control_number(sender: str, receiver: str, kind: str, value: int) -> int:
    """Have numbers go on after ``value``, the last that another system gave out; return the last that counts now.

    That is a higher one where more were given out here already: no counter ever goes back.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SEED, {"sender": sender, "receiver": receiver, "kind": kind, "value": value})
        (stands,) = cursor.fetchone()
    return int(stands)


# An agreement that has sent nothing yet has no row, and its first numbers may have been given out since.
_EVERY_COUNTER = """
    INSERT INTO public.partners_controlnumber (sender, receiver, kind, epoch, value)
    SELECT DISTINCT a.own_qualifier || ':' || a.own_id, i.qualifier || ':' || i.value, k.kind, 0, 0
      FROM public.partners_agreement a
      JOIN public.partners_partneridentifier i ON i.id = a.identifier_id
     CROSS JOIN (VALUES ('interchange'), ('group')) AS k (kind)
        ON CONFLICT (sender, receiver, kind) DO NOTHING
"""
_SKIP = """
    UPDATE public.partners_controlnumber
       SET epoch = CASE WHEN value + {by} > {largest} THEN epoch + 1 ELSE epoch END,
           value = CASE WHEN value + {by} > {largest} THEN value + {by} - {largest} ELSE value + {by} END
"""


def skip_statements(by: int) -> list[sql.Composed]:
    """Return the statements that leave out the next ``by`` numbers (at most 999999999) of every counter.

    A restored database does not know which numbers were given out after its backup was made.
    """
    names = {"by": sql.Literal(by), "largest": sql.Literal(LARGEST)}
    return [sql.Composed([sql.SQL(_EVERY_COUNTER)]), sql.SQL(_SKIP).format(**names)]
