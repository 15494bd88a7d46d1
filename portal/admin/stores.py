"""Stores: how each is reached and which of its orders are worked on."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin import display
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from integration.flows.numbering import preview, set_next_number, upcoming_number
from integration.flows.route import look_again
from integration.flows.translations import Changed
from integration.models import ORDER_STATUSES, StockRule, Store
from integration.models.store import default_import_statuses, default_movable_statuses
from partners.models import Mode
from portal.admin import rules
from portal.admin.base import EmptyState, FormInline
from portal.admin.connect import ConnectableAdmin
from portal.admin.live import LiveAdmin
from portal.admin.pauses import PausableAdmin
from portal.admin.reasoned import tell
from portal.admin.secrets import SecretField, SecretsForm, removal_box, stored_badge
from portal.admin.show import moment
from portal.admin.take_over import TakeOverAdmin
from portal.admin.verbs import person

_STATUSES = list(ORDER_STATUSES.items())


class StatusesField(forms.TypedMultipleChoiceField):
    """Order statuses as boxes; stored as a list of their ids."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            choices=_STATUSES,
            coerce=int,
            widget=UnfoldAdminCheckboxSelectMultipleWidget(),
            **options,
        )

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare as sets of texts, since browsers send text."""
        return {str(each) for each in initial or ()} != {str(each) for each in data or ()}


class StoreForm(SecretsForm):
    """A store with its token and client secret."""

    secrets = ("token", "client_secret")
    needed = ("token",)
    problems = staticmethod(rules.store_problems)

    token = SecretField(label=gettext_lazy("API token"))
    client_secret = SecretField(label=gettext_lazy("Client secret"))
    next_number = forms.IntegerField(
        label=gettext_lazy("Next number"),
        min_value=1,
        max_value=999_999_999,
        required=False,
        widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy("What {next} is filled with; numbers that are taken are stepped over."),
    )
    remove_former_secret = removal_box(
        gettext_lazy("Take no more calls signed with the former client secret")
    )
    import_statuses = StatusesField(
        initial=default_import_statuses,
        label=gettext_lazy("Work on orders that are"),
        help_text=gettext_lazy("Orders in any other status are read and left alone."),
    )
    movable_statuses = StatusesField(
        initial=default_movable_statuses,
        label=gettext_lazy("Move only orders that are"),
        help_text=gettext_lazy("Any other status was set by a person for a reason, and stays."),
    )

    class Meta:
        model = Store
        fields = ("token", "client_secret", "import_statuses", "movable_statuses")
        labels = {
            "poll_seconds": gettext_lazy("Ask for changes every (seconds)"),
            "sessions": gettext_lazy("At the same time"),
            "settle_minutes": gettext_lazy("Settle time (minutes)"),
            "live_from_order": gettext_lazy("First order"),
            "purchase_order_prefix": gettext_lazy("Prefix"),
            "purchase_order_pattern": gettext_lazy("Pattern"),
            "accepted_status": gettext_lazy("An accepted order becomes"),
        }
        help_texts = {
            "live_from_order": gettext_lazy("Orders with a lower number are history and never worked on."),
            "purchase_order_prefix": gettext_lazy("What {prefix} is filled with."),
            "purchase_order_pattern": gettext_lazy(
                "{order} is the order's number, {place} counts its purchase orders, {next} all of the store; {next:6} with zeros before it."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "next_number" in self.fields:
            self.initial.setdefault("next_number", upcoming_number(self.instance))

    def clean(self) -> dict[str, Any] | None:
        """Keep the client secret that another takes the place of: calls under way are signed with it."""
        data = super().clean()
        stored = self._stored["client_secret"]
        if data is not None and stored and data.get("client_secret") != stored:
            self.instance.rotate_client_secret(stored, timezone.now())
        if data is not None and data.get("remove_former_secret"):
            self.instance.rotate_client_secret("", timezone.now())
        return data


class StockRuleInline(FormInline):
    """How suppliers' stock comes to what the store shows."""

    model = StockRule
    fields = (("strategy", "location"),)
    verbose_name = gettext_lazy("How suppliers' stock is shown")
    verbose_name_plural = verbose_name


