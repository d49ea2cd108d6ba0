"""What a check says: as text, as HTML for JupyterLab's light and dark themes, as an exception without a traceback."""

import re
from dataclasses import dataclass
from html import escape

# state: icon, word for the headline, JupyterLab's color variable with a fallback that reads on white and on black
LOOKS = {
    "passed": ("✓", "passed", "var(--jp-success-color1, #2e8b57)"),
    "failed": ("✗", "not yet", "var(--jp-error-color1, #d9534f)"),
    "open": ("○", "not answered yet", "var(--jp-info-color1, #3b8ec2)"),
}
FRAME = "border-left: 4px solid {color}; padding: 0.3em 0.8em; color: var(--jp-content-font-color1, inherit);"
BLOCK = (
    "margin: 0.1em 0 0.5em 0; padding: 0.3em 0.6em; white-space: pre-wrap; color: inherit;"
    " background: var(--jp-layout-color2, rgba(127, 127, 127, 0.15));"
    " font-family: var(--jp-code-font-family, monospace);"
)


@dataclass(frozen=True, repr=False)
class Report:
    """The verdict on one question: `mistake` names a recognized mistake, `details` are pairs of a label and a text."""

    id: str
    points: int
    max_points: int
    passed: bool
    mistake: str | None = None
    message: str = ""
    details: tuple[tuple[str, str], ...] = ()
    answered: bool = True

    @property
    def state(self) -> str:
        """One of "passed", "failed" and "open"."""
        return "passed" if self.passed else "failed" if self.answered else "open"

    @property
    def headline(self) -> str:
        """The first line; that of a passed question is what nbval compares."""
        return f"{self.id}: {LOOKS[self.state][1]}, {self.points} of {self.max_points} points"

    def __repr__(self) -> str:
        return as_text(self.headline, self.message, self.details)

    def _repr_html_(self) -> str:
        return as_html(self.state, self.headline, self.message, self.details)


@dataclass(frozen=True, repr=False)
class Score:
    """The sum of a session's latest reports on one exercise, and the headlines of the questions not passed yet."""

    exercise: str
    points: int
    max_points: int
    missing: tuple[str, ...] = ()

    @property
    def headline(self) -> str:
        """The first line."""
        return f"Exercise {self.exercise}: {self.points} of {self.max_points} points"

    def __repr__(self) -> str:
        return "\n".join((self.headline, *self.missing))

    def _repr_html_(self) -> str:
        details = (("Not passed yet", "\n".join(self.missing)),) if self.missing else ()
        return as_html("open" if self.missing else "passed", self.headline, "", details)


class CheckFailed(AssertionError):  # noqa: N818
    """A failed check where failing must stop the cell. IPython shows the report alone."""

    def __init__(self, report: Report) -> None:
        super().__init__(str(report))
        self.report = report

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


def as_text(headline: str, message: str, details: tuple[tuple[str, str], ...]) -> str:
    """Return the lines of a report; a detail of several lines is indented under its label."""
    lines = [headline, *filter(None, [message])]
    for label, text in details:
        lines.append(
            f"{label}:" + ("".join(f"\n    {line}" for line in text.split("\n")) if "\n" in text else f" {text}")
        )
    return "\n".join(lines)


def as_html(state: str, headline: str, message: str, details: tuple[tuple[str, str], ...]) -> str:
    """Return a report as HTML; everything is escaped, and colors only repeat what icon and words say."""
    icon, _, color = LOOKS[state]
    parts = [
        f'<div role="status" style="{FRAME.format(color=color)}">',
        f'<strong><span aria-hidden="true" style="color: {color};">{icon}</span> {escape(headline)}</strong>',
    ]
    if message:
        parts.append(
            '<div style="margin: 0.2em 0 0.5em 0;">'
            + re.sub("`([^`]+)`", r"<code>\1</code>", escape(message))
            + "</div>"
        )
    parts += [f'<div>{escape(label)}</div><pre style="{BLOCK}">{escape(text)}</pre>' for label, text in details]
    return "".join([*parts, "</div>"])
