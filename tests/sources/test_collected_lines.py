"""Every form of the issue line and of the foot that was collected from real bulletins, one case a form."""

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from mailer.model.issue import Imprint, Role
from mailer.sources.foot import read_foot
from mailer.sources.grammar import parse_date
from mailer.sources.issue_line import IssueLine, is_issue_placeholder, parse_issue_line
from mailer.sources.lines import split_lines, spread_fixed_lines
from tests.conftest import REPOSITORY

LAYOUTS = Path(os.environ.get("SAMPLES") or REPOSITORY.parent / "shared" / "data") / "bulletin-layouts"

ISSUE_LINES: dict[str, IssueLine | None] = {
    "2020 年第【07】期（总第 113 期）": IssueLine(2020, 7, 113),
    "第 %d 期 <newline> （总第 %d 期）": None,
    "第7期 <newline> （总第31期）": IssueLine(None, 7, 31),
    "〔2026〕第7期（总第31期）<TAB>2026年8月5日": IssueLine(2026, 7, 31),
    "（2026年第8期，总第12期）": IssueLine(2026, 8, 12),
    "2026年第488期（总第3766期）": IssueLine(2026, 488, 3766),
    "总第3766期": IssueLine(None, None, 3766),
    "2025年 第42期（总第1268期）": IssueLine(2025, 42, 1268),
    "第１期（总第５７７期）": IssueLine(None, 1, 577),
    "2003年第43期（总第359期）": IssueLine(2003, 43, 359),
    "2011 年第 53 期（总第 690 期）": IssueLine(2011, 53, 690),
    "2025年第二期（总第62期 …）": IssueLine(2025, 2, 62, "", "..."),
    "2025年第一期网络安全专刊（总61期）": IssueLine(2025, 1, 61, "网络安全专刊"),
    "第4期（总第64期 国家重点研发计划增刊）": IssueLine(None, 4, 64, "国家重点研发计划增刊"),
    "期数：2648 第十四期": IssueLine(None, 14, 2648),
}

Circulation = dict[Role, tuple[str, ...]]
UPWARD, SIDEWAYS = Role.UPWARD, Role.SIDEWAYS

FOOTS: dict[str, tuple[Circulation, Imprint]] = {
    "报：中国软件行业协会、省政府办公厅、省发改委、省经信厅、\n省科技厅、省商务厅": (
        {UPWARD: ("中国软件行业协会", "省政府办公厅", "省发改委", "省经信厅", "省科技厅", "省商务厅")},
        Imprint(),
    ),
    "送：各市信息主管部门、省软件行业协会会员单位": (
        {SIDEWAYS: ("各市信息主管部门", "省软件行业协会会员单位")},
        Imprint(),
    ),
    "报：市委常委。": ({UPWARD: ("市委常委",)}, Imprint()),
    "（共印16份）": ({}, Imprint(copies=16)),
    "报：省有关领导": ({UPWARD: ("省有关领导",)}, Imprint()),
    "送：各市工业和信息化局": ({SIDEWAYS: ("各市工业和信息化局",)}, Imprint()),
    "联系人及联系方式：…": ({}, Imprint(contact="…")),
    "抄送：各区人民政府": ({SIDEWAYS: ("各区人民政府",)}, Imprint()),
    "抄送:各区人民政府": ({SIDEWAYS: ("各区人民政府",)}, Imprint()),
    "抄　送：省政府办公厅": ({SIDEWAYS: ("省政府办公厅",)}, Imprint()),
    "　　抄送：市政府各委办局": ({SIDEWAYS: ("市政府各委办局",)}, Imprint()),
    "某某办公室    2026年6月30日 印发": ({}, Imprint(printed_by="某某办公室", printed_on=date(2026, 6, 30))),
    "某某办公室2026年6月30日印发": ({}, Imprint(printed_by="某某办公室", printed_on=date(2026, 6, 30))),
    "印发　某某厅": ({}, Imprint(printed_by="某某厅")),
    "抄  报：省…": ({UPWARD: ("省…",)}, Imprint()),
}

DATES = {
    "二○○九年七月六日": date(2009, 7, 6),
    "二〇二六年十二月三十一日": date(2026, 12, 31),
    "2009年7月6日": date(2009, 7, 6),
    "2026 年 12 月 31 日": date(2026, 12, 31),
    "2026.7.31": date(2026, 7, 31),
    "2026/7/31": date(2026, 7, 31),
    "2026-12-31": date(2026, 12, 31),
}

_NOTE = re.compile(r"\s*[(（]\s*(?:old form|half-width)[^()（）]*[)）]\s*$")  # what the collector wrote about a form


def collected_issue_lines() -> Iterator[str]:
    """The forms of 08: a line each, without what was noted in brackets behind a tab."""
    for line in (LAYOUTS / "08_issue_line_variants.txt").read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.split("\t")[0].strip()


def collected_foots() -> Iterator[str]:
    """The forms of 10: sub-forms stand between | or /, notes in brackets behind; the dates have a line of their own.

    The first line ends at 、 and goes on in the second one.
    """
    text = (LAYOUTS / "10_tail_block_variants.txt").read_text("utf-8").split("日期 forms:")[0]
    for line in text.replace("、\n", "、<newline>").splitlines():
        for form in re.split(r"\s[|/]\s", _NOTE.sub("", line)):
            if form.strip():
                yield form.rstrip().replace("<newline>", "\n")


def collected_dates() -> list[str]:
    text = (LAYOUTS / "10_tail_block_variants.txt").read_text("utf-8")
    return [form.strip() for form in text.split("日期 forms:")[1].split(" | ")]


@pytest.fixture(scope="module", autouse=True)
def collection() -> None:
    if not LAYOUTS.is_dir():
        pytest.skip(f"no samples at {LAYOUTS}; set SAMPLES to their folder")


def test_each_collected_form_is_a_case_here() -> None:
    assert list(collected_issue_lines()) == list(ISSUE_LINES)
    assert list(dict.fromkeys(collected_foots())) == list(FOOTS)
    assert collected_dates() == list(DATES)


@pytest.mark.parametrize("form", ISSUE_LINES)
def test_the_issue_line(form: str) -> None:
    first, *second = form.replace("<TAB>", "\t").split("<newline>")
    read = parse_issue_line(first)
    for line in second:
        added = parse_issue_line(line)
        read = replace(read, total=added.total) if read and added else None
    assert read == ISSUE_LINES[form]
    # the form of a template is known for what it is, so that the masthead is found around it
    assert is_issue_placeholder(first) is (read is None)


@pytest.mark.parametrize("form", FOOTS)
def test_the_foot(form: str) -> None:
    foot = read_foot(list(spread_fixed_lines(split_lines(form)[0])))
    assert ({line.role: line.bodies for line in foot.circulation}, foot.imprint) == FOOTS[form]
    assert foot.remarks == []


@pytest.mark.parametrize("form", DATES)
def test_the_date(form: str) -> None:
    assert parse_date(form) == DATES[form]
