"""Who and where, as lines on paper and on pages."""

from __future__ import annotations

from integration.documents.parts import Party


def party_lines(party: Party | None) -> tuple[str, ...]:
    """Return name and address of ``party``, a line each; its bare number where nothing else is known of it."""
    if party is None:
        return ()
    place = " ".join(each for each in (party.state, party.postal_code) if each)
    city = ", ".join(each for each in (party.city, place) if each)
    said = (party.name, party.name_2, party.name_3, *party.address_lines, city, party.country)
    found = tuple(each.strip() for each in said if each and each.strip())
    return found or ((party.id,) if party.id else ())
