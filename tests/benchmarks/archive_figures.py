"""The measurements of ``bench_archive``, on the database that this process is pointed at."""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import reverse

from archive import checking, copies, sealing, storages
from archive.clock import database_now
from archive.exchange import record_arrival
from archive.models import DocumentReference, PayloadCopy
from integration.flows.translate import translate
from integration.models import OrderReference
from integration.work import Unclaimed
from partners.models import Mailbox
from portal.copies import DatabaseCopies, point_at
from portal.installation import read_installation
from portal.seeding.ground import NAME, lay_ground
from tests.benchmarks.bench_desk import FIND_SQL, Figure, page
from tests.s3 import archived_in, folder_options

ROUNDS, FILES = 7, 60
SEALING = timedelta(minutes=1)
FEWEST_SEALED = 100_000


@dataclass(frozen=True)
class Intake:
    """Files a second, received, read and acknowledged: of some rounds the fastest, which had the machine to itself."""

    empty: float
    full: float

    @property
    def share(self) -> float:
        """How much of what an empty archive takes a full one takes."""
        return self.full / self.empty


def intake(full: str) -> Intake:
    """Receive files into an empty archive and into ``full``, in turn, so that what else the machine does counts for both."""
    installation = read_installation(settings.DATA_FOLDER)
    assert installation is not None
    maker = DatabaseCopies(installation.address("owner"), installation.address("app"), settings.DATA_FOLDER)
    empty = f"gridport_empty_{os.getpid()}"
    maker.make(empty)
    rates: dict[str, list[float]] = {empty: [], full: []}
    try:
        # The first of each warms up: plans, caches, connections.
        for number in range(ROUNDS + 1):
            for name, measured in rates.items():
                point_at(name)
                lay_ground()
                measured.append(_receive(number))
    finally:
        point_at(full)
        maker.drop(empty)
    return Intake(*(round(max(measured[1:]), 1) for measured in rates.values()))


def _receive(number: int) -> float:
    mailbox = Mailbox.objects.get(name=NAME)
    sender = lay_ground().partners[0].interchange_id
    first = int(time.time()) % 800_000_000 + number * FILES
    files = [(f"{first + place}.edi", _file(sender, first + place)) for place in range(FILES)]
    began = time.perf_counter()
    for name, data in files:
        with transaction.atomic():
            arrived = record_arrival(mailbox, name, data)
        translate(str(arrived.pk), Unclaimed())
    return FILES / (time.perf_counter() - began)


def _file(sender: str, number: int) -> bytes:
    """Return an acknowledgment (855) of three lines, for a purchase order that nobody knows."""
    lines = "".join(f"PO1*{line}*2*EA*4.50**VN*V-{line}~ACK*IA*2*EA~" for line in (1, 2, 3))
    return (
        f"ISA*00*{'':10}*00*{'':10}*ZZ*{sender:15}*ZZ*{'GRIDPORT':15}*261129*1200*U*00401*{number:09}*0*P*>~"
        f"GS*PR*{sender}*GRIDPORT*20261129*1200*{number}*X*004010~ST*855*0001~BAK*00*AC*Q{number}*20261129~{lines}"
        f"CTT*3~SE*10*0001~GE*1*{number}~IEA*1*{number:09}~"
    ).encode()


def find_by_every_kind() -> list[Figure]:
    """Ask Find for a value of each kind of reference that there is."""
    user, _ = User.objects.get_or_create(
        username="bench", defaults={"is_staff": True, "is_superuser": True, "password": "!"}
    )
    client = Client(HTTP_HOST="localhost")
    client.force_login(user)
    figures = []
    for model, of in ((DocumentReference, "a document"), (OrderReference, "an order")):
        for kind in _kinds(model):
            rows: Any = model._default_manager.filter(kind=kind).order_by("-pk")
            value = list(rows[:1000].values_list("value", flat=True))[-1]
            address = f"{reverse('find')}?q={value}"
            figures.append(page(client, f"Find by {kind} of {of}", address, sql=FIND_SQL))
    return figures


def _kinds(model: Any) -> list[str]:
    """Return the kinds that there are: one look by index for each."""
    kinds: list[str] = []
    while True:
        after = model.objects.filter(kind__gt=kinds[-1] if kinds else "").order_by("kind")
        kind = after.values_list("kind", flat=True).first()
        if kind is None:
            return kinds
        kinds.append(kind)


def copies_a_second() -> float:
    """Copy what intake brought to a folder, and compare it."""
    with (
        tempfile.TemporaryDirectory(dir=settings.DATA_FOLDER) as folder,
        archived_in(folder_options(Path(folder))),
    ):
        newest = PayloadCopy.objects.order_by("-pk").values_list("pk", flat=True)[: FILES * 4]
        rows = list(PayloadCopy.objects.filter(pk__in=list(newest)).select_related("payload"))
        began = time.perf_counter()
        copies.try_to_copy(storages.place(), rows, database_now())
        return round(len(rows) / (time.perf_counter() - began), 1)


def seals_a_second() -> dict[str, float]:
    """Seal for a minute what is not sealed yet, and check a day's share of the archive: rows a second.

    An archive that was measured before is sealed: few rows tell no rate, and it is left out.
    """
    began = time.perf_counter()
    sealed = sealing.seal(Unclaimed(), everything=True, within=SEALING).sealed
    took = time.perf_counter() - began
    began = time.perf_counter()
    outcome = checking.check(Path(settings.DATA_FOLDER) / "published" / "roots.txt", share=0)
    verified = outcome.counts["rows"] / (time.perf_counter() - began)
    seal = {"seal": round(sealed / took, 1)} if sealed >= FEWEST_SEALED else {}
    return {**seal, "verify": round(verified, 1)}
