"""What the page of a shipment shows: its packages, where they went, what the store knows, and what the partner sent along."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q
from django.utils.translation import gettext

from integration.flows.packing_slips import packing_slip
from integration.flows.shipment_files import files_of
from integration.matching.file_names import PDF
from integration.models import Shipment, ShipmentFile, StoreEffect
from integration.printing.packing_slips import PackingSlip, SlipItem, package_titles
from integration.printing.paper import PAPERS
from portal.admin.content import READ_CONTENT, open_for
from portal.admin.documents_table import WITH_STATE, document_rows
from portal.admin.order_page import effect_row
from portal.admin.shipment_rows import shipment_rows, standing_of
from portal.admin.show import day, size


@dataclass(frozen=True)
class PackageTable:
    """What is in one package, under its title."""

    title: str
    items: tuple[SlipItem, ...]


def shipment_context(shipment: Shipment, user: User) -> dict[str, Any]:
    """Return everything that ``portal/shipment.html`` shows. Its notice is read in the name of ``user``."""
    slip, problem = read_slip(shipment, user, f"look at shipment {shipment.pk}")
    document = shipment.document
    cases = document.cases.filter(
        Q(purchase_order=shipment.purchase_order_id) | Q(purchase_order=None), closed_at=None
    )
    [row] = shipment_rows(Shipment.objects.filter(pk=shipment.pk))
    return {
        "shipment": shipment,
        "standing": standing_of(shipment),
        "tracking": row.tracking,
        "shipped_on": day(shipment.shipped_on),
        "partner": shipment.purchase_order.agreement.partner,
        "contents": row.contents,
        "problem": problem,
        "may_read": user.has_perm(READ_CONTENT),
        "papers": list(PAPERS.values()),
        "documents": document_rows(type(document).objects.filter(pk=document.pk).select_related(*WITH_STATE)),
        "files": [_file(each) for each in files_of(shipment)],
        "effects": [effect_row(each) for each in _effects(shipment)],
        "open_cases": list(cases.select_related("owner")),
        **slip_context(slip),
    }


def slip_context(slip: PackingSlip | None) -> dict[str, Any]:
    """Return what ``portal/parts/packing_slip.html`` shows of ``slip``."""
    if slip is None:
        return {"slip": None}
    titles = package_titles(slip.packages)
    tables = [PackageTable(title, each.items) for title, each in zip(titles, slip.packages, strict=True)]
    if slip.still_to_come:
        tables.append(PackageTable(gettext("Still to come"), slip.still_to_come))
    return {"slip": slip, "tables": tables, "shipped_on": day(slip.shipped_on)}


def read_slip(shipment: Shipment, user: User, purpose: str) -> tuple[PackingSlip | None, str]:
    """Return the slip, or the sentence that says why there is none; the access row is written first."""
    opened = open_for(user, shipment.document.interchange.payload, purpose)
    return (None, opened.problem) if opened.data is None else (packing_slip(shipment), "")


def _file(file: ShipmentFile) -> dict[str, Any]:
    return {
        "row": file,
        "name": file.transmission.name,
        "words": f"{'PDF' if file.content_type == PDF else gettext('Text')}, {size(file.transmission.payload.size)}",
        "named": gettext("Its name holds %(named)s %(number)s.")
        % {"named": file.get_named_display(), "number": file.number},
    }


def _effects(shipment: Shipment) -> list[StoreEffect]:
    """Return what was or is to be done in the store because of ``shipment``: made there, and taken away again."""
    removal = Q(kind=StoreEffect.Kind.REMOVAL, intended__shipment=shipment.pk)
    return list(
        StoreEffect.objects.filter(Q(shipment=shipment) | removal, order=shipment.order_id).select_related(
            "order"
        )
    )
