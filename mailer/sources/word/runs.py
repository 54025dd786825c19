"""Reads the runs of a Word paragraph: text in its looks, links, fields, notes; what is left out is said."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from mailer.i18n import _
from mailer.model.issue import Inline, plain_text
from mailer.sources.drafts import Say
from mailer.sources.left_out import allowed_target, say_deleted, say_hidden, say_reading, say_struck, shorten
from mailer.sources.runs import Run
from mailer.sources.symbols import UNKNOWN, raise_text, read_symbols, symbol
from mailer.sources.word.archive import Relation
from mailer.sources.word.drawings import choose_alternate
from mailer.sources.word.markup import Element, R, child, descendants, name_of, number, value
from mailer.sources.word.styles import Look, Styles, combine, inherit, read_look

MAX_DEPTH = 40  # of elements that only wrap others
_WRAPPERS = {"ins", "moveTo", "smartTag", "sdt", "sdtContent", "customXml", "dir", "bdo", "rubyBase"}
_LINK_FIELD = re.compile(r'\s*HYPERLINK\s+(?P<local>\\l\s+)?"(?P<target>[^"]*)"', re.IGNORECASE)
_BREAKS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}

ReadNote = Callable[[str, int | None], tuple[Inline, ...]]


@dataclass(slots=True)
class _Field:
    instruction: str = ""
    shown: bool = False  # past its separator: what comes now is its result
    target: str = ""


@dataclass(frozen=True, slots=True)
class _Place:
    target: str = ""
    depth: int = 0


@dataclass(slots=True)
class ReadRuns:
    """A paragraph's runs and its drawings; each drawing with whether text stands before it."""

    runs: list[Run] = field(default_factory=list)
    drawings: list[tuple[bool, Element]] = field(default_factory=list)


