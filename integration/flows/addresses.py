"""The store's addresses as parties of a document."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from integration.documents import Contact, Party
from integration.models import Warehouse


def party(address: dict[str, Any]) -> Party:
    """Return the party of a store's address; a company stands first and the person with it."""
    person = " ".join(part for part in (address["first_name"], address["last_name"]) if part)
    name, second = (address["company"], person) if address["company"] else (person, "")
    contact = Contact(phone=address["phone"] or None, email=address["email"] or None)
    state = state_code(address)
    # Element 156 has two characters: a region without a code goes on the label as a line of its own.
    lines = (address["street_1"], address["street_2"], "" if len(state) == 2 else state)
    return Party(
        name=name or None,
        name_2=second or None,
        address_lines=tuple(line for line in lines if line),
        city=address["city"] or None,
        state=state if len(state) == 2 else None,
        postal_code=address["zip"] or None,
        country=address["country_iso2"] or None,
        contact=contact if contact.phone or contact.email else None,
    )


def warehouse_party(warehouse: Warehouse) -> Party:
    """Return the party of a warehouse of ours, with the number by which partners know it."""
    names = ("street_1", "street_2", "city", "state", "zip", "country_iso2", "phone", "email")
    address = {name: getattr(warehouse, name) for name in names}
    place = party({**address, "first_name": "", "last_name": "", "company": warehouse.name})
    return replace(place, id=warehouse.party_id or None, id_kind=warehouse.party_id_kind or None)


def state_code(address: dict[str, Any]) -> str:
    """Return the two-letter code of a state or province where the country uses them, else its name.

    The store gives full names; X12 element 156 is two characters.
    """
    name: str = address["state"]
    codes = STATE_CODES.get(address["country_iso2"], {})
    return codes.get(name.casefold(), name)


def state_spellings(address: dict[str, Any]) -> tuple[str, ...]:
    """Return the code and the name of a state or province, whichever of them the address has; letters large or small."""
    given = str(address.get("state") or "")
    codes = STATE_CODES.get(address.get("country_iso2", ""), {})
    names = [name for name, code in codes.items() if given.casefold() in (name, code.casefold())]
    spelled = [codes[names[0]], *names, given] if names else [given]
    return tuple(dict.fromkeys(each for each in spelled if each))


def _codes(pairs: str) -> dict[str, str]:
    return {name.casefold(): code for code, name in (pair.split(" ", 1) for pair in pairs.split("; "))}


STATE_CODES = {
    "US": _codes(
        "AL Alabama; AK Alaska; AZ Arizona; AR Arkansas; CA California; CO Colorado; CT Connecticut; DE Delaware;"
        " DC District of Columbia; FL Florida; GA Georgia; HI Hawaii; ID Idaho; IL Illinois; IN Indiana; IA Iowa;"
        " KS Kansas; KY Kentucky; LA Louisiana; ME Maine; MD Maryland; MA Massachusetts; MI Michigan; MN Minnesota;"
        " MS Mississippi; MO Missouri; MT Montana; NE Nebraska; NV Nevada; NH New Hampshire; NJ New Jersey;"
        " NM New Mexico; NY New York; NC North Carolina; ND North Dakota; OH Ohio; OK Oklahoma; OR Oregon;"
        " PA Pennsylvania; PR Puerto Rico; RI Rhode Island; SC South Carolina; SD South Dakota; TN Tennessee;"
        " TX Texas; UT Utah; VT Vermont; VA Virginia; WA Washington; WV West Virginia; WI Wisconsin; WY Wyoming"
    ),
    "CA": _codes(
        "AB Alberta; BC British Columbia; MB Manitoba; NB New Brunswick; NL Newfoundland and Labrador;"
        " NS Nova Scotia; NT Northwest Territories; NU Nunavut; ON Ontario; PE Prince Edward Island; QC Quebec;"
        " SK Saskatchewan; YT Yukon"
    ),
}
