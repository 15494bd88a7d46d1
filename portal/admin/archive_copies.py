"""Copies of the archive: how far each storage has come, which copies are not as they should be, and the verbs about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy, ngettext

from archive.copies import Standing, State, known_storages, standing
from archive.models import MoveOut, PayloadCopy
from archive.storages import place_name
from integration.flows import copy_again
from integration.flows.copy_payloads import copy_step
from integration.flows.rights import COPY_AGAIN
from integration.models import Work
from portal.admin.base import EmptyState, HistoryAdmin
from portal.admin.filters import CopyStateFilter
from portal.admin.paging import COUNT_LIMIT
from portal.admin.show import BAD, GOOD, QUIET, WAITING, WARNING, badge, list_url, moment, page_url, status
from portal.admin.subjects import payload_subjects
from portal.admin.verbs import Asked, ReasonForm, person, reason_page, require, run

TONES = {
    State.WAITING: WAITING,
    State.AGAIN: WAITING,
    State.COPIED: GOOD,
    State.DAMAGED: BAD,
    State.TO_REMOVE: WAITING,
    State.REMOVED: QUIET,
}


@dataclass(frozen=True)
class StorageLine:
    """One storage as the page shows it."""

    name: str
    stands: Standing
    badge: SafeString
    is_in_use: bool

    @property
    def counts(self) -> list[str]:
        """How many copies are made, wait, are damaged and are to be removed; counted no further than lists are."""
        stands = self.stands
        return [_counted(each) for each in (stands.copied, stands.waiting, stands.damaged, stands.to_remove)]

    @property
    def leftover(self) -> str:
        """What a person has to remove there, since nobody of ours goes to a storage that is no longer in use; ``""``: nothing."""
        if self.is_in_use or not self.stands.to_remove:
            return ""
        return ngettext(
            "%(count)s copy of what was disposed of still lies in %(storage)s, which is no longer in use. Remove it there; or name"
            " that storage in the settings again for a while, and it is removed.",
            "%(count)s copies of what was disposed of still lie in %(storage)s, which is no longer in use. Remove them there; or"
            " name that storage in the settings again for a while, and they are removed.",
            self.stands.to_remove,
        ) % {"count": _counted(self.stands.to_remove), "storage": self.name}


def storages_shown() -> list[StorageLine]:
    """Return the storage in use, then those that copies are still known of."""
    in_use = place_name()
    names = [in_use, *(name for name in known_storages() if name != in_use)]
    return [_line(name, is_in_use=name == in_use) for name in names]


def _line(name: str, *, is_in_use: bool) -> StorageLine:
    stands = standing(name, COUNT_LIMIT + 1)
    if stands.damaged:
        state = badge(gettext("Damaged copies"), BAD)
    elif not is_in_use:
        left = stands.to_remove
        state = (
            badge(gettext("To be cleared"), WARNING) if left else badge(gettext("No longer in use"), QUIET)
        )
    else:
        state = (
            badge(gettext("Copies wait"), WAITING) if stands.waiting else badge(gettext("All copied"), GOOD)
        )
    return StorageLine(name, stands, state, is_in_use)


def _counted(count: int) -> str:
    return f"{COUNT_LIMIT:,}+" if count > COUNT_LIMIT else f"{count:,}"


def _moving_words() -> str:
    rule = MoveOut.objects.first()
    if rule is None:
        return gettext("The database keeps all bytes as well: a storage that fails loses nothing.")
    return gettext(
        "Bytes leave the database %(after_days)s days after they came, once they are copied: from then on the storage alone holds them."
    ) % {"after_days": rule.after_days}


@admin.register(PayloadCopy)
class ArchiveCopyAdmin(HistoryAdmin):
    """Copies, the newest first, with how each storage stands above them."""

    words = (gettext_lazy("copy"), gettext_lazy("copies"))
    heading = gettext_lazy("Archive copies")
    list_display = ("shown_content", "shown_state", "shown_copied", "shown_checked", "shown_note")
    list_filter = (CopyStateFilter,)
    ordering = ("-pk",)
    empty = EmptyState(
        gettext_lazy("No copies yet"),
        gettext_lazy(
            "Everything that is received or sent is copied to a storage beside the database within seconds, and compared."
        ),
    )
    change_list_template = "portal/archive_copies.html"

    def attach(self, rows: Sequence[Any]) -> None:
        """Attach what each copy is of."""
        found = payload_subjects(row.payload_id for row in rows)
        for row in rows:
            row.content = found[row.payload_id]

    def named(self, row: PayloadCopy) -> str:
        """Return what the copy is of."""
        return gettext("Copy of %(words)s") % {
            "words": payload_subjects([row.payload_id])[row.payload_id].words
        }

    def get_urls(self) -> list[URLPattern]:
        """Add the pages of the verbs."""
        now = path("now/", self.admin_site.admin_view(self.now), name="archive_payloadcopy_now")
        again = path(
            "<path:object_id>/again/",
            self.admin_site.admin_view(self.again),
            name="archive_payloadcopy_again",
        )
        return [now, again, *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the storages above the list, with the button for those who may."""
        may = person(request).has_perm(COPY_AGAIN)
        step = (
            Work.objects.filter(step=copy_step().name, subject=copy_step().subject).exclude(error="").first()
        )
        extra = {
            "storages": storages_shown() if self.has_view_permission(request) else [],
            "trouble": step,
            "moving": _moving_words(),
            "now_url": reverse("admin:archive_payloadcopy_now") if may else "",
        }
        return super().changelist_view(request, {**extra, **(extra_context or {})})

    def now(self, request: HttpRequest) -> HttpResponse:
        """Ask why, and have everything that waits be tried now."""
        user = require(request, COPY_AGAIN)
        form = ReasonForm(request.POST or None)
        back = list_url(PayloadCopy)
        if request.method == "POST" and form.is_valid():
            done = gettext("What waits is copied now. Open this page again in a moment.")
            run(request, lambda: copy_again.copy_now(user, form.cleaned_data["reason"]), done)
            return HttpResponseRedirect(back)
        context = {
            "title": gettext("Copy now"),
            "heading": gettext("Copy what waits now?"),
            "consequence": gettext(
                "The storage is tried at once, and everything that it is not known to hold is copied to it."
            ),
            "button": gettext("Copy now"),
            "form": form,
            "cancel_url": back,
        }
        return self.page(request, None, "portal/verb.html", context)

    def again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, and have a damaged copy be made again."""
        user = require(request, COPY_AGAIN)
        row = self.find(request, object_id)
        if row is None:
            return self.missing(request, object_id)
        asked = Asked(
            gettext("copy again"),
            gettext("Copy it again?"),
            gettext(
                "What stands in its place is set aside and kept. Then the bytes of the database are copied; where they were moved"
                " out, what stands there by then is compared."
            ),
            gettext("Copy again"),
            gettext("It is copied again. Open this page again in a moment."),
        )
        return reason_page(self, request, row, lambda reason: copy_again.copy_again(user, row, reason), asked)

    def show(self, request: HttpRequest, row: Any) -> HttpResponse:
        """Show one copy."""
        may = row.state == State.DAMAGED and person(request).has_perm(COPY_AGAIN)
        context = {
            "row": row,
            "title": self.named(row),
            "badge": self.shown_state(row),
            "about": payload_subjects([row.payload_id])[row.payload_id],
            "is_moved_out": not row.payload.ciphertext,
            "again_url": reverse("admin:archive_payloadcopy_again", args=[row.pk]) if may else "",
        }
        return self.page(request, row, "portal/archive_copy.html", context)

    @display(description=gettext_lazy("Content"))
    def shown_content(self, row: Any) -> str:
        """Return what it is a copy of, as a link to the copy's page."""
        return str(type(row.content)(row.content.words, page_url(row)).as_link())

    @display(description=gettext_lazy("State"))
    def shown_state(self, row: PayloadCopy) -> SafeString:
        """Return how far it has come."""
        return status(row.state, row.get_state_display(), TONES)

    @display(description=gettext_lazy("Copied"))
    def shown_copied(self, row: PayloadCopy) -> str:
        """Return when it was copied."""
        return moment(row.copied_at) if row.copied_at else ""

    @display(description=gettext_lazy("Compared last"))
    def shown_checked(self, row: PayloadCopy) -> str:
        """Return when it was read the last time."""
        return moment(row.checked_at) if row.checked_at else ""

    @display(description=gettext_lazy("Note"))
    def shown_note(self, row: PayloadCopy) -> str:
        """Return what is wrong with it."""
        return row.note
