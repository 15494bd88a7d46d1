"""Text messages (864): words from people to people, read and written, in 004010 and 005010.

One guide could carry them, but there is nothing to map: what counts is every line as it was written, in its order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from integration.x12.syntax import Segment, segment

LONGEST_LINE = 264  # MSG01
_QUALIFIER_PAIRS = ((3, 4), (5, 6), (7, 8))


@dataclass(frozen=True, slots=True)
class MessageDate:
    """DTM: ``qualifier`` says what happened (element 374), date CCYYMMDD and time as given."""

    qualifier: str
    date: str = ""
    time: str = ""


@dataclass(frozen=True, slots=True)
class MessageContact:
    """PER: who is to be asked; ``channels`` are (kind, number): ("TE", "5550100")."""

    function: str
    name: str = ""
    channels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class MessageParty:
    """An N1 loop. ``role`` is N101, ``references`` are REF pairs of qualifier and number."""

    role: str
    name: str = ""
    id_qualifier: str = ""
    id: str = ""
    more_names: tuple[str, ...] = ()
    address_lines: tuple[str, ...] = ()
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""
    references: tuple[tuple[str, str], ...] = ()
    contacts: tuple[MessageContact, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """A MIT loop: what it is about (MIT01, often the number of a document of ours), its title, its lines.

    ``page_width`` and ``page_length`` are MIT03 and MIT04 as given.
    """

    number: str
    title: str = ""
    page_width: str = ""
    page_length: str = ""
    parties: tuple[MessageParty, ...] = ()
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TextMessage:
    """An 864. ``purpose`` is BMG01 (00 original ...), ``description`` BMG02, ``kind`` BMG03. ``problems`` are sentences
    on what was not read."""

    purpose: str
    description: str = ""
    kind: str = ""
    dates: tuple[MessageDate, ...] = ()
    parties: tuple[MessageParty, ...] = ()
    messages: tuple[Message, ...] = ()
    problems: tuple[str, ...] = field(default=(), compare=False)

    def numbers(self) -> tuple[str, ...]:
        """Every number by which it may name a document of the receiver: MIT01, then the references of its parties."""
        parties = [*self.parties, *(party for each in self.messages for party in each.parties)]
        named = [each.number for each in self.messages]
        named += [number for party in parties for _, number in party.references]
        return tuple(dict.fromkeys(number for number in named if number))


def write_864(message: TextMessage) -> list[Segment]:
    """The body of the 864, without ST and SE. A line longer than 264 characters goes into several MSG."""
    body = [segment("BMG", message.purpose, message.description, message.kind)]
    body.extend(segment("DTM", each.qualifier, each.date, each.time) for each in message.dates)
    for party in message.parties:
        body.extend(_party_segments(party))
    for each in message.messages:
        body.append(segment("MIT", each.number, each.title, each.page_width, each.page_length))
        for party in each.parties:
            body.extend(_party_segments(party))
        body.extend(segment("MSG", part) for line in each.lines for part in _parts(line))
    return body


def _parts(line: str) -> Iterator[str]:
    # MSG01 is mandatory: an empty line of a text is a blank one on the wire.
    text = line or " "
    return (text[at : at + LONGEST_LINE] for at in range(0, len(text), LONGEST_LINE))


def _party_segments(party: MessageParty) -> Iterator[Segment]:
    yield segment("N1", party.role, party.name, party.id_qualifier, party.id)
    for at in range(0, len(party.more_names), 2):
        yield segment("N2", *party.more_names[at : at + 2])
    for at in range(0, len(party.address_lines), 2):
        yield segment("N3", *party.address_lines[at : at + 2])
    if party.city or party.state or party.postal_code or party.country:
        yield segment("N4", party.city, party.state, party.postal_code, party.country)
    for qualifier, number in party.references:
        yield segment("REF", qualifier, number)
    for each in party.contacts:
        yield segment("PER", each.function, each.name, *(text for pair in each.channels for text in pair))


def read_864(segments: Sequence[Segment]) -> TextMessage:
    """Reads a text message; ``segments`` run from ST to SE. Never raises on content: what is strange stands in
    ``problems``."""
    reader = _Reader()
    for each in segments:
        reader.take(each)
    return reader.result()


@dataclass(slots=True)
class _PartyDraft:
    n1: Segment
    names: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    n4: Segment = field(default_factory=lambda: segment("N4"))
    references: list[tuple[str, str]] = field(default_factory=list)
    contacts: list[MessageContact] = field(default_factory=list)

    def finished(self) -> MessageParty:
        return MessageParty(
            role=self.n1[1].strip(),
            name=self.n1[2].strip(),
            id_qualifier=self.n1[3].strip(),
            id=self.n1[4].strip(),
            more_names=tuple(self.names),
            address_lines=tuple(self.lines),
            city=self.n4[1].strip(),
            state=self.n4[2].strip(),
            postal_code=self.n4[3].strip(),
            country=self.n4[4].strip(),
            references=tuple(self.references),
            contacts=tuple(self.contacts),
        )


@dataclass(slots=True)
class _MessageDraft:
    mit: Segment
    parties: list[_PartyDraft] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def finished(self) -> Message:
        return Message(
            number=self.mit[1].strip(),
            title=self.mit[2].strip(),
            page_width=self.mit[3].strip(),
            page_length=self.mit[4].strip(),
            parties=tuple(each.finished() for each in self.parties),
            lines=tuple(self.lines),
        )


class _Reader:
    """Collects a text message segment by segment."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.beginning: Segment | None = None
        self.dates: list[MessageDate] = []
        self.parties: list[_PartyDraft] = []
        self.messages: list[_MessageDraft] = []

    def take(self, each: Segment) -> None:
        if each.tag in ("N2", "N3", "N4", "REF", "PER"):
            self._of_party(each)
        elif each.tag == "BMG":
            self.beginning = self.beginning or each
        elif each.tag == "DTM":
            self.dates.append(MessageDate(each[1].strip(), each[2].strip(), each[3].strip()))
        elif each.tag == "N1":
            (self.messages[-1].parties if self.messages else self.parties).append(_PartyDraft(each))
        elif each.tag == "MIT":
            self.messages.append(_MessageDraft(each))
        elif each.tag == "MSG":
            self._line(each)
        elif each.tag not in ("ST", "SE"):
            self.problem(each, "does not belong in a text message; it was not read")

    def problem(self, each: Segment, words: str) -> None:
        self.problems.append(f"{each.tag} (segment {each.position}): {words}.")

    def _line(self, each: Segment) -> None:
        if not self.messages:
            self.problem(each, "stands before any MIT; it was read as a message of its own")
            self.messages.append(_MessageDraft(segment("MIT")))
        self.messages[-1].lines.append(each[1].rstrip())

    def _of_party(self, each: Segment) -> None:
        parties = self.messages[-1].parties if self.messages else self.parties
        if not parties:
            self.problem(each, "stands before any N1; it was not read")
            return
        draft = parties[-1]
        match each.tag:
            case "N2":
                draft.names.extend(text.strip() for text in each.elements if text.strip())
            case "N3":
                draft.lines.extend(text.strip() for text in each.elements if text.strip())
            case "N4":
                draft.n4 = each
            case "REF":
                draft.references.append((each[1].strip(), each[2].strip()))
            case _:
                pairs = ((each[kind].strip(), each[number].strip()) for kind, number in _QUALIFIER_PAIRS)
                channels = tuple(pair for pair in pairs if any(pair))
                draft.contacts.append(MessageContact(each[1].strip(), each[2].strip(), channels))

    def result(self) -> TextMessage:
        if self.beginning is None:
            self.problems.append("BMG is missing: the purpose of the message is not known.")
        beginning = self.beginning or segment("BMG")
        return TextMessage(
            purpose=beginning[1].strip(),
            description=beginning[2].strip(),
            kind=beginning[3].strip(),
            dates=tuple(self.dates),
            parties=tuple(each.finished() for each in self.parties),
            messages=tuple(each.finished() for each in self.messages),
            problems=tuple(self.problems),
        )
