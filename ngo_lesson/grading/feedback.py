"""The page that a student gets: points, reasons and the help of the check cells, in one file without scripts."""

import re
from collections.abc import Iterable, Sequence
from html import escape

from ngo_lesson.grading.result import Result
from ngo_lesson.questions.report import LOOKS, as_html

STATUS = {
    "graded": "Every check came to a result.",
    "partly graded": "Some check never came to a result; the others count.",
    "timed out": "It ran longer than it may, and was stopped.",
    "crashed": "It ended Python before all checks had come to a result.",
    "unreadable": "The file could not be read.",
    "missing": "No file was handed in.",
}
STYLE = """
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { max-width: 56rem; margin: 0 auto; padding: 1rem; }
table { border-collapse: collapse; margin-bottom: 1rem; }
caption { text-align: left; padding-bottom: 0.3rem; }
th, td { padding: 0.25rem 0.8rem; border-bottom: 1px solid; text-align: left; vertical-align: top; min-width: 2rem; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
p, li, pre { overflow-wrap: anywhere; }
td, th { overflow-wrap: break-word; }
img { max-width: 100%; height: auto; }
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
NOT_TEXT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # of XML 1.0, section 2.2


def page(result: Result) -> str:
    """Return one student's feedback on one exercise as HTML. Nothing in it comes from hidden cases."""
    heading = f"Exercise {result.exercise}"
    parts = [
        f"<h1>{escape(heading)}</h1>",
        f"<p>Student: <bdi>{escape(result.student)}</bdi></p>",
        f"<p>File: <bdi>{escape(result.file)}</bdi></p>" if result.file else "",
        f"<p>Status: <strong>{result.status}</strong>. {STATUS[result.status]}</p>",
        f"<p>Points: <strong>{earned(result)}</strong></p>",
        "<h2>Questions</h2>",
        table("Points and reasons by question", ("Question", "Points", "Of", "Why"), _questions(result)),
    ]
    if result.by_hand:
        rows = ((key, f"{points:g}", result.reasons.get(key, "")) for key, points in result.by_hand.items())
        parts += ["<h2>By hand</h2>", table("Points given by hand", ("For", "Points", "Why"), rows)]
    if result.reports:
        parts += ["<h2>Checks</h2>", "<p>What the check cells say, on the same cases as in the exercise.</p>"]
    for key, report in result.reports.items():
        headline = f"Check cell: {LOOKS[report.state][1]}"
        parts += [f"<h3>{escape(key)}</h3>", as_html(report.state, headline, report.message, report.details)]
    if result.notes:
        parts += ["<h2>Notes</h2>", "<ul>", *(f"<li>{escape(note)}</li>" for note in result.notes), "</ul>"]
    return document(f"{heading}: {result.student}", parts)


def earned(result: Result) -> str:
    """Say how many points there are, of how many."""
    by_hand = sum(result.by_hand.values())
    added = f", and {by_hand:g} by hand" if result.by_hand else ""
    return f"{result.total - by_hand:g} of {result.max_total}{added}"


def document(title: str, parts: Iterable[str]) -> str:
    """Return a whole HTML page of these parts, which are HTML; characters that no page may hold are replaced."""
    head = f'<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    head += '\n<meta name="viewport" content="width=device-width, initial-scale=1">'
    head += f"\n<title>{escape(title)}</title>\n<style>{STYLE}</style>"
    body = "\n".join(filter(None, parts))
    page = f"<head>\n{head}\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>"
    return text(f'<!doctype html>\n<html lang="en">\n{page}\n</html>\n')


def table(caption: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return an HTML table of texts; the first of each row names it, and numbers stand on the right."""
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    lines = [f"<table>\n<caption>{escape(caption)}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>"]
    for first, *rest in rows:
        classes = (' class="number"' * bool(re.fullmatch("[0-9.]+", cell)) for cell in rest)
        cells = "".join(f"<td{mark}>{escape(cell)}</td>" for mark, cell in zip(classes, rest, strict=True))
        lines.append(f'<tr><th scope="row"><bdi>{escape(first)}</bdi></th>{cells}</tr>')
    return "\n".join([*lines, "</tbody>\n</table>"])


def text(value: str) -> str:
    """Return text that XML and UTF-8 can hold: other characters become the replacement character."""
    return NOT_TEXT.sub("\ufffd", value)


def _questions(result: Result) -> Iterable[Sequence[str]]:
    for key, most in result.max_points.items():
        points = result.points.get(key, 0)
        yield key, f"{points:g}", f"{most}", result.reasons.get(key) or ("passed" if points >= most else "not passed")
