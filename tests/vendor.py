"""Fetches what mailer/web/vendored.toml names through npm, and writes it into mailer/web/static: `make vendor`."""

import re
import subprocess
import tarfile
import tempfile
import tomllib
from pathlib import Path
from typing import Any

WEB = Path(__file__).parent.parent / "mailer" / "web"
STATIC = WEB / "static"
MAP = re.compile(rb"\n?/\*# sourceMappingURL=[^*]*\*/|\n?//# sourceMappingURL=\S+")


def _fetch(package: str, version: str, folder: Path) -> dict[str, bytes]:
    """Return the files of a package by their paths in it."""
    packed = subprocess.run(
        ["npm", "pack", "--silent", f"{package}@{version}"], cwd=folder, check=True, capture_output=True, text=True
    )
    with tarfile.open(folder / packed.stdout.split()[-1]) as archive:
        members = [one for one in archive.getmembers() if one.isfile()]
        return {one.name.partition("/")[2]: archive.extractfile(one).read() for one in members}  # type: ignore[union-attr]


def _draw_sprite(files: dict[str, bytes], names: list[str]) -> bytes:
    lines = ['<svg xmlns="http://www.w3.org/2000/svg">']
    for name in names:
        text = files[f"icons/outline/{name}.svg"].decode()
        inner = re.sub(
            r"<!--.*?-->", "", text[text.index(">", text.index("<svg")) + 1 : text.rindex("</svg>")], flags=re.DOTALL
        )
        inner = re.sub(r"\s+", " ", inner).replace('<path stroke="none" d="M0 0h24v24H0z" fill="none"/>', "").strip()
        lines.append(f'<symbol id="{name}" viewBox="0 0 24 24">{inner}</symbol>')
    return "\n".join([*lines, "</svg>", ""]).encode()


def _write(entry: dict[str, Any], files: dict[str, bytes]) -> None:
    for name, path in entry.get("files", {}).items():
        (STATIC / name).write_bytes(MAP.sub(b"", files[path]).rstrip() + b"\n")
    if "sprite" in entry:
        (STATIC / entry["sprite"]).write_bytes(_draw_sprite(files, entry["names"]))


def main() -> None:
    """Write every file of every entry."""
    STATIC.mkdir(exist_ok=True)
    for entry in tomllib.loads((WEB / "vendored.toml").read_text("utf-8")).values():
        with tempfile.TemporaryDirectory() as folder:
            _write(entry, _fetch(entry["package"], entry["version"], Path(folder)))


if __name__ == "__main__":
    main()
