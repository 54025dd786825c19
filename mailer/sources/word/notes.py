"""The parts of a Word document beside its text: footnotes, endnotes, comments, headers and footers."""

from collections.abc import Iterator, Mapping

from mailer.i18n import _
from mailer.model.issue import Inline
from mailer.sources.drafts import Say
from mailer.sources.grammar import gap_between, is_page_number
from mailer.sources.runs import Run, runs_text, tidy_runs, to_content
from mailer.sources.word.archive import Relation, WordArchive
from mailer.sources.word.markup import Element, child, descendants, name_of, number, value
from mailer.sources.word.runs import RunReader
from mailer.sources.word.styles import Styles

_KINDS = {"footnote": "footnotes", "endnote": "endnotes", "comment": "comments"}


class WordNotes:
    """Footnotes, endnotes and comments by their id, read when the text refers to them."""

    def __init__(self, archive: WordArchive, relations: Mapping[str, Relation], styles: Styles, say: Say) -> None:
        self._archive, self._styles, self._say = archive, styles, say
        self._parts = {relation.kind: relation.target.lstrip("/") for relation in relations.values()}
        self._known: dict[str, tuple[dict[int | None, Element], Mapping[str, Relation]]] = {}

    def read(self, kind: str, note_id: int | None) -> tuple[Inline, ...]:
        """Return the content of a footnote, endnote or comment, its paragraphs as one; empty when it is not there."""
        elements, relations = self._part(kind)
        element = elements.get(note_id)
        if element is None:
            return ()
        reader = RunReader(self._styles, relations, lambda _kind, _id: (), self._say)
        runs: list[Run] = []
        for found in _paragraphs(element, reader, self._styles):
            if runs and (gap := gap_between(runs_text(runs), runs_text(found))):
                runs.append(Run(gap))
            runs += found
        return to_content(runs)

    def _part(self, kind: str) -> tuple[dict[int | None, Element], Mapping[str, Relation]]:
        if kind not in self._known:
            part = self._parts.get(_KINDS[kind])
            root = self._archive.parse(part) if part else None
            elements = {number(one, "id"): one for one in root if name_of(one) == kind} if root is not None else {}
            self._known[kind] = elements, self._archive.relations(part) if part else {}
        return self._known[kind]


def say_margins(archive: WordArchive, relations: Mapping[str, Relation], styles: Styles, say: Say) -> None:
    """Say what headers, footers and watermarks hold besides page numbers: an issue has no place for it."""
    told: set[str] = set()
    for relation in relations.values():
        root = archive.parse(relation.target) if relation.kind in ("header", "footer") else None
        if root is None:
            continue
        reader = RunReader(styles, archive.relations(relation.target), lambda _kind, _id: (), lambda _text, _cure: None)
        texts = [runs_text(runs) for runs in _paragraphs(root, reader, styles)]
        texts += [below.get("string") or "" for below in root.iter() if name_of(below) == "textpath"]
        for text in (" ".join(one.split()) for one in texts):
            if not text or is_page_number(text) or text in told:
                continue
            told.add(text)
            say(
                _("“{text}” stands in the document's header or footer and was left out").format(text=text[:80]),
                _("put it into the issue if readers need it"),
            )


def paragraph_texts(element: Element) -> list[str]:
    """Return the bare text of each paragraph inside an element, instructions of fields left out."""
    return ["".join(text.text or "" for text in descendants(one, "t")) for one in descendants(element, "p")]


def _paragraphs(element: Element, reader: RunReader, styles: Styles) -> Iterator[list[Run]]:
    for paragraph in descendants(element, "p"):
        style = styles.paragraph(value(child(child(paragraph, "pPr"), "pStyle")))
        runs = tidy_runs(reader.read(paragraph, style.look).runs)
        if runs:
            yield runs