class RunReader:
    """Reads the paragraphs of one story (the body, a note, a text box) in order, as fields reach over paragraphs.

    `say` takes a remark's text and cure for the paragraph being read; `read_note` gives the content of a footnote,
    endnote or comment; `spend` is called for each stretch of text, and may raise.
    """

    def __init__(
        self,
        styles: Styles,
        relations: Mapping[str, Relation],
        read_note: ReadNote,
        say: Say,
        *,
        spend: Callable[[], None] = lambda: None,
    ) -> None:
        self._spend = spend
        self._styles, self._relations, self._read_note, self._say = styles, relations, read_note, say
        self._fields: list[_Field] = []
        self._left_out: dict[str, list[str]] = {}
        self._base = Look()
        self._found = ReadRuns()

    def read(self, paragraph: Element, base: Look) -> ReadRuns:
        """Return what a w:p holds; `base` is the look its style gives. Says what was left out."""
        self._base, self._found = base, ReadRuns()
        self._walk(paragraph, _Place())
        # an instruction never reaches over a paragraph's end: one that seems to would swallow the rest of the text
        self._fields = [one for one in self._fields if one.shown]
        for kind, parts in self._left_out.items():
            if text := "".join(parts).strip():
                self._say_left_out(kind, text)
        self._left_out = {}
        return self._found

    def _say_left_out(self, kind: str, text: str) -> None:
        match kind:
            case "deleted":
                say_deleted(text, self._say)
            case "hidden":
                say_hidden(text, self._say)
            case "struck":
                say_struck(text, self._say)
            case "reading":
                say_reading(text, self._say)
            case "formula":
                self._say(
                    _("“{text}” is a formula; its characters were kept as plain text").format(text=shorten(text)),
                    _("compare it with the document; a picture of it keeps its form"),
                )
            case _:
                self._say(
                    _("“{text}” is wrapped in too many layers and was left out").format(text=shorten(text)),
                    _("copy the text into a new document, without its formatting, and import that"),
                )

    def _walk(self, parent: Element, place: _Place) -> None:
        if place.depth > MAX_DEPTH:
            self._leave_out("deep", parent)
            return
        below = _Place(place.target, place.depth + 1)
        for element in parent:
            match name_of(element):
                case "r":
                    self._run(element, below)
                case "hyperlink":
                    self._walk(element, _Place(self._link_target(element) or place.target, below.depth))
                case "fldSimple":
                    target = self._field_target(value(element, "instr") or "")
                    self._walk(element, _Place(target or place.target, below.depth))
                case "del":
                    self._leave_out("deleted", element)
                case "oMath" | "oMathPara":
                    self._formula(element, below)
                case "AlternateContent":
                    chosen = choose_alternate(element)
                    if chosen is not None:
                        self._walk(chosen, below)
                case "subDoc":
                    self._say(_("a document that is only linked to was left out"), _("import it by itself"))
                case name if name in _WRAPPERS:
                    self._walk(element, below)

    def _run(self, run: Element, place: _Place) -> None:
        properties = child(run, "rPr")
        style = self._styles.character(value(child(properties, "rStyle"))) if properties is not None else None
        look = combine(read_look(properties), style.look if style else Look(), self._base)
        look = inherit(look, self._styles.defaults)
        if look.hidden:
            self._leave_out("hidden", run)
            for element in descendants(run, "fldChar", "instrText"):
                self._inside(element, look, place)
            return
        for element in run:
            self._inside(element, look, place)

    def _inside(self, element: Element, look: Look, place: _Place) -> None:
        name = name_of(element)
        match name:
            case "t":
                text = re.sub(r"[\r\n\t]", " ", element.text or "")
                self._emit(raise_text(read_symbols(text, look.font), look.raised), look, place)
            case "sym":
                code = value(element, "char") or ""
                known = re.fullmatch(r"[0-9A-Fa-f]{1,4}", code) is not None
                self._emit(symbol(int(code, 16), value(element, "font")) if known else UNKNOWN, look, place)
            case "fldChar":
                self._field_mark(value(element, "fldCharType") or "")
            case "instrText":
                if self._fields:
                    self._fields[-1].instruction += element.text or ""
            case "delText":
                self._left_out.setdefault("deleted", []).append(element.text or "")
            case "footnoteReference" | "endnoteReference":
                self._note(name.removesuffix("Reference"), number(element, "id"), place)
            case "commentReference":
                self._comment(number(element, "id"))
            case "drawing" | "pict" | "object":
                before = any(run.text.strip() for run in self._found.runs)
                self._found.drawings.append((before, element))
            case "AlternateContent":
                chosen = choose_alternate(element)
                for below in chosen if chosen is not None else ():
                    self._inside(below, look, place)
            case "ruby":
                for below in descendants(element, "rt"):
                    self._leave_out("reading", below)
                self._walk(element, place)
            case _ if name in _BREAKS:
                self._emit(_BREAKS[name], look, place)

    def _emit(self, text: str, look: Look, place: _Place) -> None:
        if self._fields and not self._fields[-1].shown:
            self._fields[-1].instruction += text
            return
        if UNKNOWN in text and look.font:
            self._say(
                _("a symbol of the font {font} has no character of its own; □ stands for it").format(font=look.font),
                _("compare with the document and write what it should be"),
            )
        self._spend()
        if look.struck:
            self._left_out.setdefault("struck", []).append(text)
        target = next((one.target for one in reversed(self._fields) if one.target), "") or place.target
        self._found.runs.append(Run(text, bool(look.bold), bool(look.italic), target, look.size))

    def _leave_out(self, kind: str, element: Element) -> None:
        texts = [below.text or "" for below in descendants(element, "t", "delText")]
        self._left_out.setdefault(kind, []).extend(texts)

    def _formula(self, element: Element, place: _Place) -> None:
        text = "".join(below.text or "" for below in descendants(element, "t"))
        self._left_out.setdefault("formula", []).append(text)
        self._emit(text, self._base, place)

    def _note(self, kind: str, note_id: int | None, place: _Place) -> None:
        content = self._read_note(kind, note_id)
        if content:
            self._found.runs.append(Run("", target=place.target, note=content))
        else:
            self._say(_("a note has no text"), _("look it up in the document"))

    def _comment(self, comment_id: int | None) -> None:
        text = plain_text(self._read_note("comment", comment_id)).strip()
        self._say(
            _("a comment was left out: “{text}”").format(text=text[:80]),
            _("take up what it asks for; readers do not see comments"),
        )

    def _field_mark(self, kind: str) -> None:
        if kind == "begin":
            self._fields.append(_Field())
        elif kind == "separate" and self._fields:
            self._fields[-1].shown = True
            self._fields[-1].target = self._field_target(self._fields[-1].instruction)
        elif kind == "end" and self._fields:
            ended = self._fields.pop()
            if not ended.shown and re.match(r"\s*(EQ|SYMBOL|INCLUDE\w+|LINK|DDE\w*)\b", ended.instruction):
                self._say(
                    _("the field “{field}” shows nothing by itself and was left out").format(
                        field=" ".join(ended.instruction.split())[:60]
                    ),
                    _("write into the issue what it shows in the document"),
                )

    def _field_target(self, instruction: str) -> str:
        match = _LINK_FIELD.match(instruction)
        return "" if match is None or match["local"] else allowed_target(match["target"], self._say)

    def _link_target(self, element: Element) -> str:
        relation = self._relations.get(element.get(R + "id") or "")
        if relation is None or not relation.external:
            return ""  # a place in the document itself
        anchor = value(element, "anchor")
        suffix = f"#{anchor}" if anchor and "#" not in relation.target else ""
        return allowed_target(relation.target + suffix, self._say)
