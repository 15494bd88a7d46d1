"""Who is told of what, as staff set it: rules of roles and rooms, everybody's own choices, and webhooks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from archive.clock import database_now
from archive.record import record_audit
from integration import channels
from integration.errors import IntegrationError
from integration.flows.kept_rows import locked, remove_row, save_row
from integration.flows.rights import EDIT_NOTICE_RULE, EDIT_WEBHOOK, Refused, require, require_right
from integration.flows.translations import Changed
from integration.models import NoticeReceipt, NoticeRule, NoticeWebhook, webhook_channel
from integration.transports.webhook import message, post
from integration.work import release_channel

_CALLED = "notice rule"
CHOSEN, TESTED = "choose notices", "test webhook"
VERBS = (*(f"{verb} {_CALLED}" for verb in ("add", "change", "remove")), CHOSEN, TESTED)
"""Every verb that is recorded here."""

_TEST = (
    "This message was posted by the button “Test” on the page of a webhook in Gridport. Messages arrive here."
)


@dataclass(frozen=True)
class Choice:
    """How somebody wants to be told of one kind; ``case_kinds`` and ``money_from`` as in ``NoticeRule``."""

    in_app: bool
    by_mail: bool
    case_kinds: tuple[str, ...] = ()
    money_from: Decimal | None = None


def rule_problems(rule: NoticeRule) -> dict[str, str]:
    """Return why ``rule`` would tell nobody, or another thing than it says: sentences by field."""
    if rule.role_id is None and rule.webhook_id is None:
        return {"role": gettext("Choose the role that is told, or a webhook.")}
    if rule.role_id is not None and rule.webhook_id is None and not (rule.in_app or rule.by_mail):
        return {
            "in_app": gettext("Choose a way by which the role is told: in the portal, by mail, or a webhook.")
        }
    if rule.kind != NoticeRule.Kind.CASE:
        if rule.case_kinds:
            return {"case_kinds": gettext("Kinds of cases can be chosen of “Case opened” alone.")}
        if rule.money_from is not None:
            return {"money_from": gettext("An amount can be given of “Case opened” alone: leave this empty.")}
    return {}


def change(user: User, reason: str, saved: Iterable[NoticeRule], removed: Iterable[NoticeRule]) -> Changed:
    """Save and remove rules of roles and rooms. What was told before is not told again. Raises ``Refused``."""
    reason = require(user, EDIT_NOTICE_RULE, reason)
    count = 0
    with transaction.atomic():
        for row in saved:
            if row.user_id is not None:
                raise Refused(
                    gettext("What somebody wants to be told is their own choice, under “My notices”.")
                )
            count += save_row(user, reason, row, _CALLED)
        for row in removed:
            stored = locked(row)
            count += remove_row(user, reason, stored, _CALLED) if stored is not None else 0
    return Changed(count, 0, 0)


def choose(user: User, choices: Mapping[str, Choice]) -> None:
    """Keep what ``user`` wants to be told, by kind; of a kind that is missing it is as his roles have it.

    Anybody's own matter: no right and no reason is asked for.
    """
    try:
        with transaction.atomic():
            own = NoticeRule.objects.select_for_update().filter(user=user)
            own.exclude(kind__in=list(choices)).delete()
            for kind, choice in choices.items():
                values = {
                    "in_app": choice.in_app,
                    "by_mail": choice.by_mail,
                    "case_kinds": list(choice.case_kinds),
                    "money_from": choice.money_from,
                }
                NoticeRule.objects.update_or_create(user=user, kind=kind, defaults=values)
            record_audit(
                user,
                CHOSEN,
                f"user:{user.pk}",
                detail={"kinds": ", ".join(sorted(choices)) or "as the roles have it"},
            )
    except IntegrityError as error:
        raise Refused(gettext("You have just saved this in another window. Look at it again.")) from error


def read(user: User, notices: Iterable[int] | None = None) -> int:
    """Have ``user`` have read these of his notices, or all of them; return how many were new."""
    unread = NoticeReceipt.objects.filter(user=user, in_app=True, read_at=None)
    if notices is not None:
        unread = unread.filter(notice__in=list(notices))
    return unread.update(read_at=database_now())


def webhook_saved(webhook: NoticeWebhook) -> None:
    """Let messages that wait go on with the settings just saved. In the caller's transaction."""
    release_channel(webhook_channel(webhook.pk))
    channels.probe_now(webhook_channel(webhook.pk))


def try_webhook(user: User, webhook: NoticeWebhook) -> str:
    """Post a message to the room now; return what went wrong, or ``""``."""
    require_right(user, EDIT_WEBHOOK)
    problem = ""
    try:
        post(webhook.url, message(webhook.shape, _TEST))
    except IntegrationError as error:
        problem = str(error)
    record_audit(user, TESTED, webhook.subject, detail={"went well": not problem})
    return problem
