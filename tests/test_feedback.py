"""What comes out of grading: the stored result, a student's page, the summary of a class, JUnit XML."""

import base64
import itertools
import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ngo_lesson.grading.feedback import page
from ngo_lesson.grading.result import STATUSES, Result
from ngo_lesson.grading.summary import html, junit
from ngo_lesson.questions.report import Report

MOST = {"05.adam": 3, "05.adamw": 2, "05.repair": 4}
NASTY = "<script>alert('x')</script> & \u202e \x00\x1b[31m \ud800 \ufffe"

TAGS = {
    *("html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "p", "strong", "bdi", "div", "span"),
    *("table", "caption", "thead", "tbody", "tr", "th", "td", "pre", "code", "ul", "li", "img"),
}
ATTRIBUTES = {
    *(
        "lang",
        "charset",
        "http-equiv",
        "content",
        "name",
        "scope",
        "class",
        "style",
        "role",
        "aria-hidden",
        "src",
        "alt",
    )
}


def result(student="ann", **fields):
    made = {
        "status": "graded",
        "file": "05_adaptive.ipynb",
        "points": {"05.adam": 3, "05.adamw": 1, "05.repair": 0},
        "max_points": MOST,
        "reasons": {"05.adamw": "2 of 4 hidden cases are wrong"},
        "reports": {
            "05.adam": Report("05.adam", 3, 3, True),
            "05.repair": Report("05.repair", 0, 4, False, "no bias correction", "Not `m`.", (("Returned", "1.5"),)),
        },
        "notes": ("an older file was not graded: 05.ipynb",),
    }
    return Result(student, "05", **(made | fields))


def nasty():
    report = Report("05.adam", 0, 3, False, NASTY, NASTY, ((NASTY, NASTY),))
    fields = {"reasons": {"05.adam": NASTY}, "reports": {"05.adam": report}, "notes": (NASTY,), "file": NASTY}
    return result(NASTY, **fields)


class Page(HTMLParser):
    """Parses a page strictly: `tags` with their attributes, `text`, and each table as rows of texts."""

    def __init__(self, source):
        super().__init__()
        self.tags, self.open, self.text, self.tables = [], [], "", []
        source.encode("utf-8")
        self.feed(source)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in ("meta", "img"):
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("th", "td"):
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data
        if {"th", "td"} & set(self.open):
            self.tables[-1][-1][-1] += data

    def named(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


JSON_TEXT = st.text(st.characters())
REPORTS = st.builds(
    Report, JSON_TEXT, st.integers(), st.integers(), st.booleans(), st.none() | JSON_TEXT, JSON_TEXT,
    st.lists(st.tuples(JSON_TEXT, JSON_TEXT)).map(tuple), st.booleans(),
)  # fmt: skip


@given(
    st.builds(
        Result, JSON_TEXT, JSON_TEXT, JSON_TEXT, st.sampled_from(STATUSES), st.dictionaries(JSON_TEXT, st.integers()),
        st.dictionaries(JSON_TEXT, st.integers()), st.dictionaries(JSON_TEXT, JSON_TEXT),
        st.dictionaries(JSON_TEXT, REPORTS), st.lists(JSON_TEXT).map(tuple), st.none() | st.just({"cells": [1]}),
    )
)  # fmt: skip
@settings(max_examples=50)
def test_a_result_is_stored_as_it_is_and_always_has_a_page(made):
    text = made.to_json()
    assert text.isascii()
    assert Result.from_json(text) == made
    Page(page(made))
    ElementTree.fromstring(junit([made]).encode())


def test_a_result_knows_its_sums():
    made = result(points={"05.adam": 3, "report": 2.5})
    assert (made.total, made.max_total, made.by_hand) == (5.5, 9, {"report": 2.5})
    with pytest.raises(ValueError, match="status='done' is none of graded"):
        result(status="done")


def test_the_page_says_points_reasons_and_help():
    got = Page(page(result()))
    assert got.tables == [
        [
            ["Question", "Points", "Of", "Why"],
            ["05.adam", "3", "3", "passed"],
            ["05.adamw", "1", "2", "2 of 4 hidden cases are wrong"],
            ["05.repair", "0", "4", "not passed"],
        ]
    ]
    for text in ("Points: 4 of 9", "Status: graded", "Check cell: not yet", "Returned", "1.5", "05.ipynb"):
        assert text in got.text
    assert "passed, 3 of 3" not in got.text  # the check cells' points are not those of the grading
    assert "By hand" not in got.text


def test_points_by_hand_stand_apart():
    made = result(points={"05.adam": 3, "report": 2.5}, reasons={"report": "given by hand: clear"})
    got = Page(page(made))
    assert got.tables[1] == [["For", "Points", "Why"], ["report", "2.5", "given by hand: clear"]]
    assert "Points: 3 of 9, and 2.5 by hand" in got.text


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_has_a_page(status):
    got = Page(page(Result("ann", "05", status=status, max_points=MOST)))
    assert f"Status: {status}." in got.text
    assert got.tables[0][1] == ["05.adam", "0", "3", "not passed"]


def test_pages_hold_no_scripts_and_everything_is_escaped():
    for source in (page(nasty()), html([nasty()], [NASTY])):
        got = Page(source)
        assert got.text.count("<script>alert('x')</script> & \u202e \ufffd\ufffd[31m \ufffd \ufffd") >= 3
        assert {tag for tag, _ in got.tags} <= TAGS
        assert {name for _, found in got.tags for name in found} <= ATTRIBUTES
        assert all(found["src"].startswith("data:image/svg+xml;base64,") for found in got.named("img"))
        policy = next(found["content"] for found in got.named("meta") if "http-equiv" in found)
        assert policy.startswith("default-src 'none'; ")
        assert "script-src" not in policy


def test_pages_are_accessible():
    for source in (page(result()), html([result()])):
        got = Page(source)
        assert got.named("html") == [{"lang": "en"}]
        levels = [int(tag[1]) for tag, _ in got.tags if re.fullmatch("h[1-6]", tag)]
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
        assert len(got.named("caption")) == len(got.named("table"))
        assert all(found.get("scope") in ("row", "col") for found in got.named("th"))
        assert all(found["alt"] for found in got.named("img"))
        assert "color-scheme: light dark" in source


def test_the_summary_counts():
    others = [
        result("bob", points=dict(MOST), notes=(), reports={}),
        result("cid", status="timed out", points={"05.adam": 0}, notes=("slow",)),
        Result("dan", "05", max_points=MOST),
        Result("dan", "06", max_points={"06.train": 2}),
    ]
    got = Page(html(iter([result(), *others]), ["Not isolated: network."]))
    assert "Not isolated: network." in got.text
    status, questions, look, missing, _ = got.tables
    assert status == [["Status", "Students"], ["graded", "2"], ["timed out", "1"], ["missing", "1"]]
    assert questions[1:] == [
        ["05.adam", "2", "0", "1", "2.00", "3", ""],
        ["05.adamw", "1", "1", "1", "1.00", "2", ""],
        ["05.repair", "1", "0", "2", "1.33", "4", "no bias correction: 2"],
    ]
    assert [row[0] for row in look[1:]] == ["ann", "cid", "dan"]
    assert look[2] == ["cid", "timed out", "0 of 9", "slow"]
    assert missing == [["Status", "Students"], ["missing", "1"]]
    words = "3 students handed in: median 4, mean 4.33 of 9 points"
    (image,) = got.named("img")
    assert image["alt"] == f"Histogram of the points: {words}"
    assert words in got.text
    svg = base64.b64decode(image["src"].partition(",")[2])
    assert ElementTree.fromstring(svg).tag.endswith("svg")


def test_the_summary_is_the_same_each_time():
    assert html([result()]) == html([result()])


@pytest.mark.parametrize("totals", [[0], [0.5, 40], [1000] * 3])
def test_a_histogram_holds_any_points(totals):
    made = [result(points={"report": total}, max_points={}) for total in totals]
    assert f"{len(totals)} students handed in" in html(made)


def test_a_class_of_nobody_has_a_summary():
    assert Page(html([])).tables == []


def test_junit_fails_what_is_not_full_marks():
    results = [result(wall_seconds=1.5), Result("dan", "05", max_points=MOST), nasty()]
    root = ElementTree.fromstring(junit(results).encode())
    ann, dan, script = root.iter("testsuite")
    assert ann.attrib == {
        **{"name": "ann 05", "tests": "3", "failures": "2", "errors": "0", "skipped": "0", "time": "1.500"}
    }
    cases = {case.get("name"): case for case in ann.iter("testcase")}
    assert list(cases) == list(MOST)
    assert len(cases["05.adam"]) == 0
    assert cases["05.adamw"].find("failure").get("message") == "1 of 2 points: 2 of 4 hidden cases are wrong"
    assert "Not `m`." in cases["05.repair"].find("failure").text
    assert (dan.get("failures"), dan.get("skipped")) == ("0", "3")
    assert dan.find("testcase/skipped").get("message") == "0 of 3 points: missing"
    assert script.get("name").startswith("<script>")
    assert not any(case.find("skipped") is not None for suite in (ann, script) for case in suite)
