"""Every text for people can be translated: templates mark each with translate or blocktranslate, modules with gettext."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.template.base import Lexer, TokenType
from django.template.loader import get_template

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted(
    path.relative_to(ROOT / "templates").as_posix()
    for path in (ROOT / "templates").rglob("*")
    if path.suffix in {".html", ".txt"}
)
# Leaves the house in one language: a pack is the same bytes for whoever checks it.
IN_ENGLISH = {"portal/evidence/index.html", "portal/evidence/document.html", "portal/evidence/readme.txt"}

MODULES = sorted(path for folder in ("admin", "people") for path in (ROOT / "portal" / folder).glob("*.py"))
# The same in every language: names, and what is typed or called as it stands.
NAMES = {"Gridport", "Gridport:", "EDI", "GTIN", "SCAC", "SHA-256", "SKU", "UPC", "UTC", "URL", "X12"}
_LETTER = re.compile(r"[^\W\d_]")
_ATTRIBUTES = {"title", "aria-label", "aria-description", "placeholder", "alt"}
# Not read as words: names of icons, keys, code.
_NO_WORDS = {"script", "style", "svg", "kbd", "code"}
_ALONE = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
# Texts in tags: what a filter shows in the place of nothing, and what a part of a page is given to show.
_FILTER_TEXT = re.compile(r"\|(?:default|default_if_none|yesno|pluralize|add):\"([^\"]*)\"")
_GIVEN_TEXT = re.compile(r"\b(\w+)=\"([^\"]*)\"")
_GIVEN_NAMES = {"class", "href", "icon", "variant", "id"}
_BLOCK = re.compile(r"(blocktranslate|blocktrans|comment)\b")


class _Words(HTMLParser):
    """Collects the texts and attributes with letters in them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.skipped: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        button = tag == "input" and values.get("type") in {"submit", "button"}
        self.found += [
            value for name, value in attrs if value and (name in _ATTRIBUTES or (button and name == "value"))
        ]
        is_icon = "material-symbols" in (values.get("class") or "")
        if tag not in _ALONE and (self.skipped or is_icon or tag in _NO_WORDS):
            self.skipped.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.skipped and self.skipped[-1] == tag:
            self.skipped.pop()

    def handle_data(self, data: str) -> None:
        if not self.skipped:
            self.found.append(data)


def unmarked(source: str) -> list[str]:
    """The texts for people in the source of a template that no tag marks."""
    words, until, found = _Words(), "", []
    for token in Lexer(source).tokenize():
        if token.token_type == TokenType.BLOCK and until:
            until = "" if token.contents.split()[0] == until else until
        elif until:
            continue
        elif token.token_type == TokenType.TEXT:
            words.feed(token.contents)
        elif token.token_type != TokenType.COMMENT:
            # Something stands there, in a text or in the value of an attribute.
            words.feed("\N{OBJECT REPLACEMENT CHARACTER}")
            found += _texts_in(token.contents)
            if match := _BLOCK.match(token.contents):
                until = f"end{match.group(1)}"
    words.close()
    return [text for text in (each.strip() for each in [*words.found, *found]) if _is_for_people(text)]


def _texts_in(tag: str) -> Iterator[str]:
    yield from _FILTER_TEXT.findall(tag)
    if tag.startswith(("include ", "with ", "component ")):
        yield from (text for name, text in _GIVEN_TEXT.findall(tag) if name not in _GIVEN_NAMES)


def _is_for_people(text: str) -> bool:
    words = re.sub(r"[\N{OBJECT REPLACEMENT CHARACTER}\W\d]+", " ", text).split()
    return bool(_LETTER.search(text)) and not set(words) <= NAMES


@pytest.mark.parametrize("name", [each for each in TEMPLATES if each not in IN_ENGLISH])
def test_every_text_of_a_template_is_marked(name: str) -> None:
    assert unmarked((ROOT / "templates" / name).read_text()) == []
    get_template(name)


def test_the_templates_that_stay_in_english_are_there() -> None:
    assert set(TEMPLATES) >= IN_ENGLISH
    assert all(unmarked((ROOT / "templates" / each).read_text()) for each in IN_ENGLISH)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("<p>Nothing waits.</p>", ["Nothing waits."]),
        ('<p>{% translate "Nothing waits." %}</p>', []),
        ("<p>{{ name }} waits</p>", ["waits"]),
        ("<p>{% blocktranslate %}{{ name }} waits{% endblocktranslate %}</p>", []),
        ('<a href="/x" class="gp-link" title="Go there">{{ name }}</a>', ["Go there"]),
        ("""<a title="{% translate 'Go there' %}">{{ name }}</a>""", []),
        ('<input type="submit" value="Save"><input type="hidden" value="save">', ["Save"]),
        ('<span class="material-symbols-outlined">undo</span><kbd>u</kbd>', []),
        ('{{ name|default:"Nobody" }}', ["Nobody"]),
        ('{{ name|default:_("Nobody") }}', []),
        ("{{ count }} lines{# lines #}", ["lines"]),
        ('{% include "part.html" with none="None yet." %}', ["None yet."]),
        ("<title>{{ title }} | Gridport</title><script>let lines</script>", []),
    ],
)
def test_what_is_not_marked_is_found(source: str, found: list[str]) -> None:
    assert unmarked(source) == found


