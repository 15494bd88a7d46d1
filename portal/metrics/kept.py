"""Figures of the archive and of the machines: seals, checks, copies, backups that were tried out, clocks."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db.models import BigIntegerField, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from archive.clock import database_now
from archive.copies import standing
from archive.models import SealCheck, SealPublication
from archive.sealing import oldest_unsealed
from archive.storages import place_name
from integration.models import RestoreDrill
from portal.backups import BackupError
from portal.backups.drill import backup_folder, latest_backup
from portal.metrics.exposition import Metric, Sample, gauge

MOST = 10_000
"""Copies are counted no further."""


def figures(now: datetime) -> list[Metric]:
    """Return the figures; ``now`` by the database's clock."""
    return [
        *_seals(now),
        *_checks(now),
        *_copies(now),
        *_backups(now),
        gauge(
            "clock_skew_seconds", "By how much this machine's clock is ahead of the database's.", clock_skew()
        ),
    ]


def clock_skew() -> float:
    """Return by how many seconds this machine's clock is ahead of the database's; the way there and back is shared evenly."""
    before = datetime.now(UTC)
    told = database_now()
    after = datetime.now(UTC)
    return (before + (after - before) / 2 - told).total_seconds()


def _seals(now: datetime) -> list[Metric]:
    unsealed = oldest_unsealed()
    anchor = SealPublication.objects.order_by("-pk").values_list("recorded_at", flat=True).first()
    return [
        gauge(
            "seal_lag_seconds",
            "For how long the oldest record of the archive waits to be sealed; 0: everything is.",
            0 if unsealed is None else max(0.0, (now - unsealed).total_seconds()),
        ),
        gauge(
            "anchor_age_seconds",
            "How long ago a root of the seals was last published where nobody here can change it.",
            None if anchor is None else (now - anchor).total_seconds(),
        ),
    ]


def _checks(now: datetime) -> list[Metric]:
    # One row a day, and one for each time that somebody asks.
    done = SealCheck.objects.exclude(finished_at=None).order_by()
    sums = done.aggregate(rows=Sum(Cast(KT("counts__rows"), BigIntegerField())), bad=Sum("found"))
    last = done.order_by("-pk").first()
    return [
        Metric(
            "fixity_checked_total",
            "How many records were held against their seals.",
            _one(sums["rows"]),
            "counter",
        ),
        Metric(
            "fixity_bad_total",
            "How many things checks found not to be as they were sealed.",
            _one(sums["bad"]),
            "counter",
        ),
        gauge(
            "fixity_age_seconds",
            "How long ago the last check of the archive ended.",
            None if last is None or last.finished_at is None else (now - last.finished_at).total_seconds(),
        ),
    ]


def _copies(now: datetime) -> list[Metric]:
    stand = standing(place_name(), MOST)
    return [
        gauge(
            "copies_waiting",
            f"How many payloads wait to be copied to the archive's storage; counted to {MOST}.",
            stand.waiting,
        ),
        gauge(
            "copies_waiting_age_seconds",
            "For how long the oldest of them waits; 0: none does.",
            0 if stand.since is None else max(0.0, (now - stand.since).total_seconds()),
        ),
        gauge(
            "copies_damaged", f"How many copies are not what was copied; counted to {MOST}.", stand.damaged
        ),
    ]


def _backups(now: datetime) -> list[Metric]:
    drills = RestoreDrill.objects.order_by("-pk")
    passed, last = drills.filter(passed=True).first(), drills.first()
    try:
        made = datetime.fromtimestamp(latest_backup(backup_folder()).stat().st_mtime, UTC)
    except (BackupError, OSError):
        made = None  # Backups need not lie where this process looks.
    return [
        gauge(
            "restore_drill_age_days",
            "How many days ago a backup was last restored and found to be whole.",
            None if passed is None else (now - passed.began_at).total_seconds() / 86_400,
        ),
        gauge(
            "restore_drill_passed",
            "1: the backup that was tried last could be restored; 0: it could not.",
            None if last is None else float(last.passed),
        ),
        gauge(
            "backup_age_seconds",
            "How old the newest backup in BACKUP_FOLDER is; left out where none lies there.",
            None if made is None else (now - made).total_seconds(),
        ),
    ]


def _one(value: int | None) -> list[Sample]:
    return [Sample(value or 0)]
