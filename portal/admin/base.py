"""What all our admin classes share: bounded lists, visible filters, pages of our own, and read-only history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_lazy
from unfold.admin import ModelAdmin, StackedInline, TabularInline
from unfold.views import ChangeList

from integration.reach import TABLE
from portal.access import reach_of, seen
from portal.admin.paging import COUNT_LIMIT, CappedPaginator, GridChangeList
from portal.admin.show import list_url
from portal.admin.verbs import person


@dataclass(frozen=True)
class FilterChoice:
    """One value of a filter: its words, and the query string that chooses it."""

    words: str
    query: str
    chosen: bool


@dataclass(frozen=True)
class FilterMenu:
    """One filter as lists show it: a button that says what is chosen, and the choices."""

    title: str
    choices: list[FilterChoice]

    @property
    def chosen(self) -> str:
        """What is chosen now."""
        return next((choice.words for choice in self.choices if choice.chosen), "")

    @property
    def is_set(self) -> bool:
        """Whether anything but the first choice, which is everything, is chosen."""
        return not self.choices[0].chosen


@dataclass(frozen=True)
class EmptyState:
    """What an empty list says: that there is nothing yet, and what to do for there to be something."""

    title: str | Promise
    words: str | Promise


@dataclass(frozen=True)
class Crumb:
    """One step of the way to a page; the last one has no address."""

    words: str | Promise
    url: str = ""


class GridAdmin(ModelAdmin):  # type: ignore[misc]
    """The base of every admin class here. ``words`` are what one row and several are called, where the model's own
    name is not what people say."""

    words: tuple[str | Promise, str | Promise] = ("", "")
    heading: str | Promise = ""
    """What stands above the list, where that is not the name of several rows."""
    elsewhere: type[Model] | None = None
    """Whose list to offer where a search finds nothing here."""
    used_by: tuple[str, ...] = ()
    """Accessors of what holds a row: a row that anything holds is never offered for removal."""
    actions: tuple[str, ...] | None = None
    show_full_result_count = False
    list_per_page = 25
    list_max_show_all = 0
    paginator = CappedPaginator
    count_limit = COUNT_LIMIT
    compressed_fields = False
    empty_value_display = ""
    empty = EmptyState(gettext_lazy("Nothing here yet"), gettext_lazy("Rows appear here by themselves."))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows within the user's reach: lists, pages, exports and verbs begin with these, and know no other."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return seen(rows, person(request))

    def get_field_queryset(self, db: str | None, db_field: Any, request: HttpRequest) -> QuerySet[Any] | None:
        """Return what a field may refer to, within the user's reach."""
        return _choices(super().get_field_queryset(db, db_field, request), db_field, request)

    def attach(self, rows: Sequence[Any]) -> None:
        """Attach to the rows of one page what their columns show beyond their own fields."""

    def called(self) -> tuple[str, str]:
        """Return what one row and several rows are called."""
        one, several = self.words
        return str(one or self.opts.verbose_name), str(several or self.opts.verbose_name_plural)

    def named(self, row: Any) -> str:
        """Return what one row is called above its page."""
        return str(row)

    def crumbs(self, *further: str, query: str = "") -> list[Crumb]:
        """Return the way to a page of this class: its list, as ``query`` left it, then ``further``."""
        heading = str(self.heading) or capfirst(self.called()[1])
        steps = [Crumb(heading, list_url(self.model, query)), *map(Crumb, further)]
        return [*steps[:-1], Crumb(steps[-1].words)]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list class that calls ``attach``."""
        return GridChangeList

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list with its filters in sight."""
        crumbs = self.crumbs()
        titles = {"title": crumbs[0].words, "crumbs": crumbs}
        response: HttpResponse = super().changelist_view(request, titles | (extra_context or {}))
        context = getattr(response, "context_data", None)
        if context is not None and "cl" in context:
            context["filter_menus"] = filter_menus(context["cl"])
            context["cl"].elsewhere = self._elsewhere(context["cl"].query)
        return response

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show a form, with the way to it."""
        row = context.get("original")
        adding = gettext("Add %(called)s") % {"called": self.called()[0]}
        last = adding if row is None else self.named(row)
        context["crumbs"] = self.crumbs(last, query=_list_query(request))
        answer: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return answer

    def _elsewhere(self, term: str) -> Crumb | None:
        if not term or self.elsewhere is None:
            return None
        names = str(self.elsewhere._meta.verbose_name_plural)
        return Crumb(
            gettext("Look among the %(names)s") % {"names": names},
            list_url(self.elsewhere, urlencode({"q": term})),
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say whether the user may remove rows, and ``obj`` is held by nothing."""
        if not super().has_delete_permission(request, obj):
            return False
        return obj is None or not any(getattr(obj, name).exists() for name in self.used_by)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask before something is removed, with the way to the question."""
        extra = {"crumbs": self.crumbs(gettext("Delete")), **(extra_context or {})}
        answer: HttpResponse = super().delete_view(request, object_id, extra)
        return answer

    def find(self, request: HttpRequest, object_id: str) -> Any:
        """Return the row of ``object_id`` or None; refuse those who may not look at it."""
        row = self.get_object(request, unquote(object_id))
        if row is not None and not self.has_view_permission(request, row):
            raise PermissionDenied
        return row

    def missing(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Return the answer for a row that is not there."""
        answer: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        return answer

    def page(
        self, request: HttpRequest, row: Model | None, template: str, context: dict[str, Any]
    ) -> TemplateResponse:
        """Return a page of our own inside the admin's frame, with the way back to the list as it was."""
        request.current_app = self.admin_site.name
        query = _list_query(request)
        title = context.get("title") or str(row or "")
        return TemplateResponse(
            request,
            template,
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "original": row,
                "media": self.media,
                "back_url": f"{list_url(self.model, query)}{f'#row-{row.pk}' if row is not None else ''}",
                **context,
                "title": title,
                "keep": f"&{urlencode({'_changelist_filters': query})}" if query else "",
                "crumbs": self.crumbs(title, query=query),
            },
        )


