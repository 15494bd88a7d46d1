"""Comments on pages: the box that they are written in, and the verb behind it."""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from integration.flows import case_work
from integration.flows.decide import DECIDE
from portal.admin.base import GridAdmin
from portal.admin.show import page_url
from portal.admin.verbs import person, require, run


def comment_url(row: Model) -> str:
    """Return where a comment on ``row`` is posted to."""
    return reverse(_name(row._meta.app_label, row._meta.model_name), args=[row.pk])


def comment_path(shown_by: GridAdmin) -> URLPattern:
    """Return the route of comments on rows of one admin class."""

    def view(request: HttpRequest, object_id: int) -> HttpResponse:
        return _write(shown_by, request, object_id)

    name = _name(shown_by.opts.app_label, shown_by.opts.model_name).partition(":")[2]
    address: URLPattern = path(
        "<int:object_id>/comment/", shown_by.admin_site.admin_view(require_POST(view)), name=name
    )
    return address


def box(request: HttpRequest, row: Model) -> dict[str, Any]:
    """Return what the template ``portal/parts/comment_box.html`` needs, nothing for who may not write."""
    return {"comment_url": comment_url(row)} if person(request).has_perm(DECIDE) else {}


def _write(shown_by: GridAdmin, request: HttpRequest, object_id: int) -> HttpResponse:
    user = require(request, DECIDE)
    row = shown_by.find(request, str(object_id))
    if row is None:
        return shown_by.missing(request, str(object_id))
    text = request.POST.get("text", "")
    run(request, lambda: case_work.comment(user, row.subject, text), gettext("Your comment is kept."))
    back = request.GET.urlencode()
    return HttpResponseRedirect(f"{page_url(row)}{'?' if back else ''}{back}#timeline")


def _name(app: str, model: str | None) -> str:
    return f"admin:{app}_{model}_comment"
