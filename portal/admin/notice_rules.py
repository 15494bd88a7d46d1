"""Notice rules: which roles and rooms are told of what, and how. What one person wants stands under "My notices"."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from integration.flows import notice_settings
from integration.flows.kept_rows import subject_of
from integration.flows.notice_causes import CASE_KINDS
from integration.flows.translations import Changed
from integration.models import ExceptionCase, NoticeRule
from portal.admin.base import EmptyState
from portal.admin.forms import ReasonedForm
from portal.admin.reasoned import ReasonedAdmin
from portal.admin.show import and_more, money
from portal.admin.verbs import person

_MOST_WORDS = 3


class RuleForm(ReasonedForm):
    """A rule."""

    problems = staticmethod(notice_settings.rule_problems)
    case_kinds = forms.MultipleChoiceField(
        label=gettext_lazy("Kinds of cases"),
        choices=CASE_KINDS,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text=gettext_lazy("Of “Case opened” alone. None chosen: all of them."),
    )

    class Meta:
        model = NoticeRule
        fields = ()


@admin.register(NoticeRule)
class NoticeRuleAdmin(ReasonedAdmin):
    """Rules of roles and rooms."""

    form = RuleForm
    words = (gettext_lazy("notice rule"), gettext_lazy("notice rules"))
    list_display = ("shown_kind", "shown_whom", "shown_ways", "shown_cases")
    list_display_links = ("shown_kind",)
    list_filter = ("kind", "role")
    list_select_related = ("role", "webhook")
    fieldsets = (
        (gettext_lazy("What"), {"fields": ("kind", "case_kinds", "money_from")}),
        (gettext_lazy("Who is told, and how"), {
            "fields": (("role", "webhook"), ("in_app", "by_mail")),
            "description": gettext_lazy("What has stood for 15 minutes is told once, and once more when it is over. A role’s members may"
            " choose otherwise for themselves, under “My notices”."),
        }),
    )  # fmt: skip
    empty = EmptyState(
        gettext_lazy("No notice rules yet"),
        gettext_lazy(
            "Until there are any, connections that stand still, stopped work, held stock feeds and gaps are told under the bell"
            " to all who may see cases. Add a rule to have a role be told by mail, of cases too, or a room of your chat."
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[NoticeRule]:
        """Leave out what people chose for themselves."""
        rows: QuerySet[NoticeRule] = super().get_queryset(request)
        return rows.filter(user=None)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show the kinds in words to those who only look."""
        found = super().get_fieldsets(request, obj)
        if self._may_write(request, obj):
            return found
        what = (gettext("What"), {"fields": ("kind", "shown_cases")})
        return [what, *found[1:]]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Have the kinds in words be a field for those who only look."""
        return () if self._may_write(request, obj) else ("shown_cases",)

    def carry_out(
        self, request: HttpRequest, reason: str, saved: Iterable[Any], removed: Iterable[Any]
    ) -> Changed:
        """Save and remove by the verb."""
        return notice_settings.change(person(request), reason, saved, removed)

    def recorded_as(self, row: Any) -> str:
        """Return the subject under which the changes of ``row`` are recorded."""
        return subject_of(row)

    def _may_write(self, request: HttpRequest, obj: Any) -> bool:
        may = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        return bool(may)

    @display(description=gettext_lazy("Of what"), ordering="kind")
    def shown_kind(self, rule: NoticeRule) -> str:
        """Return the kind."""
        return rule.get_kind_display()

    @display(description=gettext_lazy("Who is told"))
    def shown_whom(self, rule: NoticeRule) -> str:
        """Return the role and the room."""
        return ", ".join(str(each) for each in (rule.role, rule.webhook) if each is not None)

    @display(description=gettext_lazy("How"))
    def shown_ways(self, rule: NoticeRule) -> str:
        """Return the ways."""
        ways = []
        if rule.role_id is not None:
            ways += [
                words
                for words, chosen in (
                    (gettext("in the portal"), rule.in_app),
                    (gettext("by mail"), rule.by_mail),
                )
                if chosen
            ]
        if rule.webhook_id is not None:
            ways.append(gettext("in the chat"))
        return ", ".join(ways).capitalize()

    @display(description=gettext_lazy("Which cases"))
    def shown_cases(self, rule: NoticeRule) -> str:
        """Return the kinds of cases and the amount, in short."""
        if rule.kind != NoticeRule.Kind.CASE:
            return ""
        labels = dict(ExceptionCase.Kind.choices)
        kinds = [str(labels.get(each, each)) for each in rule.case_kinds]
        words = and_more(", ".join(kinds[:_MOST_WORDS]), len(kinds) - _MOST_WORDS) or _("All kinds")
        return (
            _("%(words)s, %(money)s or more") % {"words": words, "money": money(rule.money_from)}
            if rule.money_from is not None
            else words
        )
