"""The scanner covers every byte, and never takes text for a tag."""

from hypothesis import given
from hypothesis import strategies as st

from mailer.rendering.markup import Kind, read_attributes, scan_markup

PIECES = st.sampled_from(
    [
        "<a href='x'>",
        "</a>",
        "<!-- <b> -->",
        "<!--",
        "<",
        ">",
        '"',
        "'",
        "<style>",
        "</style>",
        "文",
        "\n",
        "<b",
        "=",
        "/>",
    ]
)


@given(st.lists(PIECES | st.text(max_size=5), max_size=30).map("".join))
def test_pieces_cover_any_source_in_order(source: str) -> None:
    position = 0
    for piece in scan_markup(source):
        assert piece.start == position
        assert piece.end > piece.start
        position = piece.end
        if piece.kind is Kind.OPEN:
            for attribute in read_attributes(source, piece):
                assert piece.start < attribute.start <= attribute.end <= piece.end
                assert source[attribute.start : attribute.end] == attribute.value
    assert position == len(source)


def test_a_sign_inside_quotes_does_not_end_a_tag() -> None:
    source = """<p title="a > b" id='c"d'>x</p>"""
    first = next(iter(scan_markup(source)))
    assert source[first.start : first.end] == """<p title="a > b" id='c"d'>"""
    assert [(each.name, each.value) for each in read_attributes(source, first)] == [("title", "a > b"), ("id", 'c"d')]


def test_what_stands_in_style_and_comments_is_not_a_tag() -> None:
    kinds = [piece.kind for piece in scan_markup("<style>a<b>c</style><!-- <i> -->")]
    assert kinds == [Kind.OPEN, Kind.RAW, Kind.CLOSE, Kind.COMMENT]