@admin.register(Store)
class StoreAdmin(LiveAdmin, PausableAdmin, ConnectableAdmin, TakeOverAdmin):
    """Stores; their mode and live date change by verb, their token is never shown."""

    form = StoreForm
    list_display = ("name", "shown_mode", "store_hash", "currency", "time_zone", "shown_polled")
    list_filter = ("mode",)
    search_fields = ("name", "store_hash")
    search_help_text = gettext_lazy("Name or store hash")
    actions_detail = [*LiveAdmin.actions_detail, *PausableAdmin.actions_detail, "take_over"]
    used_by = ("orders", "cases", "routing_rules", "customer_links", "items")
    inlines = (StockRuleInline,)
    autocomplete_fields = ("agreements",)
    readonly_fields = (
        "shown_token", "shown_client_secret", "shown_live_from", "shown_polled", "shown_import", "shown_movable",
        "shown_former_secret", "shown_connection", "shown_next_number", "shown_numbers",
    )  # fmt: skip
    empty = EmptyState(
        gettext_lazy("No stores yet"),
        gettext_lazy(
            "Add the BigCommerce store with an API token that may read and change orders. It starts in watch: orders are"
            " shown, and nothing is sent or written before it goes live."
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Group the settings; who may only look sees words in the place of fields."""
        may_write = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        token, secret = ("token", "client_secret") if may_write else ("shown_token", "shown_client_secret")
        imported = "import_statuses" if may_write else "shown_import"
        movable = "movable_statuses" if may_write else "shown_movable"
        seen = ("shown_live_from", "shown_polled") if obj else ()
        pace = ("poll_seconds", "sessions")
        tested = (*pace, "shown_connection") if obj else pace
        rotating = may_write and obj is not None and len(obj.client_secrets(timezone.now())) > 1
        former = ("shown_former_secret", "remove_former_secret") if rotating else ()
        return [
            (None, {"fields": (("name", "time_zone", "currency"), *([seen] if seen else []))}),
            (gettext("Connection"), {"fields": (("base_url", "store_hash"), (token, secret), *([former] if former else []), tested)}),
            (gettext("Orders"), {"fields": (imported, ("settle_minutes", "live_from_order"), "agreements")}),
            (gettext("Purchase order numbers"), {"fields": (
                ("purchase_order_pattern", "purchase_order_prefix", "next_number" if may_write else "shown_next_number"),
                *(["shown_numbers"] if obj else []),
            )}),
            (gettext("What is written back"), {"fields": ("accepted_status", movable)}),
        ]  # fmt: skip

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Read an API address without a scheme as one with TLS, and offer no link to it."""
        if db_field.name == "base_url":
            kwargs |= {"assume_scheme": "https", "widget": UnfoldAdminTextInputWidget()}
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Hold the first order fixed while the store is live: earlier ones would be worked on all at once."""
        fixed = ("live_from_order",) if obj is not None and obj.mode == Mode.LIVE else ()
        return (*self.readonly_fields, *fixed)

    @display(description=gettext_lazy("Last polled"))
    def shown_polled(self, store: Store) -> str:
        """Return up to when changes were seen."""
        return moment(store.polled_until) or gettext("Not yet")

    @display(description=gettext_lazy("Orders placed from"))
    def shown_live_from(self, store: Store) -> str:
        """Return the moment before which orders are history; set by the verb."""
        return moment(store.live_from)

    @display(description=gettext_lazy("API token"))
    def shown_token(self, store: Store) -> SafeString:
        """Return whether one is stored."""
        return stored_badge(store.token)

    @display(description=gettext_lazy("Client secret"))
    def shown_client_secret(self, store: Store) -> SafeString:
        """Return whether one is stored."""
        return stored_badge(store.client_secret)

    @display(description=gettext_lazy("Next number"))
    def shown_next_number(self, store: Store) -> str:
        """Return what ``{next}`` is filled with."""
        return str(upcoming_number(store))

    @display(description=gettext_lazy("Looks like"))
    def shown_numbers(self, store: Store) -> str:
        """Return the numbers that the next order of two purchase orders would get."""
        return " and ".join(preview(store))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save the store, and the next number with it where it was changed."""
        super().save_model(request, obj, form, change)
        wanted = form.cleaned_data.get("next_number")
        if wanted and "next_number" in form.changed_data:
            set_next_number(person(request), obj, wanted)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save, and look again at the orders that were held for what has changed: numbers, or who serves the store."""
        super().save_related(request, form, formsets, change)
        held_for = {"next_number", "purchase_order_pattern", "purchase_order_prefix", "agreements"}
        if change and held_for & set(form.changed_data):
            tell(request, Changed(1, look_again(form.instance), 0))

    @display(description=gettext_lazy("Former client secret"))
    def shown_former_secret(self, store: Store) -> SafeString:
        """Return until when calls signed with it are taken."""
        return format_html(
            gettext("Calls signed with it are taken until {}."), moment(store.former_secret_until)
        )

    @display(description=gettext_lazy("Work on orders that are"))
    def shown_import(self, store: Store) -> str:
        """Return the statuses in words."""
        return _words(store.import_statuses)

    @display(description=gettext_lazy("Move only orders that are"))
    def shown_movable(self, store: Store) -> str:
        """Return the statuses in words."""
        return _words(store.movable_statuses)


def _words(statuses: list[int]) -> str:
    return ", ".join(
        ORDER_STATUSES.get(each, gettext("status %(each)s") % {"each": each}) for each in statuses
    ) or gettext("None")
