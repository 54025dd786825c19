"""Every sentence a user sees is gathered for translation, and the Chinese catalogue says all of them, and well."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from mailer import errors

ROOT = Path(__file__).parents[1]
LOCALES = ROOT / "mailer" / "locale"
NOT_OURS = frozenset({"var", "tests", "benchmarks", "build", "dist", "docs"})
TOGETHER = "run `make catalogue`, then translate in mailer/locale/zh_CN/LC_MESSAGES/mailer.po"

PLACEHOLDER = re.compile(r"\{((?:[A-Za-z_]\w*)?)(?:[:!][^{}]*)?\}")
COMMAND = re.compile(r"`([^`]+)`")
HAN = r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
WIDE = r"[\u3001-\u303f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff60]"
MISSET = {
    "half-width punctuation": re.compile(rf"{HAN}[,;:!?]\s*{HAN}|{HAN}\.(?:\s|$)"),
    "a blank between two Chinese characters": re.compile(rf"{WIDE}[ \t]+{WIDE}"),
    "straight quotes around Chinese": re.compile(rf"\"{HAN}+\"|'{HAN}+'"),
}
CODE = re.compile(r"`[^`]*`")  # a line of a file is not Chinese

# what users see in any language: commands, names, figures
SAME_IN_EVERY_LANGUAGE = frozenset({"chmod 600 {}", "chmod go= {}", "mailer {}", "  {}  sha256 {}"})
# function → positions of its arguments that are sentences; errors take one first
SENTENCES_AT = {"say": (0,), "print": (0,), "Finding": (2, 3), "ImportRemark": (1, 2)}
SENTENCES_NAMED = frozenset({"message", "cure", "help", "short_help", "epilog"})
MARKUP = re.compile(r"\[/?[a-z ]*\]")


def _gathered() -> set[str]:
    with (LOCALES / "babel.cfg").open(encoding="utf-8") as stream:
        methods, options = parse_mapping_cfg(stream)  # type: ignore[no-untyped-call]

    def enter(folder: str | Path) -> bool:
        return Path(folder).name not in NOT_OURS and not Path(folder).name.startswith((".", "_"))

    found = extract_from_dir(ROOT, methods, options, keywords={**DEFAULT_KEYWORDS, "N_": None}, directory_filter=enter)
    return {_first(message) for _file, _line, message, _comments, _context in found}


def _first(message: object) -> str:
    """A plural's entry is found by its singular."""
    return str(message[0]) if isinstance(message, (tuple, list)) else str(message)


@pytest.fixture(scope="module")
def gathered() -> set[str]:
    return _gathered()


@pytest.fixture(scope="module")
def chinese() -> Catalog:
    with (LOCALES / "zh_CN" / "LC_MESSAGES" / "mailer.po").open("rb") as stream:
        return read_po(stream, locale="zh_CN")


def _entries(catalogue: Catalog) -> Iterator[tuple[str, tuple[str, ...]]]:
    for message in catalogue:
        if message.id:
            said = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
            yield _first(message.id), tuple(str(one) for one in said)


def test_every_sentence_is_translated(gathered: set[str], chinese: Catalog) -> None:
    said = {original for original, translations in _entries(chinese) if all(translations)}
    fuzzy = {_first(message.id) for message in chinese if message.id and message.fuzzy}
    assert len(gathered) > 300, "the extraction found too little to be believed"
    assert sorted(gathered - said) == [], TOGETHER
    assert sorted(fuzzy) == [], "look at them and remove the mark"


def test_no_translation_is_left_over(gathered: set[str], chinese: Catalog) -> None:
    assert sorted({original for original, _said in _entries(chinese)} - gathered) == [], TOGETHER
    assert sorted(map(str, chinese.obsolete)) == [], "remove the #~ entries"


def test_translations_keep_placeholders_and_commands(chinese: Catalog) -> None:
    wrong = [
        original
        for original, translations in _entries(chinese)
        for said in translations
        if sorted(PLACEHOLDER.findall(said)) != sorted(PLACEHOLDER.findall(original))
        or not set(COMMAND.findall(original)) <= set(COMMAND.findall(said))
    ]
    assert wrong == []


