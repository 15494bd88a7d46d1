"""What users of other systems complain about, on acknowledgments, orders and the pipeline: each with what makes it
impossible here, and the test that shows it.

The numbers are those of our list of fifty. ``code`` names what makes the pain impossible, ``proof`` the test that fails
without it. Those about ship notices, invoices, stock, returns, AS2 and FTPS belong to flows that are not here yet (9 to 12, 14,
21, 26, 28 to 30, 39, 42), the others of the fifty are about contracts and support.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parent


@dataclass(frozen=True)
class Pain:
    """One pain, in our words."""

    words: str
    code: str
    proof: str


PAINS = {
    1: Pain(
        "a whole batch is refused for a control number that was used before",
        "partners.control_numbers:next_control_number",
        "chaos/test_many_workers.py::test_control_numbers_have_no_gap_and_no_repeat",
    ),
    2: Pain(
        "whether interchange, group or set may repeat cannot be chosen",
        "archive.exchange:earlier_interchanges",
        "abuse/test_abuse_documents.py::test_abuse_20_the_same_number_with_other_bytes_is_quarantined",
    ),
    3: Pain(
        "a resend vanishes in the network as a repetition",
        "integration.flows.resending:plan_resubmit",
        "integration/flows/test_resubmit.py::test_a_rejected_purchase_order_is_sent_again_under_new_numbers_and_accepted",
    ),
    4: Pain(
        "acknowledgments of nothing, two for one, and one for many are not told apart",
        "integration.flows.match_acknowledgments:match_functional_acknowledgment",
        "integration/flows/test_acknowledgments.py::test_an_unknown_group_is_a_case_that_says_so",
    ),
    5: Pain(
        "the 997 that goes back has another version than what it answers",
        "integration.flows.answer:acknowledge_group",
        "integration/flows/test_acknowledgments.py::test_groups_are_answered_by_policy_in_their_own_version",
    ),
    6: Pain(
        "a TA1 between ISA and GS cannot be read",
        "integration.x12.interchange_acknowledgment:acknowledgment_sets",
        "integration/x12/test_x12_answering.py::test_a_ta1_stands_before_the_group_where_it_is_asked_for",
    ),
    7: Pain(
        "“in transit” for a day may mean that it never arrived",
        "integration.flows.clock:watch_clock",
        "integration/flows/test_clock.py::test_what_is_overdue_is_told_once_and_closes_when_it_comes",
    ),
    8: Pain(
        "what is wrong with the content comes as a text that nobody ties to the document",
        "integration.flows.match_advice:match_text_message",
        "integration/flows/test_acknowledgments.py::test_a_text_message_is_tied_by_the_number_it_names_and_told_once",
    ),
    13: Pain(
        "an acknowledgment that was taken wrongly cannot be taken back",
        "integration.flows.reprocess:reprocess",
        "integration/flows/test_reprocess.py::test_an_accepted_answer_that_reads_otherwise_is_reversed_and_disputed",
    ),
    15: Pain(
        "a broken line leaves a record that is received, with nothing in it",
        "integration.flows.receive:fetch_mailbox",
        "chaos/test_receiving.py::test_deaths_while_fetching_and_reading_lose_and_double_nothing",
    ),
    16: Pain(
        "what fails is tried again for ever",
        "integration.work:DEATHS_UNTIL_PARKED",
        "chaos/test_poison.py::test_p7_bad_documents_are_put_aside_and_stop_nothing",
    ),
    17: Pain(
        "after the last retry nothing says that it failed",
        "integration.flows.cases:work_cause",
        "integration/test_work.py::test_parked_work_holds_its_own_key_and_nothing_else",
    ),
    18: Pain(
        "nothing can be made anew once a check has failed",
        "integration.flows.reread:reread",
        "integration/flows/test_reprocess.py::test_an_answer_in_an_unknown_code_is_read_again_and_accepted",
    ),
    19: Pain(
        "a file is taken while it is written, or several times",
        "integration.flows.sightings:sighted",
        "integration/flows/test_unfinished_files.py::test_a_file_that_is_written_while_it_is_read_is_read_again",
    ),
    20: Pain(
        "a file of somebody unknown is stuck without a word",
        "partners.agreements:find_agreement",
        "abuse/test_abuse_documents.py::test_abuse_27_an_identity_that_nobody_knows_is_quarantined",
    ),
    22: Pain(
        "line ends as terminators, blanks and missing terminators break the reading",
        "integration.x12.splitting:split_interchanges",
        "integration/x12/test_splitting.py::test_a_file_may_have_a_byte_order_mark_blanks_and_newlines",
    ),
    23: Pain(
        "letters with accents disappear",
        "integration.x12.syntax:Separators",
        "integration/flows/test_sample_orders.py::test_a_cyrillic_order_is_sent_once_unicode_is_agreed",
    ),
    24: Pain(
        "the date of the order is a day off",
        "integration.flows.compose:time_zone_of",
        "integration/flows/test_compose.py::test_the_date_is_the_orders_in_the_agreements_time_zone",
    ),
    25: Pain(
        "one unknown item fails the order, and the error hides which",
        "integration.flows.route:skus_listed",
        "integration/flows/test_import_orders.py::test_a_held_order_goes_on_when_its_item_is_listed",
    ),
    27: Pain(
        "units are mixed up, or taken for another in silence",
        "partners.mapping.conversion:from_partner",
        "integration/flows/test_missing_translations.py::test_an_order_in_cases_is_sent_compared_and_kept_in_our_unit",
    ),
    31: Pain(
        "the acknowledgment goes by a price that is not settled",
        "integration.matching.line_answers:ABOUT",
        "integration/matching/test_acknowledgment.py::test_another_price_and_another_unit_are_told",
    ),
    32: Pain(
        "changes are handled out of order, and a refusal is told to nobody",
        "integration.flows.edited:after_edit",
        "integration/flows/test_changes.py::test_edits_one_after_another_are_changes_in_order_each_against_the_one_before",
    ),
    33: Pain(
        "a second acknowledgment of an order is refused",
        "integration.matching.acknowledgment:decide",
        "integration/flows/test_arrivals.py::test_any_order_of_arrival_and_any_repetition_give_the_same_positions",
    ),
    34: Pain(
        "a kit is taken apart though the supplier sells it whole",
        "integration.matching.routing:choose",
        "integration/flows/test_routing.py::test_a_bundle_goes_whole_or_in_parts",
    ),
    35: Pain(
        "an order of several suppliers has to be split by hand",
        "integration.flows.routing:plan_routing",
        "integration/flows/test_routing.py::test_an_order_is_split_by_partner_and_ship_to",
    ),
    36: Pain(
        "the queue runs a task twice when it takes long",
        "integration.work:ClaimedWork",
        "chaos/test_paused_worker.py::test_p8_the_late_write_of_a_stopped_worker_is_refused",
    ),
    37: Pain(
        "schedules pile up while the last run is still going",
        "integration.work:ensure",
        "integration/test_work.py::test_a_poll_that_still_runs_is_not_begun_a_second_time",
    ),
    38: Pain(
        "retries and time limits of the queue surprise",
        "integration.work:LEASE",
        "chaos/test_many_workers.py::test_every_job_has_exactly_one_effective_run",
    ),
    40: Pain(
        "the store calls twice, or stops calling",
        "integration.flows.hooks:take",
        "integration/flows/test_hooks.py::test_one_event_in_two_calls_is_one_event",
    ),
    41: Pain(
        "two systems fight for the status of one order",
        "integration.flows.apply:apply_effect",
        "integration/flows/test_apply.py::test_an_order_that_somebody_moved_elsewhere_stays_there",
    ),
}


@cache
def names_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text())
    return frozenset(each.name for each in tree.body if isinstance(each, ast.FunctionDef))


@pytest.mark.parametrize("number", PAINS, ids=lambda number: f"pain_{number:02d}")
def test_pain(number: int) -> None:
    pain = PAINS[number]
    module, _, name = pain.code.partition(":")
    assert hasattr(import_module(module), name), f"{pain.words}: {pain.code} is gone"
    path, _, proof = pain.proof.partition("::")
    collected = Path(path).name.startswith("test_") and proof.startswith("test_")
    assert collected, f"{pain.words}: {pain.proof} is no test that pytest finds"
    assert proof in names_in(path), f"{pain.words}: {pain.proof} is gone"
