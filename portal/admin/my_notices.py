"""My notices: what somebody was told, read and unread, and how he wants to be told of what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
)

from integration.flows.notice_causes import CASE_KINDS
from integration.flows.notice_settings import Choice, choose, read
from integration.flows.notices import SEEN_BY, TOLD_UNASKED, known_within
from integration.models import Notice, NoticeReceipt, NoticeRule
from portal.access import reach_of
from portal.admin.base import Crumb
from portal.admin.bell import receipts_of
from portal.admin.show import QUIET, WARNING, age, badge, moment, page_url
from portal.admin.verbs import person, run

Kind = NoticeRule.Kind
ON_A_PAGE = 50
_AS_ROLES = ""
_WAYS = {"app": (True, False), "mail": (False, True), "both": (True, True), "none": (False, False)}
_WAY_WORDS = (
    ("app", gettext_lazy("In the portal")),
    ("mail", gettext_lazy("By mail")),
    ("both", gettext_lazy("In the portal and by mail")),
    ("none", gettext_lazy("Not at all")),
)


@dataclass(frozen=True)
class Row:
    """One notice of the list."""

    pk: int
    kind: str
    sentence: str
    url: str
    state: SafeString
    began: Any
    ended: Any
    lasted: str
    is_new: bool


class ChoicesForm(forms.Form):
    """How somebody wants to be told of each kind; ``user`` decides which kinds there are, and what his roles have."""

    case_kinds = forms.MultipleChoiceField(
        label=gettext_lazy("Kinds of cases"),
        choices=CASE_KINDS,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text=gettext_lazy(
            "None chosen: all of them. Counts where you chose a way for “Case opened” yourself."
        ),
    )
    money_from = forms.DecimalField(
        label=gettext_lazy("At stake at least"),
        required=False,
        min_value=0,
        max_digits=20,
        decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget(),
        help_text=gettext_lazy(
            "As the amount stands, whatever its currency. Empty: cases without an amount too."
        ),
    )

    def __init__(self, user: User, data: Mapping[str, Any] | None = None) -> None:
        own = {rule.kind: rule for rule in NoticeRule.objects.filter(user=user)}
        of_roles = NoticeRule.objects.filter(role__in=user.groups.all())
        super().__init__(data, initial=_initial(own))
        self.kinds = [kind for kind, right in SEEN_BY.items() if user.has_perm(right)]
        for kind in self.kinds:
            theirs = _role_words(kind, [rule for rule in of_roles if rule.kind == kind])
            self.fields[kind] = forms.ChoiceField(
                label=kind.label,
                required=False,
                choices=[(_AS_ROLES, theirs), *_WAY_WORDS],
                widget=UnfoldAdminSelectWidget(),
            )
        if Kind.CASE not in self.kinds:
            del self.fields["case_kinds"], self.fields["money_from"]
        self.order_fields([kind.value for kind in self.kinds])

    def chosen(self) -> dict[str, Choice]:
        """Return what was chosen, by kind; what is left to the roles is missing."""
        found = {}
        for kind in self.kinds:
            way = self.cleaned_data[kind]
            if way == _AS_ROLES:
                continue
            in_app, by_mail = _WAYS[way]
            is_case = kind == Kind.CASE
            found[kind.value] = Choice(
                in_app,
                by_mail,
                tuple(self.cleaned_data["case_kinds"]) if is_case else (),
                self.cleaned_data["money_from"] if is_case else None,
            )
        return found


def notices_page(request: HttpRequest) -> HttpResponse:
    """Show what somebody was told, the newest first; ``?unread`` leaves out what was read."""
    user = person(request)
    told = receipts_of(user).select_related("notice").order_by("-pk")
    only_unread = "unread" in request.GET
    if only_unread:
        told = told.filter(read_at=None)
    before = _number(request.GET.get("before", ""))
    if before:
        told = told.filter(pk__lt=before)
    found = list(told[: ON_A_PAGE + 1])
    kept = {"unread": "1"} if only_unread else {}
    older = ""
    if len(found) > ON_A_PAGE:
        older = f"{reverse('notices')}?{urlencode({**kept, 'before': str(found[ON_A_PAGE - 1].pk)})}"
    context = {
        "rows": _rows(found[:ON_A_PAGE]),
        "older_url": older,
        "is_first": not before,
        "only_unread": only_unread,
        "has_unread": receipts_of(user).filter(read_at=None).exists(),
        "newest": found[0].pk if found else 0,
    }
    return _page(request, "portal/notices.html", context, Crumb(_("My notices")))


def mark_read(request: HttpRequest) -> HttpResponse:
    """Mark as read the notice that was posted, else all that were there when the page was made."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    user = person(request)
    told = receipts_of(user).filter(read_at=None)
    if "notice" in request.POST:
        told = told.filter(notice=_number(request.POST["notice"]))
    else:
        told = told.filter(pk__lte=_number(request.POST.get("newest", "")))
    count = read(user, told.values_list("notice", flat=True))
    messages.success(request, _("Marked as read: %(count)d.") % {"count": count})
    return HttpResponseRedirect(reverse("notices"))


