"""Build hook: compiles the gettext catalogues, so that an installed copy speaks every language it ships."""

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LOCALES = Path(__file__).parent / "mailer" / "locale"


def compile_catalogues() -> None:
    """Write the .mo beside every .po that is newer than it; a fuzzy entry is left out."""
    for source in sorted(LOCALES.glob("*/LC_MESSAGES/mailer.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        with source.open("rb") as stream:
            catalogue = read_po(stream)
        with target.open("wb") as stream:
            write_mo(stream, catalogue)


class CatalogueHook(BuildHookInterface):  # type: ignore[type-arg]
    """Compiles before hatchling collects the files; runs for wheels and editable installs alike."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before each build."""
        compile_catalogues()


if __name__ == "__main__":
    compile_catalogues()
