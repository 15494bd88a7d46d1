"""A guide that cannot work is refused when it is loaded, naming the address."""

from __future__ import annotations

import pytest

from integration.documents import catalogue
from partners.mapping.compiler import load_guide, load_shipped_guide
from partners.mapping.sources import GuideError, parse_guide
from tests.partners.mapping.mapped_documents import SETS, guide_of

HEADER = 'transaction_set: "855"\nversion: "004010"\ngroup: PR\ndocument: purchase_order_acknowledgment\n'
BAK = (
    "  - {BAK: {1: purpose | code:purposes, 2: acknowledgment_type, 3: purchase_order_number,"
    " 4: purchase_order_date | date8}}\n"
)
CODES = "codes:\n  purposes: {original: 00}\n"


def guide_text(*entries: str, head: str = HEADER, codes: str = CODES) -> str:
    return f"{head}{codes}body:\n{BAK}" + "".join(f"  - {entry}\n" for entry in entries)


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(GuideError) as raised:
        load_guide(text)
    return raised.value.problems


def test_the_smallest_guide_loads() -> None:
    guide = load_guide(guide_text())
    assert guide.addresses() == ("BAK", "BAK.1", "BAK.2", "BAK.3", "BAK.4")
    assert guide.carried == {"purpose", "acknowledgment_type", "purchase_order_number", "purchase_order_date"}
    assert (guide.group, guide.missing_code) == ("PR", "hold")


@pytest.mark.parametrize("code", SETS)
def test_a_shipped_guide_has_a_place_for_every_value_of_its_document(code: str) -> None:
    guide = guide_of(code)
    assert guide.carried == {each.path for each in catalogue(guide.document)}


@pytest.mark.parametrize(("code", "rules", "addresses"), [("850", 55, 242), ("855", 38, 189)])
def test_every_address_of_a_shipped_guide_is_its_own(code: str, rules: int, addresses: int) -> None:
    guide = guide_of(code)
    assert len(list(guide.rules())) == rules
    assert len(guide.addresses()) == len(set(guide.addresses())) == addresses


def test_addresses_name_loops_qualifiers_and_elements_without_ordinals() -> None:
    addresses = guide_of("855").addresses()
    for each in (
        "PO1/ACK.2",
        "PO1.6..25[VN]",
        "REF[CO].2",
        "REF[*].2",
        "N1[ST]/N4.2",
        "N1[*]/N4.2",
        "N9/MSG.1",
    ):
        assert each in addresses


def test_shipped_guides_are_found_by_the_first_six_characters_of_the_version() -> None:
    assert load_shipped_guide("850", "004010VICS").version == "004010"
    assert load_shipped_guide("850", "004010") is load_shipped_guide("850", "004010")


@pytest.mark.parametrize(
    ("code", "version"), [("850", "006010"), ("999", "004010"), ("../850", "004010"), ("850", "..")]
)
def test_a_guide_that_is_not_shipped_is_told(code: str, version: str) -> None:
    with pytest.raises(GuideError) as raised:
        load_shipped_guide(code, version)
    assert (
        str(raised.value)
        == f"No guide is shipped for the {code} of version {version}; write one and load it."
    )


def test_every_scalar_is_text() -> None:
    tree = parse_guide("a: 010\nb: ON\nc: 2026-01-31\nd: ~\ne: 1.50\nf: NO\n=: x")
    assert tree == {"a": "010", "b": "ON", "c": "2026-01-31", "d": "~", "e": "1.50", "f": "NO", "=": "x"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\nb: {c: 1, c: 2}\n", "Line 2: the key 'c' stands twice; remove or rename one."),
        ("a: 1\na: 2\n", "Line 2: the key 'a' stands twice; remove or rename one."),
        ("{[a]: 1}", "Line 1: a key must be text."),
        ("", "The guide is empty: it starts with transaction_set, version, group and document."),
        ("- a", "The guide is empty: it starts with transaction_set, version, group and document."),
    ],
)
def test_yaml_that_says_something_twice_or_nothing_is_refused(text: str, problem: str) -> None:
    with pytest.raises(GuideError) as raised:
        parse_guide(text)
    assert raised.value.problems == (problem,)


def test_broken_yaml_is_refused_in_one_sentence() -> None:
    (problem,) = problems("a: [1\nb: 2")
    assert problem.startswith("The guide is not readable YAML: ")
    assert "\n" not in problem


