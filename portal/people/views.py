"""Pages for those who are not logged in: asking for a link by mail, and setting a password with it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.views import PasswordResetConfirmView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminPasswordWidget

from integration.flows.account_mails import ask_for_reset
from portal.people import locking

ASKED = "reset"
SENT = gettext_lazy(
    "If there is an account with this address, a mail with a link is on its way to it. If none comes, ask an administrator."
)


class ResetForm(forms.Form):
    """Whose password is to be set anew."""

    email = forms.EmailField(
        label=gettext_lazy("Your e-mail address"),
        max_length=254,
        widget=UnfoldAdminEmailInputWidget(attrs={"autocomplete": "email"}),
    )


class PasswordForm(SetPasswordForm):  # type: ignore[type-arg]
    """A password, twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("new_password1", "new_password2"):
            self.fields[name].widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})


@never_cache
def reset(request: HttpRequest) -> HttpResponse:
    """Ask for an address, and answer the same whether anybody has it; who asks too often is answered so too."""
    form = ResetForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        if locking.attempt(ASKED, locking.address_of(request)):
            ask_for_reset(form.cleaned_data["email"])
        messages.info(request, SENT)
        return HttpResponseRedirect(reverse("admin:login"))
    context = {**admin.site.each_context(request), "title": gettext("Set a new password"), "form": form}
    return TemplateResponse(request, "portal/account/reset.html", context)


class SetPassword(PasswordResetConfirmView):
    """Where the link in the mail leads. A link that was used, or is too old, says so."""

    form_class = PasswordForm
    template_name = "portal/account/password.html"
    success_url = reverse_lazy("admin:login")
    title = gettext_lazy("Set your password")

    def get_context_data(self, **given: Any) -> dict[str, Any]:
        """Add what the frame of the login page needs."""
        return {**admin.site.each_context(self.request), **super().get_context_data(**given)}

    def form_valid(self, form: Any) -> HttpResponse:
        """Set the password; whoever was locked out is so no more."""
        answer = super().form_valid(form)
        locking.forget(form.user.get_username())
        messages.success(self.request, gettext("The password is set. Log in with it."))
        return answer
