"""Reporting tables of what is agreed with partners, of cases and gaps, and of the figures of each day."""

from __future__ import annotations

from archive.models import Direction
from integration.models import ANSWERED_WITHIN, ExceptionCase, Gap
from partners.models import Mode
from portal.reporting.columns import (
    changed,
    day,
    key,
    link,
    moment,
    named,
    number,
    partner,
    slug,
    store,
    text,
    truth,
    values_of,
    whole,
)
from portal.reporting.declaring import Column, View

STORES = View(
    "stores",
    "One BigCommerce store.",
    "integration_store store",
    [
        key("store"),
        text("name", "store.name", "Its name, as staff know it."),
        slug("mode", "store.mode", "In watch nothing is written to it.", values_of(Mode)),
        moment("live_from", "store.live_from", "Orders placed before are history."),
        text("time_zone", "store.time_zone", "Its time zone."),
        text("currency", "store.currency", "Its currency."),
    ],
)

PARTNERS = View(
    "partners",
    "One trading partner.",
    "partners_tradingpartner partner",
    [
        key("partner"),
        text("name", "partner.name", "Its name, as staff know it."),
        truth("is_active", "partner.is_active", "Whether we work with it."),
    ],
)

AGREEMENTS = View(
    "agreements",
    "One agreement with a trading partner: what was promised, and how documents travel.",
    """partners_agreement agreement
       JOIN partners_tradingpartner partner ON partner.id = agreement.partner_id
       JOIN partners_mailbox mailbox ON mailbox.id = agreement.mailbox_id""",
    [
        key("agreement"),
        text("name", "agreement.name", "Its name, as staff know it."),
        *partner(),
        *named("mailbox", "mailbox", "The mailbox through which documents travel."),
        slug("mode", "agreement.mode", "In watch nothing is sent.", values_of(Mode)),
        moment("live_from", "agreement.live_from", "When it was let go live last."),
        text("version", "agreement.version", "Version of what we send (GS08)."),
        text(
            "usage_indicator",
            "coalesce(nullif(agreement.usage_indicator, ''), mailbox.usage_indicator)",
            "P: production, T: test (ISA15).",
        ),
        text("currency", "agreement.currency", "Its currency."),
        text("time_zone", "agreement.time_zone", "Time zone of its dates; empty: the store's."),
        whole("functional_acknowledgment_hours", "agreement.functional_acknowledgment_hours", "997 due within, by the partner's calendar. 0: not expected."),
        whole("purchase_order_acknowledgment_hours", "agreement.purchase_order_acknowledgment_hours", "855 due within, likewise."),
        whole("ship_notice_days", "agreement.ship_notice_days", "856 due within so many days after the date promised or asked for. 0: not counted so."),
        whole("ship_notice_hours", "agreement.ship_notice_hours", "856 due within so many hours of the 855, where there is no such date. 0: not expected."),
    ],
)  # fmt: skip

MAPPINGS = View(
    "mappings",
    "One kind of document that goes one way under an agreement, and the mapping in force for it: the last revision that was"
    " released of its profile, or the shipped guide as it is.",
    """partners_agreementdocument kind
       JOIN partners_agreement agreement ON agreement.id = kind.agreement_id
       JOIN partners_tradingpartner partner ON partner.id = agreement.partner_id
       LEFT JOIN partners_mappingprofile profile ON profile.id = kind.profile_id
       LEFT JOIN LATERAL (
            SELECT r.id, r.number, r.released_at FROM partners_mappingrevision r
             WHERE r.profile_id = profile.id ORDER BY r.number DESC LIMIT 1) revision ON true""",
    [
        key("kind"),
        *named("agreement", "agreement", "The agreement. Key in agreements."),
        *partner(),
        text("transaction_set", "kind.transaction_set", "The kind of document: 850, 855 …"),
        slug("direction", "kind.direction", "Seen from us.", values_of(Direction)),
        truth("is_active", "kind.is_active", "Whether it is exchanged."),
        *named("profile", "profile", "The mapping profile; NULL: the shipped guide as it is."),
        whole("revision_id", "revision.id", "The revision in force: documents name it in guide, as revision/ and this number."),
        whole("revision_number", "revision.number", "Its number within the profile."),
        moment("released_at", "revision.released_at", "When it was released."),
    ],
)  # fmt: skip

CASES = View(
    "cases",
    "One exception case: what only a person can settle.",
    """integration_exceptioncase c
       LEFT JOIN integration_store store ON store.id = c.store_id
       LEFT JOIN partners_tradingpartner partner ON partner.id = c.partner_id
       LEFT JOIN partners_mailbox mailbox ON mailbox.id = c.mailbox_id""",
    [
        key("c"),
        slug("kind", "c.kind", "What is wrong.", values_of(ExceptionCase.Kind)),
        truth("is_open", "c.closed_at IS NULL", "Whether somebody has still to settle it."),
        *store(),
        *partner(),
        *named("mailbox", "mailbox", "The mailbox that it is about."),
        link("order_id", "c.order_id", "orders"),
        link("purchase_order_id", "c.purchase_order_id", "purchase_orders"),
        link("return_id", "c.return_case_id", "returns"),
        link("document_id", "c.document_id", "documents"),
        number("money", "c.money", "What is at stake, in currency; NULL: no amount."),
        text("currency", "c.currency", "Currency of the amount."),
        moment("opened_at", "c.opened_at", "When it was opened."),
        moment("due_at", "c.due_at", "By when it is to be settled; NULL: not said."),
        slug(
            "waiting_for", "c.waiting_for", "What it was put off for; empty: it was not.", values_of(ExceptionCase.WaitingFor)
        ),
        moment("snoozed_until", "c.snoozed_until", "When it is to be looked at again."),
        truth("is_assigned", "c.owner_id IS NOT NULL", "Whether somebody has taken it."),
        slug("decision", "c.decision", "What was decided; empty: nothing yet.", values_of(ExceptionCase.Decision)),
        moment("closed_at", "c.closed_at", "When it was settled; NULL: it is open."),
        changed("c"),
    ],
)  # fmt: skip

