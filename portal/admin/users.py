"""Users and groups, in the frame of the rest; for administrators."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.contrib.auth.admin import GroupAdmin as BaseGroupAdmin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from portal.admin.base import EmptyState, GridAdmin
from portal.admin.show import moment

admin.site.unregister([User, Group])


@admin.register(User)
class UserAdmin(BaseUserAdmin, GridAdmin):  # type: ignore[misc, type-arg]
    """People. Who leaves is switched off, so that what they decided keeps its name."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "first_name", "last_name", "is_active", "is_superuser", "shown_login")
    list_filter = ("is_active", "is_superuser", "groups")
    search_help_text = "Name or e-mail"
    empty = EmptyState("No users", "Add the first one.")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Rights", {
            "fields": ("is_active", "is_staff", "groups", "is_superuser", "user_permissions"),
            "description": "The group “view” looks at everything, “decide” also acts. “Staff status” lets somebody log in"
            " here at all.",
        }),
    )  # fmt: skip

    @display(description="Last login", ordering="last_login")
    def shown_login(self, user: User) -> str:
        """Return when."""
        return moment(user.last_login) or "Never"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: switch “active” off instead."""
        return False


@admin.register(Group)
class GroupAdmin(BaseGroupAdmin, GridAdmin):  # type: ignore[misc]
    """Groups of rights."""

    empty = EmptyState("No groups", "The groups “view” and “decide” are made by the portal itself.")
