"""The one home of Pillow: makes the pictures of an issue safe, small and upright, with the same bytes each time."""

import contextlib
import functools
import io
import struct
import threading
import warnings
import zlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from mailer.config import PicturesConfig
from mailer.errors import IssueError
from mailer.i18n import _
from mailer.model.edition import Asset
from mailer.model.issue import Article, Issue, Picture, Section, walk_blocks

if TYPE_CHECKING:
    from PIL.Image import Image

SHOWN_WIDTH = 576  # pixels: the paper less its margins
MAX_OCTETS = 40_000_000
# what takes less than 200 MB to make smaller
MAX_PIXELS = 16_000_000
MAX_JPEG_PIXELS = 50_000_000  # a JPEG is decoded at an eighth to a half of its size where that is enough
MAX_PROGRESSIVE_PIXELS = 24_000_000  # its coefficients are all held at once
FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
_SIDEWAYS = (5, 6, 7, 8)  # EXIF orientations that turn by a quarter (EXIF 2.32, tag 0x0112)
_ORIENTATION = 0x0112
_SUFFIXES = {"image/png": "png", "image/jpeg": "jpg"}
# what decoders meet hostile octets with
_FAULTS = (
    OSError, EOFError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RuntimeError,
    AssertionError, struct.error, zlib.error, Warning,
)  # fmt: skip
_WORTH_IT = 0.6  # a JPEG must save this much to be worth its blur
_KEPT = 64  # pictures held ready: those of one issue, for each of its lists


@dataclass(frozen=True, slots=True)
class ShownPicture:
    """A picture as readers get it, and the CSS pixels it is shown at."""

    asset: Asset
    width: int
    height: int

    @property
    def suffix(self) -> str:
        """The ending of its file's name, without the dot."""
        return _SUFFIXES[self.asset.media_type]


def prepare_pictures(issue: Issue, files: Mapping[str, bytes], settings: PicturesConfig) -> Mapping[str, ShownPicture]:
    """Return every picture of the issue, by the name the issue uses.

    A picture is PNG, JPEG, GIF or WebP; of a moving one the first frame is shown. It comes out upright, in sRGB, on
    white, without metadata, at most `settings.width` pixels wide, as JPEG or PNG, whichever suits it. The same octets
    and settings give the same octets. Raises IssueError naming issue.md, the picture and its line for one that
    is missing, too large, or not readable to its end.
    """
    shown: dict[str, ShownPicture] = {}
    for part in _parts(issue):
        for block in walk_blocks(part.blocks):
            if isinstance(block, Picture) and block.file not in shown:
                try:
                    shown[block.file] = _prepare(block.file, files, settings)
                except _UnusableError as error:
                    raise IssueError(
                        _("the picture {name} cannot be used: {why}").format(name=block.file, why=error),
                        file=f"issues/{issue.slug}/issue.md",
                        line=block.line or part.line or None,
                        cure=error.cure,
                    ) from None
    return shown


class _UnusableError(Exception):
    def __init__(self, message: str, cure: str) -> None:
        super().__init__(message)
        self.cure = cure


def _parts(issue: Issue) -> Iterator[Section | Article]:
    for section in issue.sections:
        yield section
        yield from section.articles


