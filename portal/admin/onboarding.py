"""The onboarding of a partner as a page: five steps with what each rests on, and the verb that comes next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy
from unfold.decorators import action

from integration.flows import onboarding as flow
from integration.flows.mailbox_test import mailbox_answers
from integration.flows.onboarding_steps import (
    CONNECTION,
    FUNCTIONAL,
    PROFILE,
    SAMPLES,
    SIGN_OFF,
    Evidence,
    StepState,
    steps_of,
)
from integration.flows.rights import ADD_PARTNER, EDIT_AGREEMENT, EDIT_MAILBOX, GO_LIVE, Refused
from partners.models import Agreement, Mode, Onboarding, TradingPartner
from portal.access import seen
from portal.admin.base import GridAdmin
from portal.admin.onboarding_forms import AddInTestForm, SignOffForm
from portal.admin.show import GOOD, QUIET, WAITING, badge, moment, page_url
from portal.admin.subjects import resolve
from portal.admin.verbs import person, require, run

TITLES = {
    PROFILE: gettext_lazy("Profile"),
    CONNECTION: gettext_lazy("Connection test"),
    FUNCTIONAL: gettext_lazy("Functional acknowledgments (997), both ways"),
    SAMPLES: gettext_lazy("Sample documents, both ways"),
    SIGN_OFF: gettext_lazy("Sign-off"),
}
RIGHTS = {"begin": EDIT_AGREEMENT, "test": EDIT_MAILBOX, "send": GO_LIVE, "sign": GO_LIVE}


@dataclass(frozen=True)
class ShownEvidence:
    """One piece of evidence: a link to it, what it says, when, and by whom."""

    link: str
    words: str
    at: str | SafeString
    by: str


@dataclass(frozen=True)
class ShownStep:
    """One step on the page. ``verbs`` are (name, button) of what can be done about it now."""

    number: int
    title: str
    badge: SafeString
    evidence: list[ShownEvidence]
    lacking: tuple[str, ...]
    waits_for: str
    verbs: list[tuple[str, str]]


class OnboardingPage(GridAdmin):
    """The part of the partners' admin that takes partners on."""

    def get_urls(self) -> list[URLPattern]:
        """Add the page and its verbs."""
        wrap = self.admin_site.admin_view
        return [
            path(
                "<int:object_id>/onboarding/",
                wrap(self.onboarding),
                name="partners_tradingpartner_onboarding",
            ),
            path(
                "<int:object_id>/onboarding/<int:agreement_id>/<slug:verb>/",
                wrap(self.onboarding_verb),
                name="partners_tradingpartner_onboarding_verb",
            ),
            *super().get_urls(),
        ]

    def has_add_in_test_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Say whether the user may add a partner and have a test sent to him."""
        user = person(request)
        return all(user.has_perm(each) for each in (ADD_PARTNER, EDIT_AGREEMENT, EDIT_MAILBOX, GO_LIVE))

    @action(
        description=gettext_lazy("Add in test mode…"),
        permissions=["add_in_test"],
        url_path="add-in-test",
        icon="science",
    )  # type: ignore[untyped-decorator]
    def add_in_test(self, request: HttpRequest) -> HttpResponse:
        """Ask for what a first test needs, add the partner, and send him one."""
        if not self.has_add_in_test_permission(request):
            raise PermissionDenied
        form = AddInTestForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                made = flow.add_in_test(person(request), form.new)
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                self._first_test(request, made)
                return HttpResponseRedirect(onboarding_url(made.agreement.partner))
        context = {
            "title": gettext("Add a partner in test mode"),
            "form": form,
            "no_mailbox": not form.fields["mailbox"].queryset.exists(),  # type: ignore[attr-defined]
        }
        return self.page(request, None, "portal/onboarding_add.html", context)

    def _first_test(self, request: HttpRequest, made: Onboarding) -> None:
        """Test the connection and send the first test; say what came of it."""
        user = person(request)
        try:
            tested = mailbox_answers(user, made.agreement.mailbox)[-1]
            if tested.problem:
                messages.warning(
                    request, gettext("The partner is added. No test was sent: %s") % tested.problem
                )
                return
            flow.send_sample(user, made)
        except Refused as refusal:
            messages.warning(request, gettext("The partner is added. No test was sent: %s") % refusal)
            return
        messages.success(request, gettext("The partner is added, and a test purchase order (850) is sent."))

    @action(description=gettext_lazy("Onboarding"), url_path="to-onboarding", icon="checklist")  # type: ignore[untyped-decorator]
    def to_onboarding(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Lead to the checklist."""
        partner = self.find(request, object_id)
        return (
            self.missing(request, object_id)
            if partner is None
            else HttpResponseRedirect(onboarding_url(partner))
        )

    def onboarding(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show how far each agreement of the partner has come."""
        partner = self.find(request, str(object_id))
        if partner is None:
            return self.missing(request, str(object_id))
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET"])
        return self._checklists(request, partner, None)

    def onboarding_verb(
        self, request: HttpRequest, object_id: int, agreement_id: int, verb: str
    ) -> HttpResponse:
        """Do one verb of the checklist and show it again."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if verb not in RIGHTS:
            raise Http404
        user = require(request, RIGHTS[verb])
        partner = self.find(request, str(object_id))
        if partner is None:
            return self.missing(request, str(object_id))
        agreement = _agreements(partner).filter(pk=agreement_id).first()
        if agreement is None:
            raise Http404
        if verb == "begin":
            run(request, lambda: flow.begin(user, agreement), gettext("The onboarding has begun."))
            return HttpResponseRedirect(onboarding_url(partner))
        found = Onboarding.objects.filter(agreement=agreement).first()
        if found is None:
            messages.error(request, gettext("The onboarding of this agreement has not begun."))
        elif verb == "test":
            _test(request, agreement)
        elif verb == "send":
            done = gettext("A test purchase order (850) is sent.")
            run(request, lambda: flow.send_sample(user, found), done)
        else:
            form = SignOffForm(agreement, request.POST)
            if not form.is_valid():
                return self._checklists(request, partner, (agreement.pk, form))
            given = form.cleaned_data
            done = gettext("The onboarding is signed off. The agreement is in watch until it goes live.")
            run(request, lambda: flow.sign_off(user, found, given["mailbox"], given["reason"]), done)
        return HttpResponseRedirect(onboarding_url(partner))

    def _checklists(
        self, request: HttpRequest, partner: TradingPartner, sent: tuple[int, SignOffForm] | None
    ) -> HttpResponse:
        rows = list(_agreements(partner))
        context = {
            "title": gettext("Onboarding of %s") % partner,
            "partner": partner,
            "checklists": [
                _checklist(request, each, sent[1] if sent and sent[0] == each.pk else None)
                for each in rows
                if hasattr(each, "onboarding")
            ],
            "others": [
                (each, page_url(each), _never_live(each)) for each in rows if not hasattr(each, "onboarding")
            ],
            "may_begin": person(request).has_perm(EDIT_AGREEMENT),
            "can_begin": any(not hasattr(each, "onboarding") and _never_live(each) for each in rows),
        }
        return self.page(request, partner, "portal/onboarding.html", context)


def onboarding_url(partner: TradingPartner) -> str:
    """Return the address of the checklist of ``partner``."""
    return reverse("admin:partners_tradingpartner_onboarding", args=[partner.pk])


def _agreements(partner: TradingPartner) -> Any:
    rows = seen(Agreement.objects.filter(partner=partner))
    return rows.select_related("onboarding", "mailbox", "identifier", "partner").order_by("pk")


def _never_live(agreement: Agreement) -> bool:
    return agreement.mode != Mode.LIVE and agreement.live_from is None


def _test(request: HttpRequest, agreement: Agreement) -> None:
    try:
        tested = mailbox_answers(person(request), agreement.mailbox)[-1]
    except Refused as refusal:
        messages.error(request, str(refusal))
        return
    if tested.problem:
        messages.error(request, tested.problem)
    else:
        messages.success(request, gettext("Mailbox %s answered.") % agreement.mailbox)


def _checklist(request: HttpRequest, agreement: Agreement, form: SignOffForm | None) -> dict[str, Any]:
    onboarding = agreement.onboarding
    states = steps_of(onboarding)
    about = resolve(each.subject for state in states for each in state.evidence)

    def shown(each: Evidence) -> ShownEvidence:
        return ShownEvidence(about[each.subject].as_link(), each.words, moment(each.at), each.by)

    steps = [
        ShownStep(
            number,
            str(TITLES[state.name]),
            _badge(state),
            [shown(each) for each in state.evidence],
            state.lacking,
            str(TITLES[states[number - 2].name]) if state.is_locked else "",
            _verbs(request, state),
        )
        for number, state in enumerate(states, start=1)
    ]
    last = states[-1]
    may_sign = not last.is_locked and not last.is_done and person(request).has_perm(GO_LIVE)
    return {
        "agreement": agreement,
        "url": page_url(agreement),
        "onboarding": onboarding,
        "steps": steps,
        "form": (form or SignOffForm(agreement)) if may_sign else None,
        "done": sum(each.is_done for each in states),
    }


_BADGES: list[tuple[Callable[[StepState], bool], Any, str]] = [
    (lambda state: state.is_done, gettext_lazy("Done"), GOOD),
    (lambda state: state.is_locked, gettext_lazy("Locked"), QUIET),
    (lambda state: True, gettext_lazy("Now"), WAITING),
]


def _badge(state: StepState) -> SafeString:
    return next(badge(str(words), tone) for holds, words, tone in _BADGES if holds(state))


def _verbs(request: HttpRequest, state: StepState) -> list[tuple[str, str]]:
    offered = {
        CONNECTION: [("test", gettext("Test connection"))],
        FUNCTIONAL: [("send", gettext("Send a test 850"))],
        SAMPLES: [("send", gettext("Send a test 850"))],
    }
    if state.is_locked or state.is_done:
        return []
    return [each for each in offered.get(state.name, []) if person(request).has_perm(RIGHTS[each[0]])]
