"""Pictures come out upright, small, without metadata, the same each time; what is no picture is one clear error."""

import dataclasses
import io
import struct
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageFile, ImageFilter

from mailer.config import PicturesConfig
from mailer.errors import IssueError
from mailer.model.issue import Article, Issue, ListBlock, Picture, Section
from mailer.rendering.pictures import ShownPicture, prepare_pictures
from mailer.rendering.qr import draw_qr
from tests.rendering.samples import make_issue

SETTINGS = PicturesConfig()
RED, WHITE = (200, 22, 29), (255, 255, 255)


def issue_with(*names: str, line: int = 9) -> Issue:
    blocks = tuple(Picture(name, "图") for name in names)
    return dataclasses.replace(make_issue(), sections=(Section("栏目", (Article("文", blocks, line),)),))


def prepare(content: bytes, config: PicturesConfig = SETTINGS) -> ShownPicture:
    return prepare_pictures(issue_with("a.png"), {"a.png": content}, config)["a.png"]


def save(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def read(shown: ShownPicture) -> Image.Image:
    image = Image.open(io.BytesIO(shown.asset.content))
    image.load()
    return image


def noise(width: int, height: int) -> Image.Image:
    return Image.effect_noise((width, height), 90).convert("RGB")


def halves(size: tuple[int, int] = (40, 20)) -> Image.Image:
    """Return a picture that is red on its left and white on its right."""
    image = Image.new("RGB", size, WHITE)
    image.paste(RED, (0, 0, size[0] // 2, size[1]))
    return image


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP"])
def test_each_known_form_becomes_png_or_jpeg_of_the_same_look(form: str) -> None:
    shown = prepare(save(halves((400, 200)), form))
    image = read(shown).convert("RGB")
    assert (shown.width, shown.height) == image.size == (400, 200)
    assert shown.asset.media_type == ("image/jpeg" if form == "JPEG" else "image/png")
    assert shown.asset.name == ("a.jpg" if form == "JPEG" else "a.png")
    for at, wanted in (((50, 100), RED), ((350, 100), WHITE)):
        got = image.getpixel(at)
        assert isinstance(got, tuple)
        assert all(abs(one - other) <= 6 for one, other in zip(got, wanted, strict=True))


def test_a_wide_picture_is_made_smaller_and_shown_on_the_paper() -> None:
    shown = prepare(save(halves((4000, 1000))))
    assert read(shown).size == (1280, 320)
    assert (shown.width, shown.height) == (576, 144)
    assert read(prepare(save(halves((4000, 1000))), PicturesConfig(width=640))).size == (640, 160)


def test_a_small_picture_keeps_its_size() -> None:
    shown = prepare(save(halves((120, 60))))
    assert (shown.width, shown.height) == (120, 60)


def test_a_photograph_is_turned_as_its_camera_says_and_tells_nothing_of_it() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by a quarter to the right
    exif[0x010F] = "A camera"
    shown = prepare(save(halves((2000, 1000)), "JPEG", exif=exif.tobytes(), comment=b"a secret"))
    image = read(shown)
    assert image.size == (1000, 2000)
    assert image.getpixel((500, 100)) != image.getpixel((500, 1900))
    top = image.getpixel((500, 100))
    assert isinstance(top, tuple)
    assert top[1] < 100, "its left is its top now"
    assert b"camera" not in shown.asset.content
    assert b"secret" not in shown.asset.content
    assert not image.getexif()


def test_nothing_is_shown_through_on_a_dark_screen() -> None:
    clear = Image.new("RGBA", (40, 20), (0, 0, 0, 0))
    assert read(prepare(save(clear))).convert("RGBA").getpixel((5, 5)) == (255, 255, 255, 255)


def test_few_colours_are_kept_exactly_and_a_photograph_becomes_jpeg() -> None:
    drawing = halves((300, 200))
    kept = read(prepare(save(drawing)))
    assert kept.mode == "P"
    assert kept.convert("RGB").tobytes() == drawing.tobytes()
    photograph = prepare(save(noise(500, 300).filter(ImageFilter.GaussianBlur(3)), "PNG"))
    assert photograph.asset.media_type == "image/jpeg"


def test_many_colours_of_a_drawing_stay_a_png() -> None:
    drawing = Image.linear_gradient("L").resize((600, 300)).convert("RGB")
    drawing.paste((10, 120, 200), (0, 0, 300, 100))
    drawing.putpixel((599, 299), (1, 2, 3))
    assert prepare(save(drawing)).asset.media_type == "image/png"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "CMYK"])
def test_every_kind_of_colour_becomes_one_that_screens_have(mode: str) -> None:
    form = "JPEG" if mode == "CMYK" else "PNG"
    image = Image.new("I;16", (40, 20), 0x8000) if mode == "I;16" else halves().convert(mode)
    shown = read(prepare(save(image, form)))
    assert shown.mode in ("RGB", "L", "P", "1")
    if mode == "I;16":
        assert shown.convert("L").getpixel((1, 1)) == 0x80


def test_colours_of_another_space_become_srgb_and_a_broken_profile_is_left_out() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (lab, b"no profile at all"):
        shown = prepare(save(noise(60, 40), "JPEG", icc_profile=profile))
        assert "icc_profile" not in read(shown).info


def test_of_a_moving_picture_the_first_frame_is_shown() -> None:
    frames = [halves((60, 30)), Image.new("RGB", (60, 30), (0, 0, 255))]
    moving = save(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=100)
    image = read(prepare(moving))
    assert getattr(image, "n_frames", 1) == 1
    assert image.convert("RGB").getpixel((5, 5)) == RED


def test_the_same_octets_give_the_same_octets() -> None:
    content = save(noise(700, 500), "JPEG")
    assert prepare(content).asset == prepare(bytes(bytearray(content))).asset
    other = prepare(content, PicturesConfig(quality=50)).asset
    assert len(other.content) < len(prepare(content).asset.content)


def huge_png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1_000_000, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "no PNG, JPEG, GIF or WebP"),
    "text": (lambda: "图片".encode(), "no PNG, JPEG, GIF or WebP"),
    "svg": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "no PNG, JPEG, GIF or WebP"),
    "bmp": (lambda: save(halves(), "BMP"), "no PNG, JPEG, GIF or WebP"),
    "tiff": (lambda: save(halves(), "TIFF"), "no PNG, JPEG, GIF or WebP"),
    "cut short": (lambda: save(noise(300, 300))[:30_000], "damaged"),
    "jpeg cut short": (lambda: save(noise(300, 300), "JPEG")[:9_000], "damaged"),
    "bomb": (lambda: huge_png(6_000, 6_000), "million pixels"),
    "larger bomb": (lambda: huge_png(30_000, 30_000), "million pixels"),
    "flat": (lambda: huge_png(0, 10), "no PNG, JPEG, GIF or WebP|damaged"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_picture_is_one_error_with_its_place_and_cure(name: str) -> None:
    content, said = HOSTILE[name]
    with pytest.raises(IssueError, match=said) as caught:
        prepare(content())
    assert caught.value.file == "issues/2020-07/issue.md"
    assert caught.value.line == 9
    assert "a.png" in caught.value.message
    assert caught.value.cure


def test_a_picture_cut_short_is_refused_beside_a_library_that_allows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)  # as WeasyPrint leaves it
    with pytest.raises(IssueError, match="damaged"):
        prepare(save(noise(310, 300))[:30_000])
    assert ImageFile.LOAD_TRUNCATED_IMAGES is True


