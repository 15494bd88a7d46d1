"""Event destinations: other systems that are told what happens. Address and secret are never shown once they are saved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import display
from django.db import transaction
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import action
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminTextInputWidget,
)

from archive.clock import database_now
from integration.flows import event_settings
from integration.flows.events_out import types
from integration.flows.post_events import Verdict
from integration.flows.rights import EDIT_DESTINATION, Refused
from integration.models import EventAttempt, EventDelivery, EventDestination
from integration.transports.signed_webhook import new_secret
from integration.transports.webhook import RECEIVER, address_problem
from portal.admin.base import EmptyState, GridAdmin
from portal.admin.rules import Problems
from portal.admin.secrets import SecretField, SecretsForm, stored_badge
from portal.admin.show import BAD, GOOD, QUIET, WARNING, badge, list_url, moment, page_url
from portal.admin.timeline import timeline
from portal.admin.verbs import ReasonForm, require

State = EventDelivery.State


def destination_problems(destination: EventDestination) -> Problems:
    """Return why nothing may be posted to the address."""
    problem = address_problem(destination.url, RECEIVER) if destination.url else ""
    return {"url": problem} if problem else {}


class DestinationForm(SecretsForm):
    """A destination; its secret is made here, and never entered."""

    secrets = ("url",)
    needed = ("url",)
    problems = staticmethod(destination_problems)

    url = SecretField(label=gettext_lazy("Address"))
    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("Events"),
        choices=types,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text=gettext_lazy("None chosen: all of them, those of later versions too."),
    )

    class Meta:
        model = EventDestination
        fields = ("url",)


class AgainForm(ReasonForm):
    """Which of the events that were given up are sent again, and why."""

    since = forms.DateTimeField(
        label=gettext_lazy("Those that happened since"),
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"}),
        help_text=gettext_lazy("In your time zone, which “My settings” shows. Empty: all of them."),
    )

    field_order = ["since", "reason"]


@admin.register(EventDestination)
class EventDestinationAdmin(GridAdmin):
    """Destinations, with what waits for each."""

    form = DestinationForm
    list_display = (
        "name",
        "shown_state",
        "shown_host",
        "shown_kinds",
        "shown_waiting",
        "shown_given_up",
        "shown_last",
        "shown_last_try",
    )
    search_fields = ("name",)
    search_help_text = gettext_lazy("Name")
    used_by = ("deliveries",)
    autocomplete_fields = ("partners", "stores")
    readonly_fields = (
        "shown_url", "shown_kinds", "shown_secret", "shown_state", "shown_host", "shown_waiting", "shown_given_up",
        "shown_last", "shown_last_try",
    )  # fmt: skip
    actions_detail = ["test", "rotate", "again"]
    change_form_outer_after_template = "portal/parts/destination_below.html"
    empty = EmptyState(
        gettext_lazy("No event destinations yet"),
        gettext_lazy(
            "Add the address of a system that is to be told when documents, orders, shipments, invoices, returns or cases change:"
            " events are posted to it within seconds, signed, and tried for three days. Nothing of before is told."
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Show that an address is stored to those who only look, and how it stands once there is something."""
        may_write = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        address, kinds = ("url", "kinds") if may_write else ("shown_url", "shown_kinds")
        told = (
            _("What it is told"),
            {
                "fields": (kinds, "partners", "stores"),
                "description": gettext_lazy(
                    "Events name rows by id and state, and nothing of people or prices; the rest is read by the API."
                ),
            },
        )
        where = (None, {"fields": ("is_active", "name", address)})
        if obj is None:
            return [where, told]
        stands = (
            ("shown_state", "shown_host"),
            ("shown_waiting", "shown_given_up"),
            ("shown_last", "shown_secret"),
            "shown_last_try",
        )
        return [(_("How it stands"), {"fields": stands}), where, told]

    def attach(self, rows: Sequence[Any]) -> None:
        """Attach how many events wait for each or were given up, when it took one last, and the last try."""
        open_ones = EventDelivery.objects.filter(
            destination__in=rows, state__in=[State.WAITING, State.GIVEN_UP]
        )
        counted = {
            (each["destination"], each["state"]): each["count"]
            for each in open_ones.order_by().values("destination", "state").annotate(count=Count("pk"))
        }
        last = (
            EventDelivery.objects.filter(destination__in=rows, state=State.DELIVERED)
            .order_by("destination_id", "-settled_at")
            .distinct("destination_id")
        )
        of_destination = {each.destination_id: each.settled_at for each in last}
        tried = EventAttempt.objects.filter(delivery__destination__in=rows).select_related("delivery")
        tries = tried.order_by("delivery__destination_id", "-pk").distinct("delivery__destination_id")
        last_tries = {each.delivery.destination_id: each for each in tries}
        for row in rows:
            row.last_try = last_tries.get(row.pk)
            row.last_at = of_destination.get(row.pk)
            row.counts = {state: counted.get((row.pk, state), 0) for state in (State.WAITING, State.GIVEN_UP)}

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the form, and what happened to the destination beneath."""
        row = self.find(request, object_id)
        extra = dict(extra_context or {})
        if row is not None:
            extra |= {"timeline": timeline(row.subject), "deliveries_url": _deliveries(row)}
        answer: HttpResponse = super().change_view(request, object_id, form_url, extra)
        return answer

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save what the form holds and nothing that posting wrote meanwhile; what waits tries the new settings at once."""
        with transaction.atomic():
            if change:
                obj.save(update_fields=["name", "url", "kinds", "is_active"])
            else:
                obj.secret = new_secret()
                super().save_model(request, obj, form, change)
            event_settings.destination_saved(obj)

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the secret, this once."""
        return self._secret_page(
            request, obj, obj.secret, _("%(destination)s was added") % {"destination": obj}
        )

    def has_verb_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Say whether the user may test, have a new secret be made, or have events be sent again."""
        return request.user.has_perm(EDIT_DESTINATION)

    @action(description=gettext_lazy("Test…"), permissions=["verb"], url_path="test", icon="send")  # type: ignore[untyped-decorator]
    def test(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, post a test event by the saved settings, and say what came back."""
        user = require(request, EDIT_DESTINATION)
        row = self.find(request, object_id)
        if row is None:
            return self.missing(request, object_id)
        if request.method == "POST":
            tried = event_settings.try_destination(user, row)
            said = _(" It says: %(answer)s") % {"answer": tried.answer} if tried.answer else ""
            tell = messages.success if tried.verdict is Verdict.TAKEN else messages.error
            tell(request, tried.words + said)
            return HttpResponseRedirect(page_url(row))
        context = {
            "title": _("Test of %(destination)s") % {"destination": row},
            "heading": _("Post a test event to %(destination)s?") % {"destination": row},
            "consequence": _(
                "An event of the type com.gridport.test is posted now, signed as all others. It is not tried again, and not kept."
            ),
            "button": _("Post a test event"),
            "cancel_url": page_url(row),
        }
        return self.page(request, row, "portal/verb.html", context)

    @action(  # type: ignore[untyped-decorator]
        description=gettext_lazy("New secret…"), permissions=["verb"], url_path="rotate", icon="key"
    )
    def rotate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, make a new secret, and show it this once."""
        user = require(request, EDIT_DESTINATION)
        row = self.find(request, object_id)
        if row is None:
            return self.missing(request, object_id)
        form = ReasonForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                secret = event_settings.rotate_secret(user, row, form.cleaned_data["reason"])
            except Refused as refusal:
                messages.error(request, str(refusal))
                return HttpResponseRedirect(page_url(row))
            title = _("New secret of %(destination)s") % {"destination": row}
            return self._secret_page(request, row, secret, title)
        context = {
            "title": _("%(destination)s: new secret") % {"destination": row},
            "heading": _("Make a new secret for %(destination)s?") % {"destination": row},
            "consequence": _(
                "For 24 hours events are signed with both, so that the receiver can change over; then with the new one alone. A"
                " secret that was replaced less than 24 hours ago is not used any more from now on."
            ),
            "button": _("Make a new secret"),
            "form": form,
            "cancel_url": page_url(row),
        }
        return self.page(request, row, "portal/verb.html", context)

    @action(  # type: ignore[untyped-decorator]
        description=gettext_lazy("Send given up again…"),
        permissions=["verb"],
        url_path="again",
        icon="replay",
    )
    def again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask which and why, and have what was given up be sent again."""
        user = require(request, EDIT_DESTINATION)
        row = self.find(request, object_id)
        if row is None:
            return self.missing(request, object_id)
        form = AgainForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            since, reason = form.cleaned_data["since"], form.cleaned_data["reason"]
            try:
                count = event_settings.send_all_again(user, row, since, reason)
            except Refused as refusal:
                messages.error(request, str(refusal))
            else:
                messages.success(
                    request,
                    ngettext("%(count)s event is sent again.", "%(count)s events are sent again.", count)
                    % {"count": count},
                )
            return HttpResponseRedirect(page_url(row))
        context = {
            "title": _("%(destination)s: send again") % {"destination": row},
            "heading": _("Send what %(destination)s did not take again?") % {"destination": row},
            "consequence": _(
                "Every event that was given up is sent again under its own id, with the same bytes: a receiver that took it after"
                " all knows it by that."
            ),
            "button": _("Send again"),
            "form": form,
            "cancel_url": page_url(row),
        }
        return self.page(request, row, "portal/verb.html", context)

    def _secret_page(
        self, request: HttpRequest, row: EventDestination, secret: str, title: str
    ) -> HttpResponse:
        context = {"title": title, "secret": secret, "next_url": page_url(row)}
        answer = self.page(request, row, "portal/event_secret.html", context)
        answer["Cache-Control"] = "no-store"
        return answer

    @display(description=gettext_lazy("State"))
    def shown_state(self, row: EventDestination) -> SafeString | str:
        """Return whether events are posted, and taken."""
        if not row.is_active:
            words = badge(_("Switched off"), WARNING if row.stopped_because else QUIET)
            return format_html("{} {}", words, row.stopped_because) if row.stopped_because else words
        if row.failing_since is not None:
            return format_html(
                "{} {} {}", badge(_("Takes nothing"), BAD), _("since"), moment(row.failing_since)
            )
        return badge(_("Posted to"), GOOD)

    @display(description=gettext_lazy("Host"))
    def shown_host(self, row: EventDestination) -> str:
        """Return whose address it is; the rest of it may be a secret."""
        return urlsplit(row.url).hostname or ""

    @display(description=gettext_lazy("Address"))
    def shown_url(self, row: EventDestination) -> SafeString:
        """Return that one is stored."""
        return stored_badge(row.url)

    @display(description=gettext_lazy("Secret"))
    def shown_secret(self, row: EventDestination) -> SafeString | str:
        """Return that one is stored, and until when a former one is valid too."""
        stored = stored_badge(row.secret)
        if row.former_until is None or row.former_until <= database_now():
            return stored
        return format_html(
            "{} {} {}", stored, _("The former one is used too until"), moment(row.former_until)
        )

    @display(description=gettext_lazy("Events"))
    def shown_kinds(self, row: EventDestination) -> str:
        """Return what it is told."""
        labels = dict(EventDelivery._meta.get_field("type").flatchoices)
        return ", ".join(str(labels.get(each, each)) for each in row.kinds) or _("All")

    @display(description=gettext_lazy("Waiting"))
    def shown_waiting(self, row: Any) -> SafeString | str:
        """Return how many events wait, as the way to them."""
        return self._counted(row, State.WAITING)

    @display(description=gettext_lazy("Given up"))
    def shown_given_up(self, row: Any) -> SafeString | str:
        """Return how many events were given up, as the way to them."""
        return self._counted(row, State.GIVEN_UP)

    @display(description=gettext_lazy("Taken last"))
    def shown_last(self, row: Any) -> SafeString | str:
        """Return when it took an event last."""
        self._ensure_attached(row)
        return moment(row.last_at) if row.last_at else _("Nothing yet")

    @display(description=gettext_lazy("Last try"))
    def shown_last_try(self, row: Any) -> SafeString | str:
        """Return what came of the last try, whichever event it was of."""
        self._ensure_attached(row)
        if row.last_try is None:
            return _("None yet")
        return format_html("{} {}", moment(row.last_try.began_at), row.last_try.words)

    def _counted(self, row: Any, state: str) -> SafeString | str:
        self._ensure_attached(row)
        count = row.counts[state]
        if not count:
            return "0"
        return format_html(
            '<a class="gp-link" href="{}">{}</a>', _deliveries(row, state__exact=state), f"{count:,}"
        )

    def _ensure_attached(self, row: Any) -> None:
        if not hasattr(row, "counts"):
            self.attach([row])


def _deliveries(row: EventDestination, **more: str) -> str:
    return list_url(EventDelivery, urlencode({"destination__id__exact": row.pk, **more}))