def _prepare(name: str, files: Mapping[str, bytes], settings: PicturesConfig) -> ShownPicture:
    if name not in files:
        raise _UnusableError(_("the file is not there"), _("put it into the folder of the issue, or take it out"))
    content = files[name]
    if len(content) > MAX_OCTETS:
        raise _UnusableError(
            _("it is larger than {n} MB").format(n=MAX_OCTETS // 1_000_000), _("save it smaller, as JPEG or PNG")
        )
    made = _READY.make(content, settings.width, settings.quality)
    stem = name.rpartition("/")[2].rpartition(".")[0] or "picture"
    asset = Asset(f"{stem}.{_SUFFIXES[made.media_type]}", made.media_type, made.content)
    width = min(made.width, SHOWN_WIDTH)
    return ShownPicture(asset, width, max(1, round(made.height * width / made.width)))


@dataclass(frozen=True, slots=True)
class _Made:
    media_type: str
    content: bytes
    width: int
    height: int


class _Ready:
    """Holds the pictures made last: each list of an issue shows the same ones."""

    def __init__(self) -> None:
        self._made: OrderedDict[tuple[str, int, int], _Made] = OrderedDict()
        self._lock = threading.Lock()

    def make(self, content: bytes, width: int, quality: int) -> _Made:
        key = (Asset("", "", content).sha256, width, quality)
        with self._lock:
            made = self._made.get(key)
        if made is None:
            made = _make(content, width, quality)
        with self._lock:
            self._made[key] = made
            self._made.move_to_end(key)
            while len(self._made) > _KEPT:
                self._made.popitem(last=False)
        return made


_READY = _Ready()


@functools.cache
def _pillow() -> ModuleType:
    """Return Pillow: it takes a while to load, and most issues have no picture."""
    from PIL import Image

    return Image


def _make(content: bytes, width: int, quality: int) -> _Made:
    broken = _("save it anew as PNG or JPEG, and look at it")
    with warnings.catch_warnings(), _whole_only():
        warnings.simplefilter("error")  # Pillow only warns of a picture near its own limit, or a damaged one
        try:
            image = _open(content)
            jpeg = image.format == "JPEG"
            flat = _flatten(_upright(image, width))
            return _encode(flat, quality, photograph=jpeg)
        except _UnusableError:
            raise
        except MemoryError:
            raise _UnusableError(_("it needs more memory than there is"), _("save it smaller")) from None
        except _FAULTS as error:
            raise _UnusableError(_("it is damaged, or no picture ({why})").format(why=error), broken) from None


@contextlib.contextmanager
def _whole_only() -> Iterator[None]:
    """Have Pillow refuse a picture cut short: WeasyPrint, once loaded, lets every library fill it up with grey."""
    from PIL import ImageFile

    before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def _open(content: bytes) -> "Image":
    pillow = _pillow()
    try:
        image: Image = pillow.open(io.BytesIO(content), formats=FORMATS)
    except pillow.UnidentifiedImageError:
        raise _UnusableError(_("it is no PNG, JPEG, GIF or WebP picture"), _("save it as PNG or JPEG")) from None
    except (pillow.DecompressionBombError, pillow.DecompressionBombWarning):
        raise _too_many(MAX_PIXELS) from None
    limit = MAX_PIXELS
    if image.format == "JPEG":
        limit = MAX_PROGRESSIVE_PIXELS if "progressive" in image.info else MAX_JPEG_PIXELS
    if image.width * image.height > limit:
        raise _too_many(limit)
    return image


def _too_many(limit: int) -> _UnusableError:
    message = _("it has more than {n} million pixels").format(n=limit // 1_000_000)
    return _UnusableError(message, _("save it smaller: {n} pixels wide are enough").format(n=SHOWN_WIDTH * 2))


def _upright(image: "Image", width: int) -> "Image":
    """Return the first frame, turned as its EXIF data says and not wider than `width`."""
    from PIL import ImageOps

    sideways = image.getexif().get(_ORIENTATION) in _SIDEWAYS
    across, down = (image.height, image.width) if sideways else image.size
    if across > width:
        down = max(1, round(down * width / across))
        image.thumbnail((down, width) if sideways else (width, down), reducing_gap=2.0)
    image.load()  # to its end: a picture cut short is an error, not half a picture
    return ImageOps.exif_transpose(image) or image


def _flatten(image: "Image") -> "Image":
    """Return the picture in sRGB or grey, on white: dark ink on nothing would vanish on a dark screen."""
    pillow = _pillow()
    if image.mode.startswith(("I", "F")):  # 16 bits a channel
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    profile = image.info.get("icc_profile")
    if "A" in image.mode or "a" in image.mode or "transparency" in image.info:
        coloured = image.convert("RGBA")
        ground = pillow.new("RGBA", coloured.size, "white")
        image = pillow.alpha_composite(ground, coloured).convert("RGB")
    elif image.mode == "1":
        image = image.convert("L")
    elif image.mode not in ("RGB", "L", "CMYK"):
        image = image.convert("RGB")
    if profile and image.mode != "L":
        image = _to_srgb(image, profile)
    return image if image.mode in ("RGB", "L") else image.convert("RGB")


def _to_srgb(image: "Image", profile: bytes) -> "Image":
    from PIL import ImageCms

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        made = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return image  # a profile that does not fit its picture says nothing
    return made or image


def _encode(image: "Image", quality: int, *, photograph: bool) -> _Made:
    image.info = {}
    as_jpeg = functools.partial(_save, image, "JPEG", quality=quality, optimize=True, progressive=True)
    if photograph:
        return _Made("image/jpeg", as_jpeg(), *image.size)
    exact = image.getcolors(256)
    whole = _save(image if exact is None else _palette(image, len(exact)), "PNG", optimize=True)
    jpeg = as_jpeg()
    if len(jpeg) < len(whole) * _WORTH_IT:  # a photograph that came as PNG or WebP
        return _Made("image/jpeg", jpeg, *image.size)
    fewer = whole if exact is not None else _save(_palette(image, 256), "PNG", optimize=True)
    return _Made("image/png", min(whole, fewer, key=len), *image.size)


def _palette(image: "Image", colours: int) -> "Image":
    if image.mode == "L":
        return image
    return image.quantize(max(2, colours), method=_pillow().Quantize.MEDIANCUT, dither=_pillow().Dither.NONE)


def _save(image: "Image", form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()
