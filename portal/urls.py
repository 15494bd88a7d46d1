"""Addresses of the portal."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from portal import health
from portal.admin.api_page import api_page
from portal.admin.change_log import change_log
from portal.admin.evidence import evidence_page, published_roots, verify_program
from portal.admin.find import find_page, remove_search, save_search
from portal.admin.my_notices import choices_page, mark_read, notices_page, open_notice
from portal.admin.reporting_tables import reporting_tables
from portal.hooks import endpoint
from portal.metrics import pages
from portal.people import views
from portal.people.my_settings import my_settings

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("health/live", health.live, name="live"),
    path("health/ready", health.ready, name="ready"),
    path("health/deep", pages.deep, name="deep"),
    path("metrics", pages.metrics, name="metrics"),
    path("hooks/bigcommerce/<str:key>/", endpoint.bigcommerce, name="bigcommerce_hook"),
    path("api/v1/", include("portal.api.urls")),
    path("account/reset/", views.reset, name="admin_password_reset"),
    path("account/password/<uidb64>/<token>/", views.SetPassword.as_view(), name="set_password"),
    path("admin/my-settings/", admin.site.admin_view(my_settings), name="my_settings"),
    path("admin/change-log/", admin.site.admin_view(change_log), name="change_log"),
    path("admin/api/", admin.site.admin_view(api_page), name="api_page"),
    path("admin/evidence/", admin.site.admin_view(evidence_page), name="evidence"),
    path("admin/evidence/verify.py", admin.site.admin_view(verify_program), name="evidence_verify"),
    path("admin/evidence/roots.txt", admin.site.admin_view(published_roots), name="evidence_roots"),
    path("admin/reporting/", admin.site.admin_view(reporting_tables), name="reporting_tables"),
    path("admin/find/", admin.site.admin_view(find_page), name="find"),
    path("admin/find/saved/", admin.site.admin_view(save_search), name="save_search"),
    path("admin/find/saved/<int:pk>/remove/", admin.site.admin_view(remove_search), name="remove_search"),
    path("admin/notices/", admin.site.admin_view(notices_page), name="notices"),
    path("admin/notices/read/", admin.site.admin_view(mark_read), name="notices_read"),
    path("admin/notices/choices/", admin.site.admin_view(choices_page), name="notices_choices"),
    path("admin/notices/<int:pk>/", admin.site.admin_view(open_notice), name="notice"),
    path("admin/", admin.site.urls),
]

handler400 = "portal.error_pages.bad_request"
handler403 = "portal.error_pages.forbidden"
handler404 = "portal.error_pages.not_found"
handler500 = "portal.error_pages.broken"
