"""Tokens of the API: who made which for what, how they stand, and the two verbs that make and revoke one."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter, display
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import action

from archive.models import AccessRecord, AuditEntry
from portal.access import reach_of
from portal.admin.api_page import curl_lines
from portal.admin.api_token_form import TokenForm, reads_words, resource_words
from portal.admin.base import EmptyState, HistoryAdmin
from portal.admin.filters import Choices, verb_words
from portal.admin.governed_page import Listed, RecordPage, Said, Told, Verb, Way
from portal.admin.show import BAD, GOOD, QUIET, WARNING, badge, list_url, moment, page_url
from portal.admin.verbs import person, require, run
from portal.api.asking import MARK, actor_of
from portal.api.tokens import ISSUE_TOKENS, issue, revoke
from portal.models import ApiToken

SOON = timedelta(days=14)
ONCE = "token_forms"
"""In the session: the forms that may still be sent. Sent again, by a reload, a form makes no second token."""
_FORMS = 5
_STATES = {
    "good": (_("Good"), GOOD),
    "soon": (_("Ends within 14 days"), WARNING),
    "over": (_("Over"), QUIET),
    "revoked": (_("Revoked"), QUIET),
    "off": (_("Its user is switched off"), BAD),
}


def state_of(token: ApiToken, now: datetime) -> str:
    """Return how a token stands: one of ``_STATES``."""
    if token.revoked_at is not None:
        return "revoked"
    if not token.is_valid(now):
        return "over"
    if not token.user.is_active:
        return "off"
    return "soon" if token.expires_at <= now + SOON else "good"


def _in_state(state: str, now: datetime) -> Q:
    held, asks = Q(revoked_at=None), Q(user__is_active=True)
    return {
        "good": held & asks & Q(expires_at__gt=now + SOON),
        "soon": held & asks & Q(expires_at__gt=now, expires_at__lte=now + SOON),
        "over": held & Q(expires_at__lte=now),
        "revoked": Q(revoked_at__isnull=False),
        "off": held & Q(expires_at__gt=now, user__is_active=False),
    }[state]


def state_badge(token: ApiToken) -> SafeString:
    """Return how a token stands."""
    words, tone = _STATES[state_of(token, timezone.now())]
    return badge(str(words), tone)


class TokenStateFilter(SimpleListFilter):
    """Tokens that stand one way."""

    title = _("State")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        """Return the states."""
        return [(name, str(words)) for name, (words, _) in _STATES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep one state."""
        value = self.value()
        return queryset.filter(_in_state(value, timezone.now())) if value in _STATES else queryset


