"""The remarks an import makes: each names the line, what was done with it, and what a person should do."""

from datetime import date

from mailer.i18n import _
from mailer.model.issue import ImportRemark
from mailer.sources.pieces import Piece


def no_issue_line_remark(first: Piece) -> ImportRemark:
    """Return the remark that the masthead says no number."""
    return ImportRemark(
        first.line,
        _("no issue line says the number of this issue"),
        _("write `number` and `total`, or in the document a line such as 2020年第7期（总第113期） under the title"),
    )


def secrecy_remark(piece: Piece) -> ImportRemark:
    """Return the remark that the document is marked as classified or internal."""
    return ImportRemark(
        piece.line,
        _("the document is marked “{mark}”; the mark stands in `secrecy`").format(mark=piece.plain),
        _("make sure that it may leave the house by e-mail at all; take the mark out only if it may"),
    )


def no_name_remark(piece: Piece, title: str) -> ImportRemark:
    """Return the remark that another text stands for the bulletin's name."""
    return ImportRemark(
        piece.line,
        _("the bulletin’s name was not found; “{title}” stands in its place").format(title=title),
        _("write the name under `title`"),
    )


def one_name_remark(piece: Piece, title: str) -> ImportRemark:
    """Return the remark that the masthead names the bulletin but not whose it is."""
    return ImportRemark(
        piece.line,
        _("one name stands in the masthead; “{title}” was taken for the bulletin’s").format(title=title),
        _("write whose bulletin it is under `organisation`, if it should say so"),
    )


def date_elsewhere_remark(piece: Piece, day: date) -> ImportRemark:
    """Return the remark that the issue's date does not come from its masthead."""
    return ImportRemark(
        piece.line,
        _("the masthead has no date; {date} was taken from the text").format(date=day.isoformat()),
        _("check `date`: it should be the day of the issue"),
    )


def kept_remark(piece: Piece) -> ImportRemark:
    """Return the remark that a line of the masthead has no place there and stands at the head of the text."""
    return ImportRemark(
        piece.line,
        _("“{text}” was not understood; it stands at the head of the text").format(text=piece.plain),
        _("put it where it belongs, or take it out"),
    )


def page_number_remark(piece: Piece) -> ImportRemark:
    """Return the remark that a line was taken for a page number and left out."""
    return ImportRemark(
        piece.line,
        _("“{text}” looks like a page number and was left out").format(text=piece.plain),
        _("put it back if it belongs to the text"),
    )


def described_rule_remark(piece: Piece) -> ImportRemark:
    """Return the remark that a rule with a note about it was left out."""
    return ImportRemark(
        piece.line,
        _("“{text}” is a rule; it was left out").format(text=piece.plain),
        _("nothing, if it is only a line"),
    )


def note_remark(piece: Piece) -> ImportRemark:
    """Return the remark that a line of the foot was not understood and stands in the imprint's note."""
    return ImportRemark(
        piece.line,
        _("“{text}” was not understood; it stands in the imprint’s note").format(text=piece.plain),
        _("put it where it belongs, or take it out"),
    )


def no_circulation_remark(last: Piece) -> ImportRemark:
    """Return the remark that the document has no circulation line."""
    return ImportRemark(
        last.line,
        _("no circulation line was found at the foot"),
        _("write them under `circulation`, such as 报: and 送: with their bodies"),
    )


def not_found_remark(listed: Piece) -> ImportRemark:
    """Return the remark that a listed title has no text."""
    return ImportRemark(
        listed.line,
        _("“{title}” stands in the contents but not in the text").format(title=listed.plain),
        _("look where its text went, and give it its title"),
    )


def only_listed_remark(listed: Piece) -> ImportRemark:
    """Return the remark that an article's title stands in the contents only."""
    return ImportRemark(
        listed.line,
        _("“{title}” stands in the contents but not in the text; its section’s text was put under it").format(
            title=listed.plain
        ),
        _("check that the text is this article’s"),
    )


def differs_remark(listed: Piece, title: Piece) -> ImportRemark:
    """Return the remark that a title reads otherwise in the contents."""
    return ImportRemark(
        title.line,
        _("the contents say “{listed}”, the text says “{title}”").format(listed=listed.plain, title=title.plain),
        _("check which of the two is right; the text's was taken"),
    )


def no_text_remark(line: int, title: str) -> ImportRemark:
    """Return the remark that an article is a title alone."""
    return ImportRemark(line, _("“{title}” has no text").format(title=title), _("write it, or take the title out"))


def no_contents_remark(line: int) -> ImportRemark:
    """Return the remark that the document lists no contents, so that its titles were told by their looks."""
    return ImportRemark(
        line,
        _("no contents were found; sections and titles were told by how their lines look"),
        _("check them: `#` begins a section, `##` an article"),
    )


def no_title_remark(line: int) -> ImportRemark:
    """Return the remark that a document's text holds no title."""
    return ImportRemark(
        line,
        _("no titles were found; the text stands under no section"),
        _("give it titles: `#` begins a section, `##` an article"),
    )


def wide_table_remark(line: int) -> ImportRemark:
    """Return the remark that lines with tabs were not taken for a table."""
    return ImportRemark(
        line,
        _("these lines with tabs are too many or too wide for a table; they stand as text"),
        _("compare them with the source"),
    )
