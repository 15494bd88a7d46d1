"""Watch and live of stores, mailboxes and agreements: shown, and changed by verbs with a reason alone."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy
from unfold.decorators import action

from integration.flows import decide
from integration.flows.compose import partnership_problem
from integration.models import PurchaseOrder, Store
from partners.models import Agreement, Mailbox, Mode
from portal.access import seen
from portal.admin.base import GridAdmin
from portal.admin.show import mode_badge
from portal.admin.timeline import timeline
from portal.admin.verbs import LiveFromForm, ReasonForm, initial_moment, person, run

Subject = Store | Mailbox | Agreement

_IN_WATCH = {
    Store: gettext_lazy(
        "Orders are read, routed and composed, and nothing is sent for them or written to the store."
    ),
    Mailbox: gettext_lazy(
        "Files are read and left where they are; nothing is sent, removed or acknowledged."
    ),
    Agreement: gettext_lazy("Orders are routed and composed for this partner, and nothing is sent."),
}
_WHEN_LIVE = {
    Store: gettext_lazy("Orders are sent to partners, and their answers are written to the store."),
    Mailbox: gettext_lazy("Files are taken as agreed, and ours are sent."),
    Agreement: gettext_lazy("Purchase orders are sent to this partner, and theirs are answered."),
}


class LiveAdmin(GridAdmin):
    """The base of stores, mailboxes and agreements; with ``PausableAdmin`` after it where they can be paused too."""

    actions_detail = ["go_live", "back_to_watch"]
    change_form_outer_before_template = "portal/parts/mode.html"
    change_form_outer_after_template = "portal/parts/settings_timeline.html"

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer to go live or back, whichever makes sense now."""
        allowed: list[Any] = super().get_actions_detail(request, object_id)
        subject = self.get_object(request, str(object_id))
        if subject is None:
            return []
        unwanted = "back_to_watch" if subject.mode == Mode.WATCH else "go_live"
        return [each for each in allowed if not each.action_name.endswith(f"_{unwanted}")]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the settings with the mode above and the timeline beneath."""
        subject = self.find(request, object_id)
        extra = dict(extra_context or {})
        if subject is not None:
            kind = type(subject)
            extra["mode"] = {
                "badge": mode_badge(subject.mode),
                "words": (_IN_WATCH if subject.mode == Mode.WATCH else _WHEN_LIVE)[kind],
                "live_from": getattr(subject, "live_from", None) if subject.mode == Mode.LIVE else None,
            }
            extra["timeline"] = timeline(f"{subject._meta.model_name}:{subject.pk}")
        page: HttpResponse = super().change_view(request, object_id, form_url, extra)
        return page

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save, and let what waited for these settings be tried again at once."""
        super().save_related(request, form, formsets, change)
        count = decide.settings_changed(form.instance) if change else 0
        if count:
            work = (
                gettext("One piece of work that waited for it is")
                if count == 1
                else gettext("%(count)s pieces of work that waited for it are") % {"count": count}
            )
            messages.info(request, gettext("%(work)s tried again now.") % {"work": work})

    def shown_mode(self, subject: Any) -> SafeString:
        """Return Watch or Live."""
        return mode_badge(subject.mode)

    shown_mode.short_description = gettext_lazy("Mode")  # type: ignore[attr-defined]
    shown_mode.admin_order_field = "mode"  # type: ignore[attr-defined]

    def has_go_live_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Say whether the user may let something act on the world, or stop it.

        A method, since a permission named by its codename would be looked up in the database by a system
        check, and there is no database yet when ``migrate`` runs the checks for the first time.
        """
        return request.user.has_perm(decide.GO_LIVE)

    @action(
        description=gettext_lazy("Go live…"), permissions=["go_live"], url_path="go-live", icon="play_arrow"
    )  # type: ignore[untyped-decorator]
    def go_live(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for a reason, then let the subject act on the world."""
        return self._mode_page(request, object_id, Mode.LIVE)

    @action(
        description=gettext_lazy("Back to watch…"),
        permissions=["go_live"],
        url_path="back-to-watch",
        icon="visibility",
    )  # type: ignore[untyped-decorator]
    def back_to_watch(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for a reason, then stop acting on the world."""
        return self._mode_page(request, object_id, Mode.WATCH)

    def _mode_page(self, request: HttpRequest, object_id: str, mode: Mode) -> HttpResponse:
        subject = self.find(request, object_id)
        if subject is None:
            return self.missing(request, object_id)
        address = "../change/"
        if request.method != "POST" and subject.mode == mode:
            messages.info(
                request,
                gettext("%(done)s already.") % {"done": _done(subject, mode).removesuffix(".")},
            )
            return HttpResponseRedirect(address)
        form = _form(request, subject, mode)
        if request.method == "POST" and form.is_valid():
            run(
                request,
                lambda: _change(person(request), subject, mode, form.cleaned_data),
                _done(subject, mode),
            )
            return HttpResponseRedirect(address)
        live = mode == Mode.LIVE
        context = {
            "title": gettext("%(subject)s: go live") % {"subject": subject}
            if live
            else gettext("%(subject)s: back to watch") % {"subject": subject},
            "heading": gettext("Let %(subject)s go live?") % {"subject": subject}
            if live
            else gettext("Take %(subject)s back to watch?") % {"subject": subject},
            "consequence": (_WHEN_LIVE if live else _IN_WATCH)[type(subject)],
            "waiting": _waiting(subject) if live else "",
            "held_back_by": _held_back_by(subject) if live else [],
            "button": gettext("Go live") if live else gettext("Back to watch"),
            "form": form,
            "cancel_url": address,
        }
        return self.page(request, subject, "portal/verb.html", context)


def _form(request: HttpRequest, subject: Subject, mode: Mode) -> ReasonForm:
    data = request.POST if request.method == "POST" else None
    if mode == Mode.LIVE and isinstance(subject, Store):
        return LiveFromForm(
            data, initial={"live_from": initial_moment(timezone.localtime(subject.live_from))}
        )
    return ReasonForm(data)


def _change(user: Any, subject: Subject, mode: Mode, given: dict[str, Any]) -> None:
    if mode == Mode.WATCH:
        decide.back_to_watch(user, subject, given["reason"])
    else:
        decide.go_live(user, subject, given["reason"], live_from=given.get("live_from"))


def _done(subject: Subject, mode: Mode) -> str:
    return (
        gettext("%(subject)s is live.") % {"subject": subject}
        if mode == Mode.LIVE
        else gettext("%(subject)s is in watch.") % {"subject": subject}
    )


def _composed(subject: Subject) -> QuerySet[PurchaseOrder]:
    composed = seen(PurchaseOrder.objects.filter(state=PurchaseOrder.State.COMPOSED))
    if isinstance(subject, Store):
        return composed.filter(order__store=subject)
    if isinstance(subject, Mailbox):
        return composed.filter(agreement__mailbox=subject)
    return composed.filter(agreement=subject)


def _waiting(subject: Subject) -> str:
    """Return the sentence on orders that were composed in watch, or ``""``."""
    count = _composed(subject).values("order").distinct().count()
    if not count:
        return ""
    return (
        gettext("One order that is composed and waits is looked at again at once.")
        if count == 1
        else gettext("%(count)s orders that are composed and wait are looked at again at once.")
        % {"count": count}
    )


def _held_back_by(subject: Subject) -> list[str]:
    """Return what else has to be live before anything is sent."""
    if isinstance(subject, Agreement):
        others: list[Subject] = [subject.mailbox, *subject.stores.all()]
        problem = partnership_problem(subject)
        return _in_watch(others) + ([problem[:1].upper() + problem[1:]] if problem else [])
    if isinstance(subject, Mailbox):
        return _in_watch(list(seen(subject.agreements.all())))
    return _in_watch(list(seen(subject.agreements.all()).select_related("mailbox")))


def _in_watch(subjects: list[Any]) -> list[str]:
    return [
        gettext("%(kind)s %(row)s is in watch.") % {"kind": each._meta.verbose_name.capitalize(), "row": each}
        for each in subjects
        if each.mode == Mode.WATCH
    ]
