"""The files that pages load: vendored ones and our own, from memory, under names that change with their content."""

import gzip
import hashlib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request, Response

FOLDERS = (Path(__file__).parent.parent / "static", Path(__file__).parent / "static")
KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept-Encoding",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is served. path: its address, with the beginning of the content's SHA-256."""

    path: str
    kind: str
    content: bytes = field(repr=False)
    packed: bytes = field(repr=False)


@cache
def assets() -> dict[str, Asset]:
    """Return every file by its name."""
    found: dict[str, Asset] = {}
    for file in sorted(path for folder in FOLDERS for path in folder.iterdir() if path.suffix in KINDS):
        content = file.read_bytes()
        digest = hashlib.sha256(content).hexdigest()[:16]
        packed = gzip.compress(content, 9, mtime=0)
        found[file.name] = Asset(f"/static/{digest}/{file.name}", KINDS[file.suffix], content, packed)
    return found


def asset_path(name: str) -> str:
    """Return the address of a file; KeyError for one that is not there."""
    return assets()[name].path


def add_assets(router: APIRouter) -> None:
    """Serve the files; they are the same for everybody, so no session is asked for."""

    @router.get("/static/{digest}/{name}", include_in_schema=False)
    def show_asset(digest: str, name: str, request: Request) -> Response:
        asset = assets().get(name)
        if asset is None or asset.path != f"/static/{digest}/{name}":
            return Response(status_code=404)
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(asset.packed, media_type=asset.kind, headers={**HEADERS, "Content-Encoding": "gzip"})
        return Response(asset.content, media_type=asset.kind, headers=HEADERS)
