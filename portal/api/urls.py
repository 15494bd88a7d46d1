"""Addresses of the API, below ``/api/v1/``."""

from __future__ import annotations

from django.urls import URLPattern, path

from portal.api.resources import RESOURCES
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


urlpatterns = [
    *_of_resources(),
    path("documents/<int:pk>/content/", ContentView.as_view(), name="documents_content"),
    path("documents/<int:pk>/raw/", ContentView.as_view(raw=True), name="documents_raw"),
]
