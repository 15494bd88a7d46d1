"""My settings: the time zone of whoever looks, and what they are allowed here, in words."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from archive.models import document_name
from archive.reach import Reach
from integration.models import Store
from partners.models import TradingPartner
from portal.access import access_of, reach_of
from portal.admin.base import Crumb
from portal.admin.show import moment
from portal.admin.verbs import person
from portal.models import Access
from portal.people.zones import zone_names

TITLE = gettext_lazy("My settings")


class MySettingsForm(forms.Form):
    """What everybody chooses for themselves."""

    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text=gettext_lazy("In which you read and enter times. Documents keep their own."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        usual = (
            "",
            gettext("The portal's (%(zone)s)") % {"zone": timezone.get_default_timezone_name()},
        )
        names = ((name, name.replace("_", " ")) for name in zone_names())
        self.fields["time_zone"].choices = [usual, *names]  # type: ignore[attr-defined]


def my_settings(request: HttpRequest) -> HttpResponse:
    """Show and change the settings of whoever is logged in."""
    user = person(request)
    access = access_of(user)
    form = MySettingsForm(
        request.POST if request.method == "POST" else None,
        initial={"time_zone": access.time_zone if access else ""},
    )
    if request.method == "POST" and form.is_valid():
        Access.objects.update_or_create(
            user_id=user.pk, defaults={"time_zone": form.cleaned_data["time_zone"]}
        )
        messages.success(request, gettext("Saved."))
        return HttpResponseRedirect(reverse("my_settings"))
    request.current_app = admin.site.name
    context = {
        **admin.site.each_context(request),
        "title": TITLE,
        "crumbs": [Crumb(TITLE)],
        "form": form,
        "now": moment(timezone.now()),
        "roles": gettext("Administrator")
        if user.is_superuser
        else ", ".join(_roles(user)) or gettext("None"),
        "reach": reach_words(reach_of(user)),
    }
    return TemplateResponse(request, "portal/my_settings.html", context)


def _roles(user: Any) -> list[str]:
    return list(user.groups.order_by("name").values_list("name", flat=True))


def reach_words(reach: Reach) -> list[tuple[str, str]]:
    """Return how far a sight reaches, in words: what is divided, and which parts of it."""
    partners = TradingPartner.objects.filter(pk__in=reach.partners or ()).order_by("name")
    stores = Store.objects.filter(pk__in=reach.stores or ()).order_by("name")
    return [
        (
            gettext("Partners"),
            gettext("All") if reach.partners is None else ", ".join(map(str, partners)) or gettext("None"),
        ),
        (
            gettext("Stores"),
            gettext("All") if reach.stores is None else ", ".join(map(str, stores)) or gettext("None"),
        ),
        (
            gettext("Documents"),
            gettext("All")
            if reach.sets is None
            else ", ".join(document_name(each) for each in sorted(reach.sets)) or gettext("None"),
        ),
    ]
