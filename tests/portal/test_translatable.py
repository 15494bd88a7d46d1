"""Every text for people can be translated: templates mark each with translate or blocktranslate, modules with gettext.

The law: marked is what a person is shown, offered or refused in the moment, and what fields and choices are called. Not
marked is what is written into the record, by whomever: events, cases, comments, audit entries, purposes of readings, findings
and errors of the worker, the sentences of a plan (they are written down as they were shown), logs, notes for stores and partners, documents,
certificates, packs, and the descriptions of the API and of reporting tables. A record reads the same for whoever reads it, in
the language of the house; labels in it come in that language too (``archive.house``). What rows are called, a role or a
kind of document, is theirs.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.template.base import Lexer, TokenType
from django.template.loader import get_template

from portal.admin.filters import VerbFilter
from portal.admin.verb_words import VERB_WORDS

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted(
    path.relative_to(ROOT / "templates").as_posix()
    for path in (ROOT / "templates").rglob("*")
    if path.suffix in {".html", ".txt"}
)
# Leaves the house in one language: a pack is the same bytes for whoever checks it.
IN_ENGLISH = {"portal/evidence/index.html", "portal/evidence/document.html", "portal/evidence/readme.txt"}

MODULES = sorted(
    path
    for pattern in ("admin/*.py", "people/*.py", "error_pages.py")
    for path in (ROOT / "portal").glob(pattern)
)
# The same in every language: names, and what is typed or called as it stands.
NAMES = {
    "Gridport",
    "Gridport:",
    "EDI",
    "GTIN",
    "SCAC",
    "SHA-256",
    "SKU",
    "UPC",
    "UTC",
    "URL",
    "X12",
    "Airbyte",
    "BI",
    "Power",
}
_LETTER = re.compile(r"[^\W\d_]")
_ATTRIBUTES = {"title", "aria-label", "aria-description", "placeholder", "alt"}
# Not read as words: names of icons, keys, code.
_NO_WORDS = {"script", "style", "svg", "kbd", "code"}
_ALONE = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
# Texts in tags: what a filter shows in the place of nothing, and what a part of a page is given to show.
_FILTER_TEXT = re.compile(r"\|(?:default|default_if_none|yesno|pluralize|add):[\"']([^\"']*)[\"']")
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
    yield from (text for text in _FILTER_TEXT.findall(tag) if "_" not in text)  # ids of fields are added to
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
        ("""<a title="{{ name|default:'Nobody' }}">{{ name }}</a>""", ["Nobody"]),
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
    elif isinstance(node, (ast.Tuple, ast.List)):
        yield from (text for each in node.elts for text in _plain_texts(each))
    elif isinstance(node, (ast.Dict, ast.BoolOp)):
        yield from (text for each in node.values for text in _plain_texts(each))
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        yield from _plain_texts(node.func.value)
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


# Words anywhere in the window's modules: in tables, in parts of sentences, in what a function returns.

# Of other tongues: queries, commands and scripts that are copied as they stand.
IN_OTHER_TONGUES = {"api_recipes", "reporting_tables"}
# What is called with words that go into the record, or into an address.
_RECORDING = {
    "open_for",
    "download",
    "read_slip",
    "refusal_of_export",
    "record_audit",
    "reverse",
    "Certificate",
    "Q",
    "removeprefix",
    "removesuffix",
}
# Names of verbs, as the record keeps them.
_VERBS = {"verbs", "VERB"}
_TWO_WORDS = re.compile(r"[^\W\d_]{2,}[,.:;?!)”]* +[(“]?[^\W\d_]+")
_ONE_WORD = re.compile(r"[A-Z][a-z]+[.:?!,…]*")
_BESIDE_VALUE = re.compile(r"(^|\s)[a-z]{2,}(\s|$|[,.:;])")
_MARKUP = re.compile(r"<[^>]*>")
_PLACE = re.compile(r"\N{OBJECT REPLACEMENT CHARACTER}|\{\w*\}|%\(\w+\)s")
_NO_SENTENCE = re.compile(r"(text/|attachment;|\w+:\N{OBJECT REPLACEMENT CHARACTER})")


def _text(node: ast.AST) -> str:
    """The text of a literal, with a mark where a value stands; empty for all else."""
    if isinstance(node, ast.JoinedStr):
        parts = (
            part.value if isinstance(part, ast.Constant) else "\N{OBJECT REPLACEMENT CHARACTER}"
            for part in node.values
        )
        return "".join(map(str, parts))
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _reads_like_words(text: str) -> bool:
    words = _PLACE.sub(" ", _MARKUP.sub(" ", text)).strip()
    if _NO_SENTENCE.match(text) or not _is_for_people(words):
        return False
    is_beside = words != text.strip() and "<" not in text and _BESIDE_VALUE.search(words)
    return bool(_TWO_WORDS.search(words) or _ONE_WORD.fullmatch(words) or is_beside)


def words_in_module(source: str) -> list[str]:
    """What reads like words in a module and is not marked: not its docstrings, keys, and what it writes into the record."""
    tree = ast.parse(source)
    return [text for node in _unmarked_literals(tree) if _reads_like_words(text := _text(node))]


def _unmarked_literals(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Call) and (_called(node) in _MARKS or _called(node) in _RECORDING):
        return
    if isinstance(node, (ast.Compare, ast.Raise)):
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in _VERBS:
        return
    if isinstance(node, (ast.Constant, ast.JoinedStr)):
        yield node
    inner: Iterator[ast.AST] = ast.iter_child_nodes(node)
    if isinstance(node, ast.JoinedStr):
        inner = (part.value for part in node.values if isinstance(part, ast.FormattedValue))
    elif isinstance(node, ast.Dict):
        inner = iter(node.values)
    elif isinstance(node, ast.Subscript):
        inner = iter([node.value])
    for each in inner:
        yield from _unmarked_literals(each)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_what_reads_like_words_in_a_module_is_marked(path: Path) -> None:
    found = words_in_module(path.read_text())
    assert (found == []) != (path.stem in IN_OTHER_TONGUES), found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('STATES = {"waiting": ("Waiting to be sent", WAITING)}', ["Waiting to be sent"]),
        ('STATES = {"waiting": (gettext_lazy("Waiting to be sent"), WAITING)}', []),
        ('NEEDS = (Need("orders", "Read orders", scope),)', ["Read orders"]),
        ('def said(row):\n    """Return it."""\n    return "None"', ["None"]),
        ('def said(row):\n    return f"at {row.price}"', ["at \N{OBJECT REPLACEMENT CHARACTER}"]),
        (
            'def said(row):\n    return f"{row.count} of {row.whole}"',
            ["\N{OBJECT REPLACEMENT CHARACTER} of \N{OBJECT REPLACEMENT CHARACTER}"],
        ),
        ('parts.append("on hold" if held else gettext("stopped"))', ["on hold"]),
        (
            """shown = format_html('<a class="gp-link" href="{}">Choose…</a>', url)""",
            ['<a class="gp-link" href="{}">Choose…</a>'],
        ),
        ("""shown = format_html('<a class="gp-link" href="{}">{}</a>', url, gettext("Choose…"))""", []),
        ('open_for(user, payload, f"look at document {row.pk}")', []),
        ('found = rows[f"order {number}"]; is_open = said == "Not yet"; seen = f"document:{pk}"', []),
    ],
)
def test_words_that_a_module_does_not_mark_are_found(source: str, found: list[str]) -> None:
    assert words_in_module(source) == found


def test_every_verb_of_the_record_has_its_words() -> None:
    told = {each for each in VerbFilter.verbs if not each.startswith("decide: ")}
    assert set(VERB_WORDS) == told


# Labels of models

MODELS = sorted(
    path
    for app in ("portal", "integration", "partners", "archive")
    for path in (ROOT / app / "models").glob("*.py")
)
_NAMED = {"verbose_name", "verbose_name_plural", "help_text"}


def unmarked_labels(source: str) -> list[str]:
    """The names, helps and labels of choices in a module of models that are not marked."""
    return [text for node in _labels(ast.parse(source)) for text in _plain_texts(node)]


def _labels(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from (each.value for each in node.keywords if each.arg in _NAMED)
            called = ast.unparse(node.func)
            # The first of a relation is the model that it leads to.
            if called.endswith("Field") and not called.endswith(("OneToOneField", "ManyToManyField")):
                yield from node.args[:1]
        elif isinstance(node, ast.ClassDef):
            lines = [line for line in node.body if isinstance(line, ast.Assign)]
            yield from (line.value for line in lines if getattr(line.targets[0], "id", "") in _NAMED)
            if any(ast.unparse(base).endswith("Choices") for base in node.bases):
                yield from (line.value.elts[-1] for line in lines if isinstance(line.value, ast.Tuple))


@pytest.mark.parametrize("path", MODELS, ids=lambda path: f"{path.parents[1].name}/{path.stem}")
def test_every_label_of_a_model_is_marked(path: Path) -> None:
    source = path.read_text()
    assert unmarked_labels(source) == []
    assert unreadable_marks(source) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('x = models.CharField("kinds", max_length=9, help_text=gettext_lazy("Which?"))', ["kinds"]),
        ('x = models.CharField(gettext_lazy("kinds"), help_text="Which?")', ["Which?"]),
        ('x = models.OneToOneField("self", models.PROTECT)', []),
        ('class Kind(models.TextChoices):\n    LATE = "late", "Overdue"', ["Overdue"]),
        ('class Kind(models.TextChoices):\n    LATE = "late", gettext_lazy("Overdue")', []),
        ('class Meta:\n    verbose_name = "work"\n    db_table = "work"', ["work"]),
    ],
)
def test_labels_that_a_model_does_not_mark_are_found(source: str, found: list[str]) -> None:
    assert unmarked_labels(source) == found


# What flows offer and refuse

FLOWS = sorted(
    path
    for folder in ("integration/flows", "integration/models", "partners/models", "portal/api")
    for path in (ROOT / folder).rglob("*.py")
)
# What is called with words for the person who asks, and which of its arguments they are.
_OFFERS = {
    "Choice": (1, 2),
    "StepKind": (2,),
    "Refused": (0,),
    "NotAgain": (0, 1),
    "ValidationError": (0,),
    "Tried": (0,),
}
_OFFERED = {"words", "help", "usual"}


def unmarked_offers(source: str) -> list[str]:
    """What is offered and refused in a module and is not marked: decisions, words of steps, refusals, problems of fields."""
    nodes = list(ast.walk(ast.parse(source)))
    calls = [each for each in nodes if isinstance(each, ast.Call) and _called(each) in _OFFERS]
    problems = [
        each for each in nodes if isinstance(each, ast.FunctionDef) and each.name.endswith("_problems")
    ]
    return [
        *(text for call in calls for node in _offered(call) for text in _plain_texts(node)),
        *(
            text
            for each in problems
            for node in _unmarked_literals(each)
            if _reads_like_words(text := _text(node))
        ),
    ]


def _offered(call: ast.Call) -> Iterator[ast.expr]:
    yield from (call.args[at] for at in _OFFERS[_called(call)] if at < len(call.args))
    yield from (each.value for each in call.keywords if each.arg in _OFFERED)


def test_every_offer_and_refusal_is_marked() -> None:
    found = {path.relative_to(ROOT).as_posix(): unmarked_offers(path.read_text()) for path in FLOWS}
    assert {name: texts for name, texts in found.items() if texts} == {}
    marked = [path for path in FLOWS if path.is_relative_to(ROOT / "integration/flows")]
    assert [path.name for path in marked if unreadable_marks(path.read_text())] == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (
            'A = Choice("accept", "Accept it", gettext_lazy("It holds."), usual="It will do.")',
            ["Accept it", "It will do."],
        ),
        ('A = Choice("accept", gettext_lazy("Accept it"), gettext_lazy("It holds."))', []),
        ('A = StepKind("out", run, "write it", links)', ["write it"]),
        ('raise Refused(f"{row} is closed.")', [" is closed."]),
        ('raise NotAgain(sentence, "It is closed.")', ["It is closed."]),
        ('raise Refused(gettext("%(row)s is closed.") % {"row": row})', []),
        ('raise ValidationError({"start": "It began."})', ["It began."]),
        ('record_event(subject, "closed", f"{row} is closed.")', []),
        ('def rule_problems(rule):\n    return {"role": "Choose the role."}', ["Choose the role."]),
        ('def rule_problems(rule):\n    """Return why."""\n    return {"role": gettext("Choose it.")}', []),
    ],
)
def test_offers_and_refusals_that_are_not_marked_are_found(source: str, found: list[str]) -> None:
    assert unmarked_offers(source) == found