RECONCILIATIONS = View(
    "reconciliations",
    "One look at everything afresh: what stores and mailboxes hold, against what we hold.",
    """integration_reconciliation look
       CROSS JOIN LATERAL (
            SELECT coalesce(sum((c ->> 'good')::bigint), 0) AS good, coalesce(sum((c ->> 'explained')::bigint), 0) AS explained,
                   coalesce(sum((c ->> 'gaps')::bigint), 0) AS gaps
              FROM jsonb_array_elements(look.checks) c) totals""",
    [
        key("look"),
        moment("started_at", "look.started_at", "When it began."),
        moment("finished_at", "look.finished_at", "When it ended; NULL: it is under way."),
        truth("is_asked_for", "look.asked_by <> ''", "True: a person asked for it; false: it was time."),
        whole("good", "totals.good", "How many things were as they should be."),
        whole("explained", "totals.explained", "How many were missing for a known reason."),
        whole("gaps", "totals.gaps", "How many were missing."),
        whole("unread", "jsonb_array_length(look.unread)", "How many stores and mailboxes could not be looked at: of those nothing is proved."),
    ],
)  # fmt: skip

RECONCILIATION_CHECKS = View(
    "reconciliation_checks",
    "What one check of a reconciliation came to.",
    """integration_reconciliation look
       CROSS JOIN LATERAL jsonb_array_elements(look.checks) AS checked""",
    [
        link("reconciliation_id", "look.id", "reconciliations"),
        slug("check_name", "checked ->> 'check'", "What was looked at.", values_of(Gap.Check)),
        whole("good", "(checked ->> 'good')", "How many were as they should be."),
        whole("explained", "(checked ->> 'explained')", "How many were missing for a known reason."),
        whole("gaps", "(checked ->> 'gaps')", "How many were missing."),
    ],
    key=("reconciliation_id", "check_name"),
)

RECONCILIATION_GAPS = View(
    "reconciliation_gaps",
    "One thing that a reconciliation found missing.",
    """integration_gap gap
       LEFT JOIN integration_store store ON store.id = gap.store_id
       LEFT JOIN partners_mailbox mailbox ON mailbox.id = gap.mailbox_id""",
    [
        key("gap"),
        link("reconciliation_id", "gap.reconciliation_id", "reconciliations"),
        slug("check_name", "gap.check_name", "What was looked at.", values_of(Gap.Check)),
        truth("is_repaired", "gap.repair <> ''", "False: a case asks a person."),
        *store(),
        *named("mailbox", "mailbox", "The mailbox that it is about."),
        link("order_id", "gap.order_id", "orders"),
        link("purchase_order_id", "gap.purchase_order_id", "purchase_orders"),
        link("document_id", "gap.document_id", "documents"),
    ],
)


def _within() -> list[Column]:
    """How many functional acknowledgments came within how long: the counts that are kept, summed up to each."""
    counts = [f"figure.answered[{place}]" for place in range(1, len(ANSWERED_WITHIN) + 2)]
    found = [
        whole(
            f"acknowledged_within_{minutes}_minutes",
            " + ".join(counts[: place + 1]),
            f"How many were acknowledged (997) within {minutes} minutes.",
        )
        for place, minutes in enumerate(ANSWERED_WITHIN)
    ]
    return [
        *found,
        whole("acknowledged", " + ".join(counts), "How many were acknowledged (997) at all, by now."),
    ]


DAILY_METRICS = View(
    "daily_metrics",
    "How many documents of one kind went to or came from one partner on one day, in UTC. The last three days are counted anew"
    " every few minutes.",
    """integration_dailyfigure figure
       LEFT JOIN partners_tradingpartner partner ON partner.id = figure.partner_id""",
    [
        key("figure"),
        day("day", "figure.day", "The day, in UTC."),
        *partner(),
        text("transaction_set", "figure.transaction_set", "The kind of document: 850, 855 …"),
        slug("direction", "figure.direction", "Seen from us.", values_of(Direction)),
        whole("documents", "figure.documents", "How many there were."),
        whole(
            "failed",
            "figure.failed",
            "How many of ours were not delivered or were rejected, and of theirs invalid.",
        ),
        *_within(),
        moment("counted_at", "figure.counted_at", "When the row was counted last."),
    ],
    times=("day",),
)

VIEWS = (
    STORES,
    PARTNERS,
    AGREEMENTS,
    MAPPINGS,
    CASES,
    RECONCILIATIONS,
    RECONCILIATION_CHECKS,
    RECONCILIATION_GAPS,
    DAILY_METRICS,
)
