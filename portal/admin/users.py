"""Users and groups, in the frame of the rest; for administrators."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import display
from django.contrib.auth.admin import GroupAdmin as BaseGroupAdmin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext, gettext_lazy
from unfold.decorators import action
from unfold.forms import AdminPasswordChangeForm, UserChangeForm
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminEmailInputWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from archive.models.exchange import DOCUMENT_NAMES
from integration.flows.account_mails import invite, why_no_mail
from portal.admin.base import EmptyState, FormInline, GridAdmin
from portal.admin.show import moment, page_url
from portal.admin.verbs import ReasonForm, person, run
from portal.models import Access
from portal.people.leaving import leave

admin.site.unregister([User, Group])


class NewUserForm(forms.ModelForm):  # type: ignore[type-arg]
    """Somebody new: no password is given out, they set their own by the link that they are mailed."""

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name", "email")
        widgets = {
            "username": UnfoldAdminTextInputWidget,
            "first_name": UnfoldAdminTextInputWidget,
            "last_name": UnfoldAdminTextInputWidget,
            "email": UnfoldAdminEmailInputWidget,
        }

    def save(self, commit: bool = True) -> User:
        """Return the user, who can log in once they set a password."""
        user: User = super().save(commit=False)
        user.is_staff = True
        user.set_unusable_password()
        if commit:
            user.save()
        return user


class AccessForm(forms.ModelForm):  # type: ignore[type-arg]
    """How far somebody sees within what their roles show."""

    sets = forms.MultipleChoiceField(
        label=gettext_lazy("Kinds of documents"),
        required=False,
        choices=list(DOCUMENT_NAMES.items()),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    class Meta:
        model = Access
        fields = ("limits_partners", "partners", "limits_stores", "stores", "limits_sets", "sets")


class AccessInline(FormInline):
    """Partners, stores and kinds of documents; with nothing switched on, all of them."""

    model = Access
    form = AccessForm
    verbose_name = verbose_name_plural = gettext_lazy("Sees only")
    fields = (("limits_partners", "partners"), ("limits_stores", "stores"), ("limits_sets", "sets"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Administrators alone change it."""
        return person(request).is_superuser

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Administrators alone add it."""
        return person(request).is_superuser


class LeavingForm(ReasonForm):
    """Why somebody is switched off, and who goes on with their cases."""

    heir = forms.ModelChoiceField(
        User.objects.none(),
        label=gettext_lazy("Give their open cases to"),
        required=False,
        empty_label=gettext_lazy("Nobody: they go back to the queue"),
        widget=UnfoldAdminSelectWidget,
    )

    field_order = ["heir", "reason"]

    def __init__(self, data: Any, leaver: User) -> None:
        super().__init__(data)
        others = User.objects.filter(is_active=True, is_staff=True).exclude(pk=leaver.pk)
        self.fields["heir"].queryset = others.order_by("username")  # type: ignore[attr-defined]


@admin.register(User)
class UserAdmin(BaseUserAdmin, GridAdmin):  # type: ignore[misc, type-arg]
    """People. Who leaves is switched off, so that what they decided keeps its name."""

    form = UserChangeForm
    add_form = NewUserForm
    change_password_form = AdminPasswordChangeForm
    list_display = (
        "username",
        "first_name",
        "last_name",
        "shown_roles",
        "is_active",
        "is_superuser",
        "shown_login",
    )
    list_filter = ("is_active", "is_superuser", "groups")
    search_help_text = gettext_lazy("Name or e-mail")
    empty = EmptyState(gettext_lazy("No users"), gettext_lazy("Add the first one."))
    inlines = (AccessInline,)
    filter_horizontal = ()
    actions_detail = ["invite", "leave"]
    add_fieldsets = (
        (None, {
            "fields": ("username", "first_name", "last_name", "email"),
            "description": gettext_lazy("Save, give them a role, and invite them: a mail with a link lets them set a password."),
        }),
    )  # fmt: skip
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (gettext_lazy("Person"), {"fields": ("first_name", "last_name", "email")}),
        (gettext_lazy("Rights"), {
            "fields": ("is_active", "is_staff", "groups", "is_superuser"),
            "description": gettext_lazy("Customer service decides the day's cases, a partner administrator edits what is"
            " agreed, an operator looks after connections and sends many again, an auditor sees all and does nothing."
            " “Staff status” lets somebody log in here at all."),
        }),
    )  # fmt: skip

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **given: Any) -> Any:
        """Show the roles as boxes to tick: they are few."""
        if db_field.name == "groups":
            given |= {
                "widget": UnfoldAdminCheckboxSelectMultipleWidget,
                "label": gettext("Roles"),
                "help_text": "",
            }
        return super().formfield_for_manytomany(db_field, request, **given)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out of sight, for those who only look, what the password is kept as."""
        told = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return told
        return [(None, {"fields": ("username",)}), *told[1:]]

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the limits of somebody who is there."""
        return self.inlines if obj is not None else ()

    @display(description=gettext_lazy("Roles"))
    def shown_roles(self, user: User) -> str:
        """Return the roles, and whether they see but a part."""
        roles = ", ".join(sorted(group.name for group in user.groups.all()))
        access = getattr(user, "access", None)
        limited = access is not None and (
            access.limits_partners or access.limits_stores or access.limits_sets
        )
        return gettext("%(roles)s, limited") % {"roles": roles} if limited else roles

    def get_queryset(self, request: HttpRequest) -> Any:
        """Bring roles and limits along."""
        return super().get_queryset(request).select_related("access").prefetch_related("groups")

    @display(description=gettext_lazy("Last login"), ordering="last_login")
    def shown_login(self, user: User) -> str:
        """Return when."""
        return moment(user.last_login) or gettext("Never")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: whoever leaves is switched off instead."""
        return False

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer what makes sense for somebody who is there, and for somebody who has left nothing."""
        allowed: list[Any] = super().get_actions_detail(request, object_id)
        user = self.get_object(request, str(object_id))
        return allowed if user is not None and user.is_active else []

    def has_people_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Say whether the user may invite people and switch them off."""
        return person(request).is_superuser

    @action(
        description=gettext_lazy("Invite by mail…"), permissions=["people"], url_path="invite", icon="mail"
    )  # type: ignore[untyped-decorator]
    def invite(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Say what is mailed to whom, and mail it."""
        user = self.find(request, object_id)
        if user is None:
            return self.missing(request, object_id)
        if request.method == "POST":
            run(
                request,
                lambda: invite(person(request), user),
                gettext("A mail with a link goes to %(email)s.") % {"email": user.email},
            )
            return HttpResponseRedirect(page_url(user))
        if problem := why_no_mail(user):
            messages.error(request, problem)
            return HttpResponseRedirect(page_url(user))
        context = {
            "title": gettext("Invite %(user)s") % {"user": user},
            "heading": gettext("Invite %(user)s?") % {"user": user},
            "consequence": gettext(
                "A mail goes to %(email)s, with a link that sets a password. It works once, for three days."
            )
            % {"email": user.email},
            "button": gettext("Invite"),
            "cancel_url": page_url(user),
        }
        return self.page(request, user, "portal/verb.html", context)

    @action(description=gettext_lazy("Has left…"), permissions=["people"], url_path="leave", icon="logout")  # type: ignore[untyped-decorator]
    def leave(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why and who goes on, then switch the user off."""
        user = self.find(request, object_id)
        if user is None:
            return self.missing(request, object_id)
        form = LeavingForm(request.POST if request.method == "POST" else None, user)
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            run(
                request,
                lambda: leave(person(request), user, given["reason"], given["heir"]),
                gettext("%(user)s is switched off, everywhere and at once.") % {"user": user},
            )
            return HttpResponseRedirect(page_url(user))
        context = {
            "title": gettext("%(user)s has left") % {"user": user},
            "heading": gettext("Switch %(user)s off?") % {"user": user},
            "consequence": gettext(
                "Their sessions end at once and they cannot log in again. What they decided keeps their name."
            ),
            "button": gettext("Switch off"),
            "form": form,
            "cancel_url": page_url(user),
        }
        return self.page(request, user, "portal/verb.html", context)


@admin.register(Group)
class GroupAdmin(BaseGroupAdmin, GridAdmin):  # type: ignore[misc]
    """Groups of rights."""

    empty = EmptyState(gettext_lazy("No groups"), gettext_lazy("The roles are made by the portal itself."))