def test_a_missing_picture_is_named_and_one_in_a_list_is_found() -> None:
    with pytest.raises(IssueError, match=r"pictures/b\.png"):
        prepare_pictures(issue_with("pictures/b.png"), {}, SETTINGS)
    article = Article("文", (ListBlock(False, ((Picture("in a list.png", ""),),)),))
    issue = dataclasses.replace(make_issue(), sections=(Section("栏目", (article,)),))
    shown = prepare_pictures(issue, {"in a list.png": save(halves()), "other.png": b"not asked for"}, SETTINGS)
    assert list(shown) == ["in a list.png"]


@settings(max_examples=60)
@given(form=st.sampled_from(["PNG", "JPEG", "GIF", "WEBP"]), at=st.integers(0, 400), put=st.binary(max_size=6))
def test_any_octets_give_a_picture_or_an_error_of_ours(form: str, at: int, put: bytes) -> None:
    content = save(halves(), form)
    at = min(at, len(content))
    try:
        prepare(content[:at] + put + content[at + len(put) :])
    except IssueError as error:
        assert error.cure


def test_a_code_is_black_on_white_with_its_quiet_zone_and_the_same_each_time() -> None:
    code = draw_qr("https://www.zsia.example/")
    image = read(code).convert("L")
    assert (code.width, code.height, code.asset.media_type) == (104, 104, "image/png")
    assert image.width == image.height >= 208
    modules = 25 + 2 * 4  # version 2 holds this address (ISO/IEC 18004 table 7)
    module = image.width // modules
    zone = 4 * module
    assert {image.getpixel((x, y)) for x in range(image.width) for y in (0, zone - 1)} == {255}
    assert image.getpixel((zone, zone)) == 0, "the finder pattern begins where the zone ends"
    assert draw_qr("https://www.zsia.example/").asset == code.asset
    assert draw_qr("https://www.zsia.example/en").asset != code.asset


def test_an_address_too_long_for_a_code_is_named() -> None:
    with pytest.raises(IssueError, match="too long") as caught:
        draw_qr("https://www.zsia.example/" + "a" * 5000, issue_file="issues/2020-07/issue.md")
    assert (caught.value.file, caught.value.field) == ("issues/2020-07/issue.md", "imprint.qr")