ENTRIES = [
    ("{XYZ: {1: currency}}", "XYZ: XYZ has no place in this set."),
    ("{BEG: {1: currency}}", "BEG: BEG has no place in this set."),
    ("{SE: {1: currency}}", "SE: SE has no place in this set."),
    ("{ADV: {1: currency}}", "ADV: the table of ADV has no elements yet; add them to the standard first."),
    ("{CUR: {1: ~SE, 22: currency}}", "CUR.22: CUR has only 21 elements, not 22."),
    (
        "{CUR: {1: ~SE, x: currency}}",
        "CUR.x: 'x' names no element; write 4, 6..25, 1,8,10, 1..2 each FIELD or 1 repeat FIELD.",
    ),
    ("{CUR: {1: ~SE}}", "CUR.2: currency is mandatory and has no source."),
    ("{CUR: {1: ~SE, 2: currency | shout}}", "CUR.2: there is no transform 'shout'; use one of "),
    ("{CUR: {1: ~SE, 2: curency}}", "CUR.2: there is no field 'curency'; the fields here are purpose, "),
    (
        "{CUR: {1: ~SE, 2: currency.code}}",
        "CUR.2: there is no field 'currency.code'; the fields here are none.",
    ),
    (
        "{CUR: {1: ~SE, 2: currency | code:money}}",
        "CUR.2: there is no code list 'money'; the lists are purposes.",
    ),
    (
        "{CUR: {1: ~SE, 2: currency | code:purposes | upper}}",
        "CUR.2: only text, strip and upper can stand together.",
    ),
    ("{CUR: {1: ~SE, 2: total | decimal}}", "CUR.2: decimal does not fit currency, an element of kind ID."),
    ("{CUR: {1: ~SE, 2: total}}", "CUR.2: 'total' is a number; text is for a text."),
    ("{CUR: {1: ~SE, 2: ship_to}}", "CUR.2: 'ship_to' is a record; use each or at."),
    ("{CUR: {1: ~SE, 2: lines}}", "CUR.2: 'lines' is a list; use each or at."),
    ("{CUR: {1: ~SE, 2: .}}", "CUR.2: `.` stands for the items of a list of values; name a field."),
    ("{CUR: {1: ~SE if 3, 2: currency}}", "CUR.1: `if 3` needs a field in element 3."),
    ("{CUR: {1: ~SE, 2: currency if 1}}", "CUR.2: `if` needs a default before it in 'currency if 1'."),
    ("{CUR: {1: ~SE, 2: currency default}}", "CUR.2: 'currency default' is no source; write "),
    (
        "{CUR: {1: ~SE, 2: purpose | code:purposes default gone}}",
        "CUR.2: code list purposes has no entry for the default 'gone'.",
    ),
    ("{CUR: {1: ~SE, 2: {1: currency}}}", "CUR.2: currency has 0 components, not 1."),
    ("{CTT: {1: '#count XYZ'}}", "CTT.1: the purchase order acknowledgment has no XYZ with an element 0."),
    ("{CTT: {1: '#sum PO1.26'}}", "CTT.1: the purchase order acknowledgment has no PO1 with an element 26."),
    ("{PER: {1: ~IC, 3..7: {TE: buyer_contact.phone}}}", "PER.3..7: pairs take an even number of elements."),
    ("{PER: {1: ~IC, 3..8: {TE: buyer_contact.phone}, 4: currency}}", "PER.4: element 4 stands twice."),
    (
        "{PER: {1: ~IC, 3..8: {TE: buyer_contact.phone, 'EM,TE': buyer_contact.email}}}",
        "PER.3..8: the qualifier TE stands twice.",
    ),
    (
        "{PER: {1: ~IC, 3..8: {TE: =X}}}",
        "PER.3..8: a pair, a component or an item of a group takes a field without default.",
    ),
    (
        "{PER: {1: ~IC, 3..8: {rest: other_dates}}}",
        "PER.3..8: rest takes a list of records with qualifier and value, not 'other_dates'.",
    ),
    (
        "{N1: {1: ~ST, 2: name}, at: ship_too}",
        "N1: there is no field 'ship_too'; the fields here are purpose, ",
    ),
    ("{N1: {1: ~ST, 2: name}, at: lines}", "N1: 'lines' is not a record."),
    ("{N1: {1: ~ST, 2: name}, each: ship_to}", "N1: 'ship_to' is not a list."),
    ("{N1: {1: ~ST, 2: name}, at: ship_to, each: lines}", "N1: each and at cannot stand together."),
    (
        "{N1: {1: ~ST, 2: name}, at: ship_to, body: party}",
        "N1: there is no fragment 'party' to use here; the fragments are none.",
    ),
    ("{N1: {1: ~ST, 2: name}, at: ship_to, body: [{N1: {1: ~ST}}]}", "N1/N1: N1 has no place in loop N1."),
    (
        "{N1: {1: ~ST, 2: name}, at: ship_to, lift: O}",
        "N1: lift takes a level that has a list, and no each, at, text or body.",
    ),
    ("{N1: {1: ~ST, 2: name}, at: ship_to, often: true}", "body: an entry has one segment and the options "),
    (
        "{CUR: {1: ~SE, 2: currency}, body: [{REF: {1: ~CO}}]}",
        "CUR: CUR opens no loop here and cannot have a body.",
    ),
    ("{CUR: {1: ~SE, 2: currency}, max: many}", "body/CUR: max is a number from 1."),
    ("{CUR: {1: ~SE, 2: currency}, required: maybe}", "body/CUR: join or required has no such value."),
    ("{CUR: {1: ~SE, 2: currency}, join: words}", "CUR: join needs text."),
    (
        "{PID: {1: =F, 5: notes}, text: notes}",
        "PID[F].5: there is no field 'notes'; the fields here are none.",
    ),
    (
        "{PID: {1: =F, 4: ., 5: .}, text: notes}",
        "PID[F]: text takes one element `.` and no other field or body.",
    ),
    ("{PID: {1: =F, 5: .}, text: lines}", "PID[F]: 'lines' is no text."),
    ("{BAK: {1: ~00, 2: ~AC, 3: ~1, 4: ~1}}", "BAK: two entries have this address; give one of them an id."),
    ("CUR", "body: an entry is {TAG: {element: source}}, not 'CUR'."),
]


