"""The reporting tables for staff: which there are, what their columns mean, and how a tool gets at them."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.utils.translation import gettext

from portal.admin.base import Crumb
from portal.admin.verbs import person
from portal.reporting.reporter import has_reporter
from portal.reporting.v1 import V1
from portal.roles import REPORTER


def may_see_reporting(request: HttpRequest) -> bool:
    """Say whether the user may look at how reports are made: who sees what is agreed with partners."""
    return bool(person(request).has_perm("partners.view_agreement"))


def reporting_tables(request: HttpRequest) -> HttpResponse:
    """Show every reporting table with its columns. Nothing of what stands in them is shown."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET"])
    if not may_see_reporting(request):
        raise PermissionDenied
    with connection.cursor() as cursor:
        is_ready = has_reporter(cursor)
    request.current_app = admin.site.name
    database = settings.DATABASES["default"]
    context = {
        **admin.site.each_context(request),
        "title": gettext("Reporting tables"),
        "crumbs": [Crumb(gettext("Reporting tables"))],
        "version": V1,
        "role": REPORTER,
        "is_ready": is_ready,
        "server": f"{database.get('HOST') or 'localhost'}:{database.get('PORT') or 5432}",
        "database": connection.settings_dict["NAME"],
        "login": "\n".join(
            [
                f"CREATE ROLE metabase LOGIN PASSWORD '…' IN ROLE {REPORTER};",
                "ALTER ROLE metabase SET statement_timeout = '5min';",
                "ALTER ROLE metabase SET default_transaction_read_only = on;",
            ]
        ),
        "create_role": f"CREATE ROLE {REPORTER} NOLOGIN;",
        "increment": "\n".join(
            [
                "SELECT * FROM {schema}.documents",
                " WHERE changed_xid >= '7431'::xid8 AND changed_xid < pg_snapshot_xmin(pg_current_snapshot());",
            ]
        ).format(schema=V1.schema),
    }
    return TemplateResponse(request, "portal/reporting_tables.html", context)