def open_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Lead to what a notice is about, and have it be read: the address in mails and chats."""
    user = person(request)
    notice = Notice.objects.filter(known_within(reach_of(user)), pk=pk).first()
    if notice is None or not user.has_perm(SEEN_BY[Kind(notice.kind)]):
        raise Http404
    read(user, [notice.pk])
    about = _about(notice)
    return HttpResponseRedirect(page_url(about) if about is not None else reverse("notices"))


def choices_page(request: HttpRequest) -> HttpResponse:
    """Ask how somebody wants to be told of what, and keep it."""
    user = person(request)
    form = ChoicesForm(user, request.POST if request.method == "POST" else None)
    if (
        request.method == "POST"
        and form.is_valid()
        and run(
            request, lambda: choose(user, form.chosen()), _("Saved. It holds for what is told from now on.")
        )
    ):
        return HttpResponseRedirect(reverse("notices"))
    crumbs = (Crumb(_("My notices"), reverse("notices")), Crumb(_("What I am told")))
    context = {"form": form, "kinds": [form[kind] for kind in form.kinds], "mail_address": user.email}
    if Kind.CASE in form.kinds:
        context["of_cases"] = [form["case_kinds"], form["money_from"]]
    return _page(request, "portal/notice_choices.html", context, *crumbs)


def _page(request: HttpRequest, template: str, context: dict[str, Any], *crumbs: Crumb) -> HttpResponse:
    request.current_app = admin.site.name
    shown = {**admin.site.each_context(request), "title": crumbs[-1].words, "crumbs": crumbs, **context}
    return TemplateResponse(request, template, shown)


def _number(text: str) -> int:
    """Return a primary key as an address or form has it; 0, which is nobody's, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _rows(receipts: Iterable[NoticeReceipt]) -> list[Row]:
    rows = []
    for receipt in receipts:
        notice = receipt.notice
        is_over = notice.ended_at is not None
        words = _("Finished") if notice.kind == Kind.BULK else _("Over") if is_over else _("Stands")
        rows.append(
            Row(
                notice.pk,
                notice.get_kind_display(),
                notice.sentence,
                reverse("notice", args=[notice.pk]),
                badge(words, QUIET if is_over else WARNING),
                moment(notice.began_at),
                moment(notice.ended_at),
                age(notice.began_at, notice.ended_at),
                receipt.read_at is None,
            )
        )
    return rows


def _about(notice: Notice) -> Model | None:
    return notice.case or notice.bulk_job or notice.store or notice.mailbox


def _initial(own: Mapping[str, NoticeRule]) -> dict[str, Any]:
    ways = {both: name for name, both in _WAYS.items()}
    found: dict[str, Any] = {kind: ways[rule.in_app, rule.by_mail] for kind, rule in own.items()}
    cases = own.get(Kind.CASE)
    if cases is not None:
        found |= {"case_kinds": cases.case_kinds, "money_from": cases.money_from}
    return found


def _role_words(kind: NoticeRule.Kind, rules: Iterable[NoticeRule]) -> str:
    """Return what holds for somebody who chooses nothing."""
    rules = list(rules)
    if not rules and kind == Kind.BULK:
        return _("As it is for everybody: my own jobs, in the portal")
    if not rules and kind in TOLD_UNASKED:
        return _("As it is for everybody: in the portal")
    in_app = any(rule.in_app for rule in rules)
    by_mail = any(rule.by_mail for rule in rules)
    if in_app and by_mail:
        return _("As my roles have it: in the portal and by mail")
    if in_app or by_mail:
        return _("As my roles have it: in the portal") if in_app else _("As my roles have it: by mail")
    return _("As my roles have it: not at all")
