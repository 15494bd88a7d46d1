"""Lists as CSV files: taken out as they are shown, and brought in after a look at what each line does."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext, gettext_lazy
from unfold.decorators import action

from integration.flows.rights import Refused
from integration.flows.translation_files import SAME, WRONG, FilePlan, import_file
from portal.admin.content import refusal_of_export
from portal.admin.reasoned import ReasonedAdmin, tell
from portal.admin.show import list_url
from portal.admin.verbs import person

LARGEST = 2_000_000
"""Bytes of a file: what a form may carry back."""
SHOWN = 500


class FileAdmin(ReasonedAdmin):
    """A list with an export and an import."""

    actions_list = ["export_file", "import_page"]
    columns: Sequence[str] = ()
    file_name = ""
    plan_file: Callable[[str], FilePlan]

    def exported(self, rows: Any) -> Iterable[str]:
        """Return the file of the rows of a list."""
        raise NotImplementedError

    def has_add_rows_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Say whether the user may bring in rows."""
        return bool(self.has_add_permission(request) and self.has_change_permission(request))

    @action(description=gettext_lazy("Export (CSV)"), url_path="export", icon="download")  # type: ignore[untyped-decorator]
    def export_file(self, request: HttpRequest) -> HttpResponse:
        """Return what the list shows, whole, as a file."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = self.get_changelist_instance(request).get_queryset(request)
        if (refused := refusal_of_export(person(request), self.called()[1], rows.count())) is not None:
            return refused
        text = "".join(self.exported(rows))
        answer = HttpResponse(text.encode(), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{self.file_name}"'
        return answer

    @action(
        description=gettext_lazy("Import (CSV)…"), url_path="import", icon="upload", permissions=["add_rows"]
    )  # type: ignore[untyped-decorator]
    def import_page(self, request: HttpRequest) -> HttpResponse:
        """Show what a file would do; do it once that was seen, with a reason."""
        text, problem = given_file(request)
        if text and "digest" in request.POST:
            try:
                reason, digest = request.POST.get("reason", ""), request.POST["digest"]
                done = import_file(person(request), type(self).plan_file, text, digest, reason)
            except Refused as refusal:
                messages.error(request, str(refusal))
            else:
                messages.success(
                    request,
                    gettext("One row is imported.")
                    if done.rows == 1
                    else gettext("%(rows)s rows are imported.") % {"rows": f"{done.rows:,}"},
                )
                tell(request, done)
                return HttpResponseRedirect(list_url(self.model))
        plan = type(self).plan_file(text) if text else None
        rows = sorted(plan.rows, key=lambda row: (row.verdict != WRONG, row.verdict == SAME)) if plan else []
        context = {
            "title": gettext("Import %(called)s") % {"called": self.called()[1]},
            "heading": gettext("Import %(called)s") % {"called": self.called()[1]},
            "help": gettext("Nothing is changed before you have seen what each line does."),
            "columns": ", ".join(self.columns),
            "plan": plan,
            "rows": rows[:SHOWN],
            "more": max(0, len(rows) - SHOWN),
            "text": base64.b64encode(text.encode()).decode(),
            "problem": problem,
            "cancel_url": list_url(self.model),
        }
        return self.page(request, None, "portal/import.html", context)


def given_file(request: HttpRequest) -> tuple[str, str]:
    """Return the text of the file that was sent, or why it cannot be read."""
    if request.method != "POST":
        return "", ""
    # The file travels through the form in base64: a browser would change its line ends.
    file = request.FILES.get("file")
    if file is not None and (file.size or 0) > LARGEST:
        return "", gettext("The file is larger than %(value)s MB: import it in parts.") % {
            "value": LARGEST // 1000000
        }
    try:
        data = (
            file.read() if file is not None else base64.b64decode(request.POST.get("text", ""), validate=True)
        )
        text = data.decode("utf-8")
    except ValueError:
        return "", gettext("The file is not in UTF-8. Save it as “CSV UTF-8” and choose it again.")
    return text, "" if text.strip() else gettext("The file is empty.")
