"""Pause switches: what is paused, and the verbs that pause and resume a store, mailbox, partner or everything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import display
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy
from unfold.decorators import action

from integration.flows import decide
from integration.flows.channels import trouble_of
from integration.flows.pauses import pause_words
from integration.models import Pause, Store
from partners.models import Mailbox, TradingPartner
from portal.admin.base import EmptyState, GridAdmin, HistoryAdmin
from portal.admin.show import moment
from portal.admin.subjects import Subject, resolve
from portal.admin.timeline import timeline
from portal.admin.verbs import ReasonForm, person, require, run

GENERAL = {"everything": Pause.EVERYTHING, "receiving": Pause.RECEIVING, "sending": Pause.SENDING}
_WHEN_PAUSED: dict[Any, str | Promise] = {
    Pause.EVERYTHING: gettext_lazy(
        "Nothing is read, sent, fetched or written anywhere. What comes waits where it is."
    ),
    Pause.RECEIVING: gettext_lazy("Files stay on the mailboxes, and what was fetched already is not read."),
    Pause.SENDING: gettext_lazy(
        "Nothing is written for partners or sent to them. Orders are read and composed."
    ),
    Store: gettext_lazy("Its orders are neither read nor worked on, and nothing is written to it."),
    Mailbox: gettext_lazy(
        "Nothing is fetched from it or sent through it. What was fetched before is read and matched."
    ),
    TradingPartner: gettext_lazy(
        "Nothing is composed for it or sent to it. Its answers are fetched and read, and not matched."
    ),
}


class PausableAdmin(GridAdmin):
    """The base of stores, mailboxes and partners."""

    actions_detail = ["pause", "resume"]
    change_form_outer_before_template = "portal/parts/mode.html"
    change_form_outer_after_template = "portal/parts/settings_timeline.html"

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer to pause or to resume, whichever makes sense now."""
        allowed: list[Any] = super().get_actions_detail(request, object_id)
        subject = self.get_object(request, str(object_id))
        if subject is None:
            return []
        unwanted = "resume" if _switch(subject) is None else "pause"
        return [each for each in allowed if not each.action_name.endswith(f"_{unwanted}")]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the settings with the switch above, where it is on, and the timeline beneath."""
        subject = self.find(request, object_id)
        extra = dict(extra_context or {})
        if subject is not None:
            extra["pause"] = _switch(subject)
            extra["trouble"] = trouble_of(decide.pause_subject(subject))
            extra["timeline"] = timeline(decide.pause_subject(subject))
        page: HttpResponse = super().change_view(request, object_id, form_url, extra)
        return page

    def has_pause_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Say whether the user may pause and resume."""
        return request.user.has_perm(decide.PAUSE)

    @action(description=gettext_lazy("Pause…"), permissions=["pause"], url_path="pause", icon="pause")  # type: ignore[untyped-decorator]
    def pause(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for a reason, then let nothing of the subject go on."""
        return self._pause_page(request, object_id, pausing=True)

    @action(description=gettext_lazy("Resume…"), permissions=["pause"], url_path="resume", icon="play_arrow")  # type: ignore[untyped-decorator]
    def resume(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for a reason, then let what waited go on."""
        return self._pause_page(request, object_id, pausing=False)

    def _pause_page(self, request: HttpRequest, object_id: str, *, pausing: bool) -> HttpResponse:
        subject = self.find(request, object_id)
        if subject is None:
            return self.missing(request, object_id)
        return switch_page(self, request, subject, str(subject), "../change/", pausing=pausing)


def switch_page(
    shown_by: GridAdmin,
    request: HttpRequest,
    subject: decide.Pausable,
    name: str,
    address: str,
    *,
    pausing: bool,
) -> HttpResponse:
    """Ask for a reason and turn the switch of ``subject``, called ``name``; then go to ``address``."""
    done = (
        gettext("%(name)s is paused.") % {"name": name}
        if pausing
        else gettext("%(name)s goes on.") % {"name": name}
    )
    if request.method != "POST" and (_switch(subject) is not None) == pausing:
        messages.info(request, gettext("It is paused already.") if pausing else gettext("It is not paused."))
        return HttpResponseRedirect(address)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        verb = decide.pause if pausing else decide.resume
        run(request, lambda: verb(person(request), subject, form.cleaned_data["reason"]), done)
        return HttpResponseRedirect(address)
    is_general = isinstance(subject, str)
    verb_words = gettext("Pause") if pausing else gettext("Resume")
    consequence = _WHEN_PAUSED[subject if is_general else type(subject)]
    context = {
        "title": f"{name}: {verb_words.lower()}",
        "heading": f"{verb_words} {name[:1].lower() + name[1:] if is_general else name}?",
        "consequence": consequence if pausing else gettext("What waited goes on at once."),
        "button": verb_words,
        "form": form,
        "cancel_url": address,
    }
    return shown_by.page(request, None if isinstance(subject, str) else subject, "portal/verb.html", context)


def _switch(subject: decide.Pausable) -> Pause | None:
    return Pause.objects.filter(subject=decide.pause_subject(subject)).first()


def switches_on() -> list[dict[str, Any]]:
    """Return every switch that is on, with its words and the page where it is turned."""
    found = list(Pause.objects.all())
    return [{"row": switch, "words": words, "url": url} for switch, words, url in _described(found)]


def general_switches() -> list[dict[str, Any]]:
    """Return the three switches that belong to no store, mailbox or partner, each with where it is turned."""
    on = {switch.subject for switch in Pause.objects.all()}
    return [
        {
            "words": pause_words(Pause(subject=subject)),
            "is_on": subject in on,
            "url": _general_url(subject, "off" if subject in on else "on"),
        }
        for subject in GENERAL.values()
    ]


def _general_url(subject: str, turn: str) -> str:
    name = next(name for name, each in GENERAL.items() if each == subject)
    return f"{reverse('admin:integration_pause_switch', args=[name])}?turn={turn}"


def _described(rows: Sequence[Pause]) -> list[tuple[Pause, str, str]]:
    named = resolve(switch.subject for switch in rows)
    described = []
    for switch in rows:
        if switch.subject in GENERAL.values():
            described.append((switch, pause_words(switch), reverse("admin:index")))
        else:
            about = named[switch.subject]
            described.append((switch, pause_words(switch, about.words), about.url))
    return described


@admin.register(Pause)
class PauseAdmin(HistoryAdmin):
    """The switches that are on; they are turned by verbs alone."""

    words = (gettext_lazy("pause"), gettext_lazy("pauses"))
    heading = gettext_lazy("Pauses")
    list_display = ("shown_what", "reason", "shown_by", "shown_since")
    fields = ("shown_where", "reason", "shown_by", "shown_since")
    readonly_fields = fields
    ordering = ("pk",)
    empty = EmptyState(
        gettext_lazy("Nothing is paused"),
        gettext_lazy(
            "Stores, mailboxes and partners are paused on their own pages; receiving, sending and everything on the dashboard."
        ),
    )

    def attach(self, rows: Sequence[Any]) -> None:
        """Attach what each switch holds."""
        for switch, words, _ in _described(rows):
            switch.words = words  # type: ignore[attr-defined]

    def named(self, row: Pause) -> str:
        """Return what is paused."""
        return _described([row])[0][1]

    def get_urls(self) -> list[URLPattern]:
        """Add the switches that belong to no row."""
        view = self.admin_site.admin_view(self.switch)
        return [path("switch/<str:name>/", view, name="integration_pause_switch"), *super().get_urls()]

    def switch(self, request: HttpRequest, name: str) -> HttpResponse:
        """Turn one of the general switches: on where it is off, off where it is on."""
        require(request, decide.PAUSE)
        if name not in GENERAL:
            raise Http404
        subject = GENERAL[name]
        words = pause_words(Pause(subject=subject))
        pausing = request.GET.get("turn", "") == "on"
        return switch_page(self, request, subject, words, reverse("admin:index"), pausing=pausing)

    @display(description=gettext_lazy("What"), ordering="subject")
    def shown_what(self, switch: Any) -> str:
        """Return what is paused."""
        return str(switch.words)

    @display(description=gettext_lazy("Resumed on"))
    def shown_where(self, switch: Pause) -> str:
        """Return the page where it is resumed, as a link."""
        _, words, address = _described([switch])[0]
        return str(
            Subject(
                gettext("The dashboard") if switch.subject in GENERAL.values() else words, address
            ).as_link()
        )

    @display(description=gettext_lazy("By"), ordering="paused_by")
    def shown_by(self, switch: Pause) -> str:
        """Return who paused it."""
        return switch.paused_by

    @display(description=gettext_lazy("Since"), ordering="paused_at")
    def shown_since(self, switch: Pause) -> str:
        """Return since when."""
        return moment(switch.paused_at)
