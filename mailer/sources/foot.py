"""Finds and reads the foot (报尾) of a bulletin: circulation lines, printing line, and the editors' office."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from mailer.model.issue import CirculationLine, ImportRemark, Imprint, Role
from mailer.sources.grammar import (
    PrintingLine,
    is_imprint_note,
    is_page_number,
    merge_imprint,
    parse_circulation_label,
    parse_imprint_line,
    parse_printing_line,
    split_bodies,
    split_copies,
)
from mailer.sources.outline import section_name
from mailer.sources.pieces import Piece
from mailer.sources.remarks import note_remark, page_number_remark

_NOTE_LINES = 4  # together, that are neither circulation nor imprint
_NOTE_LENGTH = 80
_OPEN_ENDS = ("、", "，", ",")  # a circulation line wrapped after one of these goes on without a label of its own


@dataclass(slots=True)
class ReadFoot:
    """What the foot says: the bodies of each role, the imprint, and what of it a person should look at."""

    bodies: dict[Role, list[str]] = field(default_factory=dict)
    imprint: Imprint = field(default_factory=Imprint)
    remarks: list[ImportRemark] = field(default_factory=list)

    @property
    def circulation(self) -> tuple[CirculationLine, ...]:
        """The circulation lines, one a role, in the order of the document."""
        return tuple(CirculationLine(role, tuple(bodies)) for role, bodies in self.bodies.items() if bodies)


def find_foot(pieces: list[Piece], start: int) -> int:
    """Return where the foot begins, not before `start`: at the first circulation line of the document's end.

    Without one it begins at the first imprint or printing line there. The document's end goes back over such lines and
    some short notes, to the first piece that is text.
    """
    first = strong = len(pieces)
    circulation: int | None = None
    notes = 0
    goes_on_from = len(pieces)  # lines from here on, up to the one looked at last, go on a circulation line
    for at in range(len(pieces) - 1, start - 1, -1):
        piece = pieces[at]
        line = piece.plain
        if piece.block is not None or piece.heading or piece.place is not None or section_name(line):
            break
        if parse_circulation_label(line) is not None:
            circulation, notes = at, 0
        elif parse_imprint_line(line) is not None or parse_printing_line(line) is not None or is_imprint_note(line):
            strong, notes = at, 0
        elif at > goes_on_from or is_page_number(line):
            pass
        elif (label := _find_label(pieces, at, start)) is not None:
            goes_on_from = label
        elif at > start and "\t" in piece.text.strip() and "\t" in pieces[at - 1].text.strip():
            break  # a table
        else:
            notes += 1
            if notes > _NOTE_LINES or len(line) > _NOTE_LENGTH:
                break
        first = at
    if circulation is not None:
        return circulation
    return strong if strong >= first else len(pieces)


def _find_label(pieces: list[Piece], at: int, start: int) -> int | None:
    """Return where the circulation line begins that this line goes on: the lines between all end open."""
    while at > start and pieces[at - 1].block is None and pieces[at - 1].text.rstrip().endswith(_OPEN_ENDS):
        at -= 1
        if parse_circulation_label(pieces[at].plain) is not None:
            return at
    return None


def read_foot(pieces: list[Piece], above: Iterable[Piece] = ()) -> ReadFoot:
    """Return what the lines of the foot say; `above` are circulation lines that stood in the masthead.

    A line that is none of these is a note of the imprint; with a remark, unless its label is known or it is the last
    one, as a bulletin may close with a word to its readers.
    """
    foot = ReadFoot()
    notes: list[Piece] = []
    open_role: Role | None = None
    for piece in [*above, *pieces]:
        line = piece.plain
        labelled = parse_circulation_label(line)
        if labelled is not None or open_role is not None:
            role, bodies = labelled or (open_role or Role.SIDEWAYS, line)
            bodies, copies = split_copies(bodies)
            if copies is not None and foot.imprint.copies is None:
                foot.imprint = replace(foot.imprint, copies=copies)
            foot.bodies.setdefault(role, []).extend(split_bodies(bodies))
            open_role = role if line.endswith(_OPEN_ENDS) else None
        elif (fields := parse_imprint_line(line)) is not None:
            foot.imprint = merge_imprint(foot.imprint, fields)
        elif (printed := parse_printing_line(line)) is not None and not _contradicts(foot.imprint, printed):
            foot.imprint = _merge_printing(foot.imprint, printed)
        elif is_page_number(line):
            foot.remarks.append(page_number_remark(piece))
        else:
            notes.append(piece)
    foot.remarks += [note_remark(piece) for piece in notes[:-1] if not is_imprint_note(piece.plain)]
    foot.imprint = replace(foot.imprint, note="；".join(piece.plain for piece in notes))
    return foot


def _contradicts(imprint: Imprint, printed: PrintingLine) -> bool:
    return (
        bool(printed.printed_by and imprint.printed_by)
        or (printed.printed_on is not None and imprint.printed_on is not None)
        or (printed.copies is not None and imprint.copies is not None)
    )


def _merge_printing(imprint: Imprint, printed: PrintingLine) -> Imprint:
    return replace(
        imprint,
        printed_by=printed.printed_by or imprint.printed_by,
        printed_on=printed.printed_on or imprint.printed_on,
        copies=imprint.copies if printed.copies is None else printed.copies,
    )