class HistoryAdmin(GridAdmin):
    """What happened: looked at by those who may, and changed by nobody, whatever their rights."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list; a form posted to it was not made by us, unless it asks for one of its actions."""
        if not self.asks_for_action(request):
            _only_look(request)
        return super().changelist_view(request, extra_context)

    def asks_for_action(self, request: HttpRequest) -> bool:
        """Say whether an action of this list is asked for, which the user may ask for."""
        return request.method == "POST" and request.POST.get("action") in self.get_actions(request)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the page of one row; a form posted to it was not made by us."""
        _only_look(request)
        row = self.find(request, object_id)
        return self.missing(request, object_id) if row is None else self.show(request, row)

    def show(self, request: HttpRequest, row: Any) -> HttpResponse:
        """Return the page of ``row``: the fields, unless a subclass has a page of its own."""
        page: HttpResponse = super().change_view(request, str(row.pk))
        return page


class _SeenInline:
    """Inlines show and offer what lies within the user's reach alone."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows within the user's reach; the others are neither shown nor touched."""
        rows: QuerySet[Any] = super().get_queryset(request)  # type: ignore[misc]
        return seen(rows, person(request))

    def get_field_queryset(self, db: str | None, db_field: Any, request: HttpRequest) -> QuerySet[Any] | None:
        """Return what a field may refer to, within the user's reach."""
        rows = super().get_field_queryset(db, db_field, request)  # type: ignore[misc]
        return _choices(rows, db_field, request)


class TableInline(_SeenInline, TabularInline):  # type: ignore[misc]
    """Rows that belong to the row above, as a table."""

    extra = 0
    hide_title = True


class FormInline(_SeenInline, StackedInline):  # type: ignore[misc]
    """One row that belongs to the row above, as fields of its own below it; left as they are, no row is made."""

    max_num = 1
    can_delete = False
    hide_title = True

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        """Return the one form, for whoever may fill it in."""
        return int(self.has_change_permission(request, obj))


def _choices(rows: QuerySet[Any] | None, db_field: Any, request: HttpRequest) -> QuerySet[Any] | None:
    model = db_field.remote_field.model
    if model not in TABLE or not reach_of(person(request)).is_limited:
        return rows
    return seen(model._default_manager.all() if rows is None else rows, person(request))


def _list_query(request: HttpRequest) -> str:
    """Return the query of the list that somebody came from."""
    return request.GET.get("_changelist_filters", "")


def _only_look(request: HttpRequest) -> None:
    if request.method not in ("GET", "HEAD"):
        raise PermissionDenied


def filter_menus(cl: Any) -> list[FilterMenu]:
    """Return the filters of a list with what is chosen."""
    menus = []
    for spec in cl.filter_specs:
        choices = [
            FilterChoice(str(each["display"]), each["query_string"], bool(each["selected"]))
            for each in spec.choices(cl)
        ]
        menus.append(FilterMenu(str(spec.title), choices))
    return menus
