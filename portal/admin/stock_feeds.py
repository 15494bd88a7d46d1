"""Stock feeds: what each said and changed, line by line, why it is held, and the way to take it back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin import display
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from archive.models import Document
from integration.flows import decide
from integration.flows.decide import Refused
from integration.flows.read_stock_again import may_be_read_again, read_stock_again
from integration.flows.roll_back_stock import roll_back
from integration.flows.stock_feeds import feed_of, roll_back_effect
from integration.flows.stock_rows import outcomes
from integration.models import ExceptionCase, StockFeed, StockFeedLine
from portal.access import seen
from portal.admin.base import EmptyState, HistoryAdmin
from portal.admin.show import (
    BAD,
    GOOD,
    QUIET,
    WARNING,
    badge,
    day,
    link,
    moment,
    page_url,
    quantity,
    status,
)
from portal.admin.timeline import timeline
from portal.admin.verbs import Asked, person, reason_page, require

State, Outcome = StockFeed.State, StockFeedLine.Outcome
TONES = {
    State.APPLIED: GOOD,
    State.OLDER: QUIET,
    State.HELD: WARNING,
    State.REPEATED: QUIET,
    State.OVERTAKEN: QUIET,
    State.PUT_ASIDE: QUIET,
    State.ROLLED_BACK: BAD,
    State.UNUSABLE: WARNING,
}
LINE_TONES = {
    Outcome.NEW: GOOD,
    Outcome.CHANGED: GOOD,
    Outcome.SAME: QUIET,
    Outcome.OLDER: QUIET,
    Outcome.UNKNOWN: WARNING,
    Outcome.UNREAD: BAD,
}
_ORDER = (Outcome.CHANGED, Outcome.NEW, Outcome.UNREAD, Outcome.UNKNOWN, Outcome.SAME, Outcome.OLDER)
# Of a feed that does not count: while it is held, and once it is put aside or taken back.
_UNDONE = {
    Outcome.NEW: (gettext_lazy("Would be new"), gettext_lazy("Would have been new")),
    Outcome.CHANGED: (gettext_lazy("Would change"), gettext_lazy("Would have changed")),
}
MOST_SHOWN = 200


@dataclass(frozen=True)
class FeedLine:
    """One line of a feed as its page shows it."""

    number: int
    item: str | SafeString
    named: str
    warehouse: str
    said: str
    before: str
    after: str
    outcome: SafeString
    more: str


def feed_badge(feed: StockFeed) -> SafeString:
    """Return the feed's state."""
    return status(feed.state, feed.get_state_display(), TONES)


def feed_link(case: ExceptionCase) -> str | SafeString:
    """Return the feed that a case holds, as a link; empty where it holds none."""
    return link(feed_of(case))


