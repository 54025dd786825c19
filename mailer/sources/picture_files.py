"""The pictures of a document being imported: known by their first bytes, named by us, within limits."""

import hashlib
import re

MAX_PICTURE = 20_000_000  # bytes
MAX_ALL = 60_000_000
MAX_COUNT = 500

_USABLE = (
    ("png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("jpg", re.compile(rb"\xff\xd8\xff")),
    ("gif", re.compile(rb"GIF8[79]a")),
    ("webp", re.compile(rb"RIFF.{4}WEBP", re.DOTALL)),
    ("bmp", re.compile(rb"BM.{4}\0{4}", re.DOTALL)),
)
_OTHER = (
    ("EMF", re.compile(rb"\x01\0\0\0.{36} EMF", re.DOTALL)),
    ("WMF", re.compile(rb"\xd7\xcd\xc6\x9a|\x01\0\x09\0\0")),
    ("TIFF", re.compile(rb"II\*\0|MM\0\*")),
    ("SVG", re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml|!|svg)", re.IGNORECASE)),
    ("EMF/WMF", re.compile(rb"\x1f\x8b")),  # .emz and .wmz are these, packed
)


def picture_kind(content: bytes) -> tuple[str, bool]:
    """Return what kind of picture bytes are, by how they begin, and whether mail can show it: ("png", True).

    The kind is the suffix for those it can show; ("", False) for what is no picture we know.
    """
    head = content[:64]
    for kinds, usable in ((_USABLE, True), (_OTHER, False)):
        for kind, pattern in kinds:
            if pattern.match(head):
                return kind, usable
    return "", False


class PictureFiles:
    """Collects pictures; the same bytes make one file. `files` is path inside the issue's folder -> bytes."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self._names: dict[str, str] = {}
        self._size = 0

    def add(self, content: bytes) -> str | None:
        """Return the path a picture got (pictures/1.png), None when mail cannot show it or it is too much."""
        kind, usable = picture_kind(content)
        digest = hashlib.sha256(content).hexdigest()
        if digest in self._names:
            return self._names[digest]
        full = len(content) > MAX_PICTURE or self._size + len(content) > MAX_ALL or len(self.files) >= MAX_COUNT
        if not usable or full:
            return None
        name = f"pictures/{len(self.files) + 1}.{kind}"
        self.files[name] = content
        self._names[digest] = name
        self._size += len(content)
        return name