@pytest.mark.parametrize("fault", MISSET)
def test_translations_are_set_as_chinese_is(fault: str, chinese: Catalog) -> None:
    wrong = [
        said
        for _original, translations in _entries(chinese)
        for said in translations
        if MISSET[fault].search(CODE.sub("x", said))
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("half-width punctuation", "请先保存,再运行"),
        ("half-width punctuation", "请先保存, 再运行"),
        ("half-width punctuation", "请先保存."),
        ("a blank between two Chinese characters", "分发 名单"),
        ("a blank between two Chinese characters", "名单， 报送"),
        ("straight quotes around Chinese", '回复"退订"'),
    ],
)
def test_faults_of_setting_are_seen(fault: str, text: str) -> None:
    assert MISSET[fault].search(text)


def _errors_of(trees: list[ast.Module]) -> set[str]:
    """Return the names of MailerError and everything under it, wherever it is defined."""
    names = {
        name for name, value in vars(errors).items() if inspect.isclass(value) and issubclass(value, errors.MailerError)
    }
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    while more := {one.name for one in classes if any(_called(base) in names for base in one.bases)} - names:
        names |= more
    return names


def _called(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _written(node: ast.expr) -> Iterator[str]:
    """Yield the texts written out in an expression, {} standing for values; what a call returns is not looked into."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts)
        case ast.IfExp(body=one, orelse=other) | ast.BinOp(left=one, right=other):
            yield from _written(one)
            yield from _written(other)
        case ast.BoolOp(values=values):
            for value in values:
                yield from _written(value)
        case ast.Call(func=ast.Attribute(value=inner, attr="format" | "rstrip" | "strip" | "join")):
            yield from _written(inner)


def _sentences(call: ast.Call, error_names: set[str]) -> Iterator[ast.expr]:
    name = _called(call.func)
    positions = (0,) if name in error_names else SENTENCES_AT.get(name, ())
    yield from (call.args[at] for at in positions if at < len(call.args))
    yield from (keyword.value for keyword in call.keywords if keyword.arg in SENTENCES_NAMED)


def _untranslated(trees: dict[str, ast.Module]) -> list[tuple[str, str]]:
    """Return (place, text) for every sentence that reaches users without gettext."""
    error_names = _errors_of(list(trees.values()))
    found = []
    for file, tree in trees.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            for argument in _sentences(node, error_names):
                texts = [text for text in _written(argument) if any(map(str.isalpha, MARKUP.sub("", text)))]
                found += [(f"{file}:{argument.lineno}", text) for text in texts]
    return found


@pytest.fixture(scope="module")
def sources() -> dict[str, ast.Module]:
    return {
        str(path.relative_to(ROOT)): ast.parse(path.read_text("utf-8"))
        for path in sorted((ROOT / "mailer").rglob("*.py"))
    }


def test_every_sentence_goes_through_gettext(sources: dict[str, ast.Module]) -> None:
    found = _untranslated(sources)
    assert [f"{place}: {text}" for place, text in found if text not in SAME_IN_EVERY_LANGUAGE] == []
    assert {text for _place, text in found} == SAME_IN_EVERY_LANGUAGE, "an exception that nothing needs any more"


def test_gettext_is_asked_for_plain_texts_only(sources: dict[str, ast.Module]) -> None:
    wrong = [
        f"{file}:{node.lineno}"
        for file, tree in sources.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _called(node.func) in ("_", "N_", "ngettext") and node.args
        if isinstance(node.args[0], (ast.JoinedStr, ast.BinOp, ast.Call))
    ]
    assert wrong == [], "fill in after translating: _(…).format(…)"


@pytest.mark.parametrize(
    ("source", "seen"),
    [
        ('raise SheetError("the row is wrong")', ["the row is wrong"]),
        ('raise errors.SheetError(f"row {n} is wrong")', ["row {} is wrong"]),
        ('raise SheetError(_("x {n}").format(n=n), cure="mend it")', ["mend it"]),
        ('say("all {n}".format(n=n) if n else _("none"))', ["all {n}"]),
        ('err.print("完成")', ["完成"]),
        ('class OurError(SheetError): ...\nraise OurError("bad")', ["bad"]),
        ('say(f"  {one.address}: {word}")', []),
        ('err.print(f"[bold red]{word}[/]: {error}")', []),
        ('say(_("fine"))', []),
    ],
)
def test_sentences_that_bypass_gettext_are_seen(source: str, seen: list[str]) -> None:
    assert [text for _place, text in _untranslated({"a.py": ast.parse(source)})] == seen
