"""The one home of premailer: writes the styles of a page into its elements, for mail clients that drop <style>."""

import functools
import logging
import re
from typing import Any

import cssutils  # type: ignore[import-untyped]
from premailer import Premailer

# MRML's own styles: media queries and resets that only work as they are, and that premailer would take apart
_OWN_STYLES = re.compile(r"<style(?P<rest>[^>]*)>(?=\s*(?:#outlook|@media only screen|\.moz-text-html))")
_OPTIONS = {
    "keep_style_tags": False,
    "strip_important": False,  # the default takes !important from dark mode and media queries
    "remove_classes": False,
    "disable_leftover_css": False,
    "exclude_pseudoclasses": True,
    "include_star_selectors": False,
    "preserve_internal_links": True,
    "disable_link_rewrites": True,
    "allow_network": False,  # the default fetches <link rel=stylesheet>
    "allow_loading_external_files": False,
    "disable_validation": True,  # keeps mso-* properties
    "cssutils_logging_level": logging.CRITICAL,
    "disable_basic_attributes": ["width", "height"],
    "align_floating_images": False,
    "method": "html",
}


def _fetch_nothing(url: str) -> None:
    """Answer an @import with nothing: cssutils fetches it, whatever premailer was told of the network."""


@functools.lru_cache(maxsize=16)
def _parse_css(css: str, validate: bool) -> Any:
    return cssutils.CSSParser(fetcher=_fetch_nothing).parseString(css, validate=validate)


class _OfflinePremailer(Premailer):  # type: ignore[misc]
    def _parse_css_string(self, css_body: str, validate: bool = True) -> Any:
        return _parse_css(css_body, validate)

    def _parse_style_rules(self, css_body: str, ruleset_index: int) -> tuple[list[Any], list[Any]]:
        rules, leftover = _sort_rules(css_body, ruleset_index)
        return list(rules), list(leftover)


@functools.lru_cache(maxsize=16)
def _sort_rules(css: str, index: int) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Return the rules of a style sheet as premailer takes them apart: half its time, and the same for each issue."""
    reader = _OfflinePremailer("<p></p>", **_OPTIONS)
    rules, leftover = Premailer._parse_style_rules(reader, css, index)
    return tuple(rules), tuple(leftover)


def inline_styles(html: str) -> str:
    """Return the HTML with every style written into its element; never asks the network or reads a file.

    Styles marked data-premailer="ignore" stay byte for byte; rules for pseudo-classes stay in a <style>.
    """
    # a lower-case doctype is dropped and the page falls into quirks mode (premailer issue 156)
    prepared = re.sub(r"^<!doctype html>", "<!DOCTYPE html>", html, flags=re.IGNORECASE)
    prepared = _OWN_STYLES.sub(r'<style\g<rest> data-premailer="ignore">', prepared)
    return str(_OfflinePremailer(prepared, **_OPTIONS).transform(pretty_print=False))