@pytest.mark.parametrize(("entry", "problem"), ENTRIES, ids=[entry for entry, _ in ENTRIES])
def test_an_entry_that_cannot_work_is_refused_with_its_address(entry: str, problem: str) -> None:
    found = problems(guide_text(entry))
    assert len(found) == 1
    assert found[0].startswith(problem)
    assert found[0].endswith(".")


HEADS = [
    (
        HEADER.replace("group: PR", "group: PO"),
        "group: the purchase order acknowledgment travels in PR, not PO.",
    ),
    (HEADER.replace("004010", "004999"), "There is no table of the transaction set 855 of version 004999; "),
    (HEADER.replace("group: PR\n", ""), "group: missing; a guide starts with "),
    (HEADER.replace("purchase_order_acknowledgment", "poem"), "document: there is no 'poem'; use one of "),
    (HEADER + "missing_code: guess\n", "missing_code: write hold or error."),
    (HEADER + "fragments: party\n", "fragments: write it as named entries."),
    (HEADER + "bdoy: 1\n", "bdoy: there is no such part; the parts are "),
    (
        HEADER + "levels: {S: 1}\n",
        "levels S: write it with body, key, links, list.",
    ),
]


@pytest.mark.parametrize(("head", "problem"), HEADS, ids=[problem for _, problem in HEADS])
def test_a_head_that_cannot_work_is_refused(head: str, problem: str) -> None:
    found = problems(guide_text(head=head))
    assert len(found) == 1
    assert found[0].startswith(problem)


@pytest.mark.parametrize(
    ("codes", "problem"),
    [
        (
            "codes:\n  purposes: {invented: 00}\n",
            "BAK.1: 'purpose' has no word 'invented'; its words are original, ",
        ),
        ("codes:\n  purposes: {'?x': 00}\n", "codes purposes: '?x' for '00' is no word for a code."),
        ("codes:\n  purposes: {original: ''}\n", "codes purposes: 'original' for '' is no word for a code."),
        ("codes:\n  purposes: {original: [00]}\n", "codes purposes: write one code per word."),
    ],
)
def test_a_code_list_that_cannot_work_is_refused(codes: str, problem: str) -> None:
    assert problems(guide_text(codes=codes))[0].startswith(problem)


def test_a_rule_that_no_segment_reaches_is_refused() -> None:
    entries = (
        "{REF: {1: qualifier, 2: value}, each: other_references, id: 'REF[*]'}",
        "{REF: {1: qualifier, 3: text}, each: other_references, id: 'REF[**]'}",
    )
    assert problems(guide_text(*entries)) == ("REF[**]: is never read, REF[*] takes every such segment.",)


def test_all_problems_of_a_guide_are_told_at_once() -> None:
    found = problems(guide_text("{XYZ: {1: currency}}", "{CUR: {1: ~SE, 2: curency, 30: total}}"))
    assert [each.split(":")[0] for each in found] == ["XYZ", "CUR.2", "CUR.30"]


def test_a_fragment_in_itself_is_refused() -> None:
    text = guide_text("{N1: {1: ~ST, 2: name}, at: ship_to, body: party}")
    assert problems(text + "fragments: {party: party}\n")[0].startswith(
        "N1: there is no fragment 'party' to use"
    )
