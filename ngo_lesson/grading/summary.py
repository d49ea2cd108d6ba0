"""What the instructor sees of the whole class: a page with a histogram and the commonest mistakes, and JUnit XML."""

import base64
import io
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from html import escape

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ngo_lesson.grading.feedback import document, earned, table, text
from ngo_lesson.grading.result import STATUSES, Result
from ngo_lesson.show.style import BLUE, STYLE

MOST_BARS = 25


def html(results: Iterable[Result], remarks: Sequence[str] = ()) -> str:
    """Return the summary of a class as a page; `remarks` are sentences on the whole run, such as "not isolated"."""
    classes: dict[str, list[Result]] = {}
    for result in results:
        classes.setdefault(result.exercise, []).append(result)
    parts = ["<h1>Class summary</h1>", *(f"<p><strong>{escape(remark)}</strong></p>" for remark in remarks)]
    for exercise, mine in sorted(classes.items()):
        parts += [f"<h2>Exercise {escape(exercise)}</h2>", *_exercise(mine)]
    return document("Class summary", parts)


def junit(results: Iterable[Result]) -> str:
    """Return JUnit XML: a test suite for each student and exercise, a test case for each question.

    Only full points are a success; a question is skipped only where nothing was handed in.
    """
    root = ElementTree.Element("testsuites", name="ngo_lesson.grading")
    for result in results:
        points = {key: result.points.get(key, 0) for key in result.max_points}
        failed = [key for key, most in result.max_points.items() if points[key] < most]
        missing = result.status == "missing"
        suite = ElementTree.SubElement(root, "testsuite", name=f"{result.student} {result.exercise}")
        counts = {"tests": len(points), "failures": 0 if missing else len(failed), "errors": 0}
        counts |= {"skipped": len(failed) if missing else 0}
        suite.attrib |= {key: str(count) for key, count in counts.items()} | {"time": f"{result.wall_seconds:.3f}"}
        for key, most in result.max_points.items():
            case = ElementTree.SubElement(suite, "testcase", classname=result.student, name=key)
            if key in failed:
                why = f"{points[key]:g} of {most} points: {result.reasons.get(key) or result.status}"
                end = ElementTree.SubElement(case, "skipped" if missing else "failure", message=why)
                end.text = str(result.reports[key]) if key in result.reports else None
    ElementTree.indent(root)
    return text('<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n")


def _exercise(results: list[Result]) -> Iterator[str]:
    counts = Counter(result.status for result in results)
    rows: list[Sequence[str]] = [(status, str(counts[status])) for status in STATUSES if counts[status]]
    yield table(f"{len(results)} students by status", ("Status", "Students"), rows)
    handed_in = [result for result in results if result.status != "missing"]
    if handed_in:
        yield _histogram([result.total for result in handed_in], max(result.max_total for result in handed_in))
        columns = ("Question", "Passed", "Partly", "Not", "Mean", "Of", "Commonest mistakes, on the public cases")
        yield table("Questions, of those who handed in", columns, _questions(handed_in))
    look = [result for result in results if result.status != "graded" or result.notes]
    rows = [(result.student, result.status, earned(result), "; ".join(result.notes)) for result in look]
    if rows:
        yield table("Students to look at", ("Student", "Status", "Points", "Notes"), rows)


def _questions(results: list[Result]) -> Iterator[Sequence[str]]:
    for key, most in {key: most for result in results for key, most in result.max_points.items()}.items():
        got = [result.points.get(key, 0) for result in results]
        passed, none = sum(points >= most for points in got), sum(points <= 0 for points in got)
        mistakes = Counter(
            result.reports[key].mistake for result in results if key in result.reports and result.reports[key].mistake
        )
        named = "; ".join(f"{mistake}: {count}" for mistake, count in mistakes.most_common())
        mean = f"{np.mean(got):.2f}"
        yield key, str(passed), str(len(got) - passed - none), str(none), mean, str(most), named


def _histogram(totals: list[float], most: float) -> str:
    """Return a figure of how many students have how many points, with its numbers as text."""
    last = int(np.ceil(max(most, *totals, 1)))
    step = -(-(last + 1) // MOST_BARS)
    edges = np.arange(0, last + step + 1, step) - 0.5
    median, mean = np.median(totals), np.mean(totals)
    words = f"{len(totals)} students handed in: median {median:g}, mean {mean:.2f} of {most:g} points"
    with mpl.rc_context(STYLE | {"svg.hashsalt": "summary"}), io.BytesIO() as file:
        figure = Figure()
        axes = figure.subplots()
        axes.hist(totals, edges.tolist(), color=BLUE, edgecolor="white")
        axes.set(xlabel="points", ylabel="students", xlim=(edges[0], edges[-1]))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MaxNLocator(integer=True))
        figure.savefig(file, format="svg", metadata={"Date": None})
        data = base64.b64encode(file.getvalue()).decode()
    return f'<p>{words}.</p>\n<img alt="Histogram of the points: {words}" src="data:image/svg+xml;base64,{data}">'
