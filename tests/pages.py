"""Pages as a person reads them: the words, without markup, icons and scripts."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser

from django.db.models import Model
from django.http import HttpResponse
from django.test import Client

from portal.admin.show import list_url, page_url
from tests import factories

_UNSEEN = frozenset({"script", "style", "svg", "head", "template"})
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _VOID:
            return
        icon = "material-symbols-outlined" in (dict(attrs).get("class") or "")
        hidden = bool(self._open) and self._open[-1][1]
        self._open.append((tag, hidden or icon or tag in _UNSEEN))

    def handle_endtag(self, tag: str) -> None:
        while self._open:
            opened, _ = self._open.pop()
            if opened == tag:
                break

    def handle_data(self, data: str) -> None:
        if not (self._open and self._open[-1][1]):
            self.words += data.split()


@dataclass(frozen=True)
class Desk:
    """Somebody in the group *view*, logged in."""

    client: Client

    def page(self, row: Model) -> str:
        """Return the words on the page of ``row``."""
        return self.read(page_url(row))

    def list(self, model: type[Model], query: str = "") -> str:
        """Return the words on the list of ``model``."""
        return self.read(list_url(model, query))

    def dashboard(self) -> str:
        """Return the words on the first page."""
        return self.read("/admin/")

    def read(self, address: str) -> str:
        """Return the words at ``address``, with single spaces."""
        answer = self.client.get(address)
        assert answer.status_code == 200, (address, answer.status_code)
        return words_of(answer)


def words_of(answer: HttpResponse) -> str:
    """Return the words of a page, with single spaces."""
    reader = _Reader()
    reader.feed(answer.content.decode())
    return " ".join(reader.words)


def open_desk() -> Desk:
    """Log somebody in."""
    client = Client()
    client.force_login(factories.user(group="view"))
    return Desk(client)