@admin.register(ApiToken)
class ApiTokenAdmin(HistoryAdmin):
    """Tokens; nothing of one is changed: it is revoked, and another made."""

    words = (_("API token"), _("API tokens"))
    heading = _("API tokens")
    list_display = (
        "shown_name", "shown_user", "shown_reads", "shown_acts", "shown_expires", "shown_used", "shown_state",
    )  # fmt: skip
    list_filter = (TokenStateFilter, "may_write")
    list_select_related = ("user",)
    search_fields = ("name", "prefix__startswith", "user__username")
    search_help_text = _("Name, beginning of the token, or user")
    ordering = ("-pk",)
    actions_list = ["issue"]
    empty = EmptyState(
        _("No program asks yet"),
        _(
            "Make a token for each program that reads from Gridport: Power BI, a data warehouse, another system. The page"
            " “API” shows what there is to read."
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        """Add the verb."""
        view = self.admin_site.admin_view(require_POST(self.decide))
        own = [path("<int:object_id>/decide/", view, name="portal_apitoken_decide")]
        return own + list(super().get_urls())

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return all of them; to whom not everything is shown, those in their own name."""
        rows, user = ApiToken.objects.order_by("-pk"), person(request)
        return rows.filter(user=user) if reach_of(user).is_limited else rows

    def has_issue_permission(self, request: HttpRequest) -> bool:
        """Say whether the user may make tokens."""
        return person(request).has_perm(ISSUE_TOKENS)

    def show(self, request: HttpRequest, row: Any) -> HttpResponse:
        """Show all of a token but the token."""
        page = RecordPage(
            heading=str(row),
            badge=state_badge(row),
            said=[*_said(row), *_limits(row), *_used(row)],
            lists=[_entries(row)],
            ways=_ways(request, row),
            decide_url=reverse("admin:portal_apitoken_decide", args=[row.pk]),
            verbs=[_REVOKE] if _may_revoke(request, row) and row.revoked_at is None else [],
        )
        return self.page(request, row, "portal/governed.html", page.context())

    def decide(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Revoke one token and show it again."""
        token = self.find(request, str(object_id))
        if token is None:
            return self.missing(request, str(object_id))
        if not _may_revoke(request, token):
            raise PermissionDenied
        if request.POST.get("verb") != _REVOKE.name:
            return HttpResponseBadRequest(gettext("There is no such verb."))
        reason = request.POST.get("reason", "")
        done = gettext("Revoked: whoever asks with it is refused from now on.")
        run(request, lambda: revoke(person(request), token, reason), done)
        return HttpResponseRedirect(page_url(token))

    @action(description=_("Make a token…"), url_path="issue", icon="key", permissions=["issue"])  # type: ignore[untyped-decorator]
    def issue(self, request: HttpRequest) -> HttpResponse:
        """Ask what the token is to be, make it, and show it: in this one answer, and never again."""
        user = require(request, ISSUE_TOKENS)
        form = TokenForm(request.POST if request.method == "POST" else None, user, _opened(request))
        if request.method == "POST" and form.is_valid():
            mark = form.cleaned_data["once"]
            if not _take(request, mark):
                messages.warning(request, _SENT_TWICE)
                return HttpResponseRedirect(list_url(ApiToken))
            made: list[tuple[ApiToken, str]] = []
            wanted, reason = form.wanted(), form.cleaned_data["reason"]
            if run(request, lambda: made.append(issue(user, wanted, reason)), gettext("The token is made.")):
                return self._made(request, *made[0])
            _open(request, mark)
        context = {"title": gettext("Make a token"), "form": form, "cancel_url": list_url(ApiToken)}
        return self.page(request, None, "portal/token_form.html", context)

    def _made(self, request: HttpRequest, token: ApiToken, text: str) -> HttpResponse:
        context = {
            "title": gettext("The token {}").format(token),
            "token": token,
            "text": text,
            "until": moment(token.expires_at),
            "page_url": page_url(token),
            "lines": curl_lines(request, text, token.resources),
        }
        answer = self.page(request, None, "portal/token_made.html", context)
        answer["Cache-Control"] = "no-store"
        return answer

    @display(description=_("Name"), ordering="name")
    def shown_name(self, token: ApiToken) -> str:
        """Return its name and what of it may be seen."""
        return str(token)

    @display(description=_("In the name of"), ordering="user__username")
    def shown_user(self, token: ApiToken) -> str:
        """Return in whose name it asks."""
        return token.user.get_username()

    @display(description=_("Reads"))
    def shown_reads(self, token: ApiToken) -> str:
        """Return what it reads."""
        content = gettext(", with content") if token.reads_content else ""
        limited = gettext(", limited") if token.limits_partners or token.limits_stores else ""
        return f"{reads_words(token)}{content}{limited}"

    @display(description=_("May act"), ordering="may_write")
    def shown_acts(self, token: ApiToken) -> str:
        """Return whether it may do anything but read."""
        return gettext("Yes") if token.may_write else gettext("No")

    @display(description=_("Good until"), ordering="expires_at")
    def shown_expires(self, token: ApiToken) -> str:
        """Return when it ends."""
        return moment(token.expires_at)

    @display(description=_("Last used"), ordering="last_used_at")
    def shown_used(self, token: ApiToken) -> str:
        """Return when, and from where."""
        return _last_used(token)

    @display(description=_("State"))
    def shown_state(self, token: ApiToken) -> SafeString:
        """Return how it stands."""
        return state_badge(token)


_REVOKE = Verb(
    "revoke",
    _("Revoke"),  # type: ignore[arg-type]
    _("Whoever asks with it is refused at once. It cannot be taken back: make another where one is needed."),  # type: ignore[arg-type]
    is_first=True,
)
_SENT_TWICE = _(
    "This form was sent before: no second token was made, and the first one is not shown again. Where you did not keep it,"
    " revoke it and make another."
)


def _opened(request: HttpRequest) -> str:
    """Return the mark of a form that is shown now; one that is sent brings its own."""
    if request.method == "POST":
        return ""
    mark = secrets.token_hex(8)
    _open(request, mark)
    return mark


def _open(request: HttpRequest, mark: str) -> None:
    marks = [each for each in request.session.get(ONCE, []) if each != mark]
    request.session[ONCE] = [*marks, mark][-_FORMS:]


def _take(request: HttpRequest, mark: str) -> bool:
    """Say whether the form of ``mark`` was not sent before; now it was."""
    marks = request.session.get(ONCE, [])
    request.session[ONCE] = [each for each in marks if each != mark]
    return mark in marks


def _may_revoke(request: HttpRequest, token: ApiToken) -> bool:
    user = person(request)
    return user.has_perm(ISSUE_TOKENS) or token.user_id == user.pk


def _said(token: ApiToken) -> list[Said]:
    return [
        Said(gettext("Begins with"), f"{MARK}{token.prefix}_…"),
        Said(gettext("In the name of"), token.user.get_username()),
        Said(gettext("Good until"), moment(token.expires_at)),
        Said(gettext("Made"), moment(token.created_at)),
        Said(gettext("Made by"), token.created_by),
        Said(gettext("What documents say"), _yes(token.reads_content)),
        Said(gettext("May act"), _yes(token.may_write)),
        Said(gettext("Reads"), _all_words(token), is_wide=True),
    ]


def _yes(value: bool) -> str:
    return gettext("Yes") if value else gettext("No")


def _all_words(token: ApiToken) -> str:
    words = ", ".join(resource_words(token.resources))
    return words or gettext("Nothing")


def _limits(token: ApiToken) -> list[Said]:
    partners, stores = token.partners.order_by("name"), token.stores.order_by("name")
    everyone = gettext("All that its user sees")
    return [
        Said(gettext("Partners"), _names(partners) if token.limits_partners else everyone),
        Said(gettext("Stores"), _names(stores) if token.limits_stores else everyone),
        Said(gettext("Only from"), ", ".join(token.addresses) or gettext("Anywhere")),
    ]


def _names(rows: QuerySet[Any]) -> str:
    return ", ".join(map(str, rows)) or gettext("None")


def _used(token: ApiToken) -> list[Said]:
    found = [Said(gettext("Last used"), _last_used(token))]
    if token.revoked_at is not None:
        found += [
            Said(gettext("Revoked"), moment(token.revoked_at)),
            Said(gettext("Revoked by"), token.revoked_by),
        ]
    return found


def _last_used(token: ApiToken) -> str | SafeString:
    if token.last_used_at is None:
        return gettext("Never")
    from_there = gettext("from {}").format(token.last_address) if token.last_address else ""
    return format_html("{} <small>{}</small>", moment(token.last_used_at), from_there)


def _entries(token: ApiToken) -> Listed:
    rows = AuditEntry.objects.filter(subject=token.subject).order_by("-pk")
    return Listed(
        gettext("What was decided"),
        (gettext("What"), gettext("By"), gettext("When"), gettext("Why")),
        [
            [Told(verb_words(each.verb)), Told(each.actor), Told(moment(each.recorded_at)), Told(each.reason)]
            for each in rows
        ],
        gettext("Nothing yet."),
    )


def _ways(request: HttpRequest, token: ApiToken) -> list[Way]:
    if not person(request).has_perm("archive.view_accessrecord"):
        return []
    reader = urlencode({"q": f'"{actor_of(token)}"'})
    return [Way(gettext("What it read"), list_url(AccessRecord, reader), "visibility")]
