"""Photos and forms of a return on pages: added, looked at, withdrawn; and the claim form, as a page and on paper."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.utils.translation import gettext

from integration.flows import decide
from integration.flows.claim_forms import claim_form
from integration.flows.return_files import add_file, files_for, withdraw_file
from integration.matching.evidence import KINDS, LARGEST
from integration.models import ReturnCase, ReturnFile
from integration.printing.claim_forms import claim_forms
from integration.printing.paper import PAPERS
from integration.printing.thumbnails import thumbnail
from portal.admin.base import GridAdmin
from portal.admin.content import READ_CONTENT, as_attachment, download, open_for
from portal.admin.show import page_url
from portal.admin.verbs import Asked, person, reason_page, require, run


def add_page(shown_by: GridAdmin, request: HttpRequest, case: ReturnCase) -> HttpResponse:
    """Take a file that was sent with the form on the return's page."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    user = require(request, decide.DECIDE)
    file = request.FILES.get("file")
    # One byte more than is taken: whatever is longer is too long, and is not read to its end.
    data = file.read(LARGEST + 1) if file is not None else b""
    shows, called = request.POST.get("shows", ""), file.name or "" if file is not None else ""
    run(request, lambda: add_file(user, case, data, called, shows), gettext("The file is added."))
    return HttpResponseRedirect(f"{page_url(case)}#files")


def download_page(shown_by: GridAdmin, request: HttpRequest, case: ReturnCase, file_id: int) -> HttpResponse:
    """Give out a file under our name and as what it holds, to be kept and not shown."""
    file = _found(case, file_id)
    return download(
        person(request),
        file.payload,
        file.name,
        f"file {file.number} of return {case.pk}",
        content_type=KINDS[file.kind].content_type,
    )


def small_page(shown_by: GridAdmin, request: HttpRequest, case: ReturnCase, file_id: int) -> HttpResponse:
    """Give out a small copy of a photo, made anew by us, for the return's page."""
    user = person(request)
    if not user.has_perm(READ_CONTENT):
        raise PermissionDenied
    file = _found(case, file_id)
    opened = open_for(user, file.payload, f"look at file {file.number} of return {case.pk}")
    small = thumbnail(opened.data) if opened.data is not None and KINDS[file.kind].is_picture else b""
    if not small:
        raise Http404
    return as_attachment(small, f"small-{file.name}.jpg", "image/jpeg")


def withdraw_page(shown_by: GridAdmin, request: HttpRequest, case: ReturnCase, file_id: int) -> HttpResponse:
    """Ask why a file is to count no more, and let it."""
    user = require(request, decide.DECIDE)
    file = _found(case, file_id)
    asked = Asked(
        title=gettext("withdraw %(name)s") % {"name": file.name},
        heading=gettext("Withdraw %(name)s?") % {"name": file.name},
        consequence=gettext("It counts no more and goes to nobody. Its bytes stay on record."),
        button=gettext("Withdraw it"),
        done=gettext("The file is withdrawn."),
    )
    return reason_page(shown_by, request, case, lambda reason: withdraw_file(user, file, reason), asked)


def claim_page(shown_by: GridAdmin, request: HttpRequest, case: ReturnCase) -> HttpResponse:
    """Show the claim form as a page."""
    user = require(request, READ_CONTENT)
    form = claim_form(case, user.get_username())
    small = {each.name: each.pk for each in files_for(case) if KINDS[each.kind].is_picture}
    context = {
        "title": gettext("Claim form %(number)s") % {"number": case.number},
        "case": case,
        "form": form,
        "total": form.amount(form.total),
        "lines": [(line, form.amount(line.worth)) for line in form.lines],
        "files": [(each, small.get(each.name) if each.picture else None) for each in form.files],
        "papers": list(PAPERS.values()),
    }
    return shown_by.page(request, case, "portal/claim_form.html", context)


def claim_pdf(shown_by: GridAdmin, request: HttpRequest, case: ReturnCase, paper: str) -> HttpResponse:
    """Give out the claim form on Letter or A4."""
    if paper not in PAPERS:
        raise Http404
    user = require(request, READ_CONTENT)
    data = claim_forms([claim_form(case, user.get_username())], PAPERS[paper])
    return as_attachment(data, f"claim-form-{case.number}.pdf", "application/pdf")


def _found(case: ReturnCase, file_id: int) -> ReturnFile:
    found = case.files.select_related("payload", "case").filter(pk=file_id).first()
    if found is None:
        raise Http404
    return found
