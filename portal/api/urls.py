"""Addresses of the API, below ``/api/v1/``."""

from __future__ import annotations

from django.urls import URLPattern, path

from portal.api.actions import (
    CommentView,
    DecideView,
    DecisionsView,
    OpenReturnView,
    PlanView,
    ResubmitView,
)
from portal.api.exports import ExportFileView, ExportsView, OneExportView
from portal.api.published import SchemaView, docs_page
from portal.api.resources import BY_NAME, RESOURCES
from portal.api.scorecards import ScorecardsView
from portal.api.views import ContentView, ListView, RowView

app_name = "api"


def _of_resources() -> list[URLPattern]:
    found = []
    for resource in RESOURCES:
        found.append(
            path(f"{resource.path}/", ListView.as_view(resource=resource), name=f"{resource.name}_list")
        )
        found.append(
            path(
                f"{resource.path}/<int:pk>/", RowView.as_view(resource=resource), name=f"{resource.name}_row"
            )
        )
    return found


CASES = BY_NAME["cases"]
COMMENTED = ("cases", "documents", "orders", "returns")

urlpatterns = [
    *_of_resources(),
    path("scorecards/", ScorecardsView.as_view(), name="scorecards_list"),
    path("schema/", SchemaView.as_view(), name="schema"),
    path("docs/", docs_page, name="docs"),
    path("documents/<int:pk>/content/", ContentView.as_view(), name="documents_content"),
    path("documents/<int:pk>/raw/", ContentView.as_view(raw=True), name="documents_raw"),
    path("documents/<int:pk>/resubmit/", ResubmitView.as_view(), name="documents_resubmit"),
    path("cases/<int:pk>/decisions/", DecisionsView.as_view(resource=CASES), name="cases_decisions"),
    path("cases/<int:pk>/plan/", PlanView.as_view(resource=CASES), name="cases_plan"),
    path("cases/<int:pk>/decide/", DecideView.as_view(resource=CASES), name="cases_decide"),
    path("exports/", ExportsView.as_view(), name="exports"),
    path("exports/<int:pk>/", OneExportView.as_view(), name="exports_row"),
    path("exports/<int:pk>/file/", ExportFileView.as_view(), name="exports_file"),
    path("returns/open/", OpenReturnView.as_view(), name="returns_open"),
    *(
        path(
            f"{BY_NAME[name].path}/<int:pk>/comments/",
            CommentView.as_view(resource=BY_NAME[name]),
            name=f"{name}_comment",
        )
        for name in COMMENTED
    ),
]
