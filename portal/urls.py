"""Addresses of the portal."""

from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView

from portal import health
from portal.admin.find import find_page
from portal.hooks import endpoint

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("health/live", health.live, name="live"),
    path("health/ready", health.ready, name="ready"),
    path("hooks/bigcommerce/<str:key>/", endpoint.bigcommerce, name="bigcommerce_hook"),
    path("admin/find/", admin.site.admin_view(find_page), name="find"),
    path("admin/", admin.site.urls),
]