@admin.register(StockFeed)
class StockFeedAdmin(HistoryAdmin):
    """Stock feeds, the last first; decided about on their cases, taken back here."""

    words = (gettext_lazy("stock feed"), gettext_lazy("stock feeds"))
    list_display = (
        "shown_name", "shown_state", "shown_partner", "shown_way", "shown_counted", "said", "shown_changed", "emptied",
        "unknown",
    )  # fmt: skip
    list_filter = ("state", "way", "agreement")
    list_select_related = ("agreement__partner",)
    search_fields = ("number",)
    search_help_text = gettext_lazy("Number of the advice, or name of the file")
    ordering = ("-pk",)
    elsewhere = Document
    empty = EmptyState(
        gettext_lazy("No stock feeds yet"),
        gettext_lazy(
            "They appear by themselves when a partner sends a stock advice (846), or a plain file, where the agreement lists the"
            " 846 as received. What may be sold of it, and when one is held, is set there under Stock."
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        """Add the verbs that take a feed back, and read a file again."""
        back, again = map(self.admin_site.admin_view, (self.roll_back, self.read_again))
        return [
            path("<int:object_id>/roll-back/", back, name="integration_stockfeed_roll_back"),
            path("<int:object_id>/read-again/", again, name="integration_stockfeed_read_again"),
            *super().get_urls(),
        ]

    def show(self, request: HttpRequest, row: Any) -> HttpResponse:
        """Show what a feed said and did."""
        feed = StockFeed.objects.select_related("agreement__partner", "document", "transmission").get(
            pk=row.pk
        )
        wanted = request.GET.get("lines", "")
        wanted = wanted if wanted in Outcome.values else ""
        may = person(request).has_perm(decide.DECIDE)
        context = {
            "title": str(feed),
            "feed": feed,
            "badge": feed_badge(feed),
            "way": feed.get_way_display(),
            "counted": moment(feed.as_of),
            "made": moment(feed.made_at),
            "source": link(feed.document or feed.transmission, gettext("As it came")),
            "agreement": link(feed.agreement),
            "open_cases": _open_cases(feed),
            "is_held": feed.state == State.HELD,
            "counts": feed.state in StockFeed.COUNTED,
            "may_be_rolled_back": may and feed.state in StockFeed.COUNTED,
            "may_be_read_again": may and may_be_read_again(feed),
            "choices": _choices(feed, wanted),
            "lines": feed_lines(feed, wanted),
            "most": MOST_SHOWN,
            "are_removed": feed.said > 0 and not feed.lines.exists(),
            "timeline": timeline(feed.subject, document=feed.document),
        }
        return self.page(request, feed, "portal/stock_feed.html", context)

    def roll_back(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Say what rolling back would do, ask why, and do it."""
        user = require(request, decide.DECIDE)
        feed = self.find(request, str(object_id))
        if feed is None:
            return self.missing(request, str(object_id))
        try:
            effect = roll_back_effect(feed)
        except Refused as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(page_url(feed))
        sentences = [
            gettext(
                "%(changed)s items go back to what stood before it; where something newer stands, that stays."
            )
            % {"changed": f"{effect.changed:,}"}
        ]
        if effect.gone:
            sentences.append(
                gettext("Of %(gone)s nothing stood before: nothing stands again.")
                % {"gone": f"{effect.gone:,}"}
            )
        sentences.append(gettext("The stores follow."))
        asked = Asked(
            title=gettext("roll back"),
            heading=gettext("Roll back %(feed)s?") % {"feed": feed},
            consequence=" ".join(sentences),
            button=gettext("Roll back"),
            done=gettext("%(feed)s is rolled back.") % {"feed": feed},
        )
        return reason_page(self, request, feed, lambda reason: roll_back(user, feed, reason), asked)

    def read_again(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Say what reading a file again would do, ask why, and do it."""
        user = require(request, decide.DECIDE)
        feed = self.find(request, str(object_id))
        if feed is None:
            return self.missing(request, str(object_id))
        if not may_be_read_again(feed):
            messages.error(request, gettext("Only a plain file that counts for nothing can be read again."))
            return HttpResponseRedirect(page_url(feed))
        asked = Asked(
            title=gettext("read again"),
            heading=gettext("Read %(feed)s again?") % {"feed": feed},
            consequence=gettext(
                "The file is read by the columns that the agreement says now, and judged as if it came now. What was"
                " read of it before is replaced; it counted for nothing."
            ),
            button=gettext("Read again"),
            done=gettext("%(feed)s was read again.") % {"feed": feed},
        )
        return reason_page(self, request, feed, partial(read_stock_again, user, feed), asked)

    @display(description=gettext_lazy("Feed"), ordering="number")
    def shown_name(self, feed: StockFeed) -> str:
        """Return what it is called."""
        return str(feed)

    @display(description=gettext_lazy("State"), ordering="state")
    def shown_state(self, feed: StockFeed) -> SafeString:
        """Return the state."""
        return feed_badge(feed)

    @display(description=gettext_lazy("Partner"), ordering="agreement__partner")
    def shown_partner(self, feed: StockFeed) -> str:
        """Return whose stock it is."""
        return str(feed.agreement.partner)

    @display(description=gettext_lazy("Says"), ordering="way")
    def shown_way(self, feed: StockFeed) -> str:
        """Return whether it is the whole stock."""
        return feed.get_way_display()

    @display(description=gettext_lazy("Counted"), ordering="as_of")
    def shown_counted(self, feed: StockFeed) -> str | SafeString:
        """Return when it was counted."""
        return moment(feed.as_of)

    @display(description=gettext_lazy("Changed"), ordering="changed")
    def shown_changed(self, feed: StockFeed) -> str:
        """Return how many items it changed, those that are new among them."""
        return f"{feed.changed + feed.new:,}" if feed.state in StockFeed.COUNTED else gettext("None")


def _open_cases(feed: StockFeed) -> list[ExceptionCase]:
    causes = [feed.cause, f"stock_unclear:{feed.pk}"]
    return list(seen(ExceptionCase.objects.filter(cause__in=causes, closed_at=None)).select_related("owner"))


def _choices(feed: StockFeed, wanted: str) -> list[dict[str, Any]]:
    """Return the outcomes that lines of the feed have, with how many, as links that keep one."""
    from_rows = outcomes(feed)
    found = [(each, from_rows[each]) for each in _ORDER if from_rows.get(each)]
    everything = [("", gettext("All"), sum(from_rows.values()))]
    shown = everything + [(each.value, str(each.label), count) for each, count in found]
    return [
        {
            "words": words,
            "count": f"{count:,}",
            "query": urlencode({"lines": value}),
            "is_chosen": value == wanted,
        }
        for value, words, count in shown
    ]


def feed_lines(feed: StockFeed, outcome: str) -> list[FeedLine]:
    """Return the first lines of a feed, of one outcome or all: what changed comes first."""
    rows = feed.lines.select_related("item")
    if outcome:
        found = list(rows.filter(outcome=outcome).order_by("line", "pk")[:MOST_SHOWN])
    else:
        found = []
        for each in _ORDER:
            left = MOST_SHOWN - len(found)
            if left:
                found += rows.filter(outcome=each).order_by("line", "pk")[:left]
    return [_shown(each, feed) for each in found]


def _shown(line: StockFeedLine, feed: StockFeed) -> FeedLine:
    sign = "+" if line.is_movement and line.quantity is not None and line.quantity > 0 else ""
    return FeedLine(
        number=line.line,
        item=(line.item.name or line.item.sku) if line.item else "",
        named=line.named if line.item is None else f"{line.item.sku} · {line.named}",
        warehouse=line.warehouse,
        said=f"{sign}{quantity(line.quantity)}" if line.quantity is not None else "",
        before=quantity(line.before) if line.before is not None else "",
        after=quantity(line.after) if line.after is not None else "",
        outcome=_outcome_badge(line, feed),
        more=line.problem or "; ".join(more_words(line)),
    )


def _outcome_badge(line: StockFeedLine, feed: StockFeed) -> SafeString:
    """Return what a line did; of a feed that does not count, what it would do or would have done."""
    if not line.outcome:
        return SafeString("")
    if feed.state in StockFeed.COUNTED or line.outcome not in _UNDONE:
        return status(line.outcome, line.get_outcome_display(), LINE_TONES)
    would, would_have = _UNDONE[Outcome(line.outcome)]
    return badge(would if feed.state == State.HELD else would_have, QUIET)


def more_words(line: Any) -> list[str]:
    """Return what a line, or a supplier's stock, says beside the quantity."""
    said = [
        (
            line.expected_on,
            (
                gettext("%(quantity)s more on %(day)s")
                % {"quantity": quantity(line.expected_quantity), "day": day(line.expected_on)}
            ).strip(),
        ),
        (line.lead_days, gettext("%(lead_days)s days to deliver") % {"lead_days": line.lead_days}),
        (line.minimum, gettext("at least %(minimum)s an order") % {"minimum": line.minimum}),
        (line.maximum, gettext("at most %(maximum)s an order") % {"maximum": line.maximum}),
        (line.allocation, gettext("%(quantity)s are ours at most") % {"quantity": quantity(line.allocation)}),
        (
            line.available_from,
            gettext("for sale from %(available_from)s") % {"available_from": day(line.available_from)},
        ),
        (
            line.discontinued_on,
            gettext("discontinued from %(discontinued_on)s") % {"discontinued_on": day(line.discontinued_on)},
        ),
    ]
    return [words for value, words in said if value is not None]