# Python modules

_MARKS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy"}
_KEYWORDS = {"label", "help_text", "empty_label"}
_ATTRIBUTE_TEXTS = {
    "title", "label", "heading", "words", "help_text", "search_help_text", "short_description", "verbose_name",
    "verbose_name_plural",
}  # fmt: skip
_PAGE_TEXTS = {"title", "description", "help_text", "label"}
# What is called with sentences for people, and which of its arguments they are.
_SENTENCES = {"ValidationError": 0, "Refused": 0, "add_error": 1, "message_user": 1, "run": 2}
_MESSAGES = {"debug", "info", "success", "warning", "error", "add_message"}
# What asks on a page why something is done, and what it shows.
_ASKING = {"Asked", "RecordPage"}
_ASKING_TEXTS = {"title", "heading", "consequence", "button", "done", "warning"}


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _texts_for_people(tree: ast.AST) -> Iterator[ast.expr]:
    """The expressions of a module that people read: of forms, columns, filters, messages, refusals and pages."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _texts_of_call(node)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value in _PAGE_TEXTS:
                    yield value
        elif isinstance(node, ast.ClassDef):
            for line in node.body:
                if isinstance(line, ast.Assign) and getattr(line.targets[0], "id", "") in _ATTRIBUTE_TEXTS:
                    yield line.value
        elif isinstance(node, ast.FunctionDef) and node.name == "lookups":
            pairs = (each for each in ast.walk(node) if isinstance(each, ast.Tuple) and len(each.elts) == 2)
            yield from (each.elts[1] for each in pairs)


def _texts_of_call(node: ast.Call) -> Iterator[ast.expr]:
    name = _called(node)
    if name == "EmptyState":
        yield from node.args
    is_message = name in _MESSAGES and ast.unparse(node.func).startswith("messages.")
    at = 1 if is_message else _SENTENCES.get(name)
    if at is not None and len(node.args) > at:
        yield node.args[at]
    for keyword in node.keywords:
        if (
            keyword.arg in _KEYWORDS
            or (keyword.arg == "description" and name in {"display", "action"})
            or (keyword.arg in _ASKING_TEXTS and name in _ASKING)
        ):
            yield keyword.value
        elif keyword.arg == "error_messages" and isinstance(keyword.value, ast.Dict):
            yield from keyword.value.values


def _plain_texts(node: ast.expr) -> Iterator[str]:
    """The literal texts with letters of an expression that are not marked."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and _is_for_people(node.value):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        text = "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
        yield from [text] if _is_for_people(text) else []
    elif isinstance(node, ast.IfExp):
        yield from (*_plain_texts(node.body), *_plain_texts(node.orelse))
    elif isinstance(node, ast.Tuple):
        yield from (text for each in node.elts for text in _plain_texts(each))
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        yield from (*_plain_texts(node.left), *_plain_texts(node.right))


def unmarked_in_module(source: str) -> list[str]:
    """The texts for people in a module that are not marked."""
    return [text for node in _texts_for_people(ast.parse(source)) for text in _plain_texts(node)]


def unreadable_marks(source: str) -> list[str]:
    """What is marked so that nobody can translate it: no literal text, or several values without names."""
    calls = [
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and _called(node) in _MARKS
    ]
    texts = [each for call in calls for each in call.args[: 2 if _called(call).startswith("n") else 1]]
    return [
        ast.unparse(each)
        for each in texts
        if not isinstance(each, ast.Constant) or len(re.findall(r"%[sd]|{}", str(each.value))) > 1
    ]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_text_of_a_module_is_marked(path: Path) -> None:
    source = path.read_text()
    assert unmarked_in_module(source) == []
    assert unreadable_marks(source) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('x = CharField(label="Owner", help_text=gettext_lazy("Who?"))', ["Owner"]),
        ('@display(description="By")\ndef by(row): ...', ["By"]),
        ('class F:\n    title = "State"\n    template = "x.html"', ["State"]),
        ('messages.success(request, f"{row} is kept.")', [" is kept."]),
        ('messages.success(request, gettext("%(row)s is kept.") % {"row": row})', []),
        ('run(request, work, "Yours." if mine else gettext("Theirs."))', ["Yours."]),
        ('raise Refused("Say until when." + more)', ["Say until when."]),
        ('empty = EmptyState("No holds", gettext_lazy("Take one."))', ["No holds"]),
        ('class A:\n    words = ("hold", gettext_lazy("holds"))', ["hold"]),
        ('context = {"title": "Gridport", "url": "Somewhere"}', []),
        ('def lookups(self):\n    return [("late", "Overdue")]', ["Overdue"]),
    ],
)
def test_what_a_module_does_not_mark_is_found(source: str, found: list[str]) -> None:
    assert unmarked_in_module(source) == found


def test_a_sentence_that_is_put_together_before_it_is_marked_is_found() -> None:
    assert unreadable_marks('gettext(f"{row} is kept.")') == ["f'{row} is kept.'"]
    assert unreadable_marks('gettext("%s of %s") % (a, b)') == ["'%s of %s'"]
    assert unreadable_marks('gettext("%(row)s of %(all)s"); _("Yours")') == []
