"""What our mail uses is supported by the mail programs of caniemail, or there is a reason in allow.toml."""

import json
import tomllib
from pathlib import Path

import pytest

from mailer.model.edition import Edition
from mailer.rendering.edition import render_edition
from mailer.sources.issue_folder import load_issue
from tests.conftest import REPOSITORY
from tests.rendering.mail_features import page_features
from tests.rendering.samples import TEMPLATES, make_config, make_issue

FOLDER = Path(__file__).parent / "caniemail"


def editions() -> list[Edition]:
    config = make_config(public_url="https://news.example.org")
    folder = REPOSITORY / "issues" / "2020-07"
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return [
        render_edition(issue, name, settings, config, TEMPLATES, files)
        for issue in (load_issue(folder), make_issue())
        for name, settings in config.lists.items()
    ]


def unsupported() -> dict[str, str]:
    """Every feature that some client does not support, with these clients."""
    known = json.loads((FOLDER / "features.json").read_text("utf-8"))
    return {
        feature: ", ".join(client for client, letter in zip(known["clients"], letters, strict=True) if letter == "n")
        for feature, letters in known["features"].items()
        if "n" in letters
    }


def test_what_a_client_does_not_support_has_its_reason() -> None:
    used = set().union(
        *(page_features("".join(part if isinstance(part, str) else "x" for part in one.html)) for one in editions())
    )
    lacking = {feature: clients for feature, clients in unsupported().items() if feature in used}
    allowed = tomllib.loads((FOLDER / "allow.toml").read_text("utf-8"))
    assert all(reason.strip() for reason in allowed.values())
    missing = {feature: clients for feature, clients in lacking.items() if feature not in allowed}
    assert missing == {}, "not on allow.toml"
    assert set(allowed) - set(lacking) == set(), "on allow.toml, and not needed"


@pytest.mark.parametrize(
    ("html", "features"),
    [
        ('<p style="text-indent:2em;color:red">', {"css-text-indent", "css-unit-em", "html-p"}),
        ('<p style="width:calc(1px + 2%) !important">', {"css-unit-calc", "css-important", "css-width"}),
        ('<div style="display:flex;left:1vw">', {"css-display-flex", "css-left-right-top-bottom", "css-unit-vw"}),
        ('<p style="color:var(--a)">', {"css-variables"}),
        (
            "<style>@media (prefers-color-scheme: dark) { .a > b:hover { gap: 1px } }</style>",
            {"css-at-media", "css-at-media-prefers-color-scheme", "css-selector-child", "css-pseudo-class-hover",
             "css-gap", "css-selector-class", "html-style"},
        ),
        ("<style>@font-face { src: url(x) } a[b], i::before { c: d }</style>",
         {"css-at-font-face", "css-selector-attribute", "css-selector-grouping", "css-pseudo-element-before"}),
        ('<h2 role="x"><ul><section><a href="#a" name="b"><a href="mailto:x">',
         {"html-h1-h6", "html-role", "html-lists", "html-semantics", "html-anchor-links", "html-mailto-links"}),
        ('<!DOCTYPE html><!-- x --><meta name="color-scheme" content="x">',
         {"html-doctype", "html-comments", "html-meta-color-scheme"}),
    ],
)  # fmt: skip
def test_features_are_found(html: str, features: set[str]) -> None:
    assert features <= page_features(html)


def test_a_page_uses_only_what_it_holds() -> None:
    assert page_features('<p style="color:red">x</p>') == {"html-p", "css-color"}
