"""Explorers: a pure function under sliders, its picture, and a sentence that says what the picture shows.

The author writes a function of named parameters that returns (data of the moving parts, sentence) or, with a goal,
(data, sentence, goal reached), a Matplotlib figure with the artists that move, and the knobs.
`docs/00_gallery.ipynb` shows every kind. `explorer.at(...)` evaluates the function without a browser.

One anywidget holds all controls as native `<input type=range>` and `<select>`, instead of one ipywidgets slider each:
they bring keyboard, labels and spoken values with them, a move is one message each way, and while Python computes only
the newest position waits (measured by `python -m benchmarks explorers`). The sentence is an output of its own, so a
notebook without its kernel shows it as text below the picture.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from inspect import signature
from pathlib import Path

import anywidget
import numpy as np
import traitlets
from IPython.display import display
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ngo_lesson.show.figures import three
from ngo_lesson.show.picture import Picture

WIDGET = "application/vnd.jupyter.widget-view+json"


@dataclass(frozen=True)
class Knob:
    """One named parameter: all `values` it can take, the position it starts at, and how each value is written."""

    label: str
    values: tuple
    start: int
    texts: tuple[str, ...]
    ticks: dict[int, str]
    is_choice: bool = False

    def nearest(self, value: float) -> int:
        """Return the position whose value is nearest to `value`."""
        return int(np.argmin(np.abs(np.array(self.values, dtype=float) - value)))

    def check(self, name: str, value: object) -> None:
        """Refuse a value outside the range or not among the choices."""
        if self.is_choice and value not in self.values:
            raise ValueError(f"{name}={value!r}: choose one of {', '.join(map(repr, self.values))}")
        if not self.is_choice and not self.values[0] <= value <= self.values[-1]:
            raise ValueError(f"{name}={value!r} is outside {self.values[0]} to {self.values[-1]}")


def slider(
    label: str,
    low: float,
    high: float,
    start: float,
    *,
    step: float | None = None,
    log: bool = False,
    unit: str = "",
    ticks: Mapping[float, str] | None = None,
) -> Knob:
    """Make a knob from `low` to `high` by `step`, or with `log` by factors of `step` (10**(1/20) unless told).

    Integers stay integers. Values on a log scale have three digits, so the value shown is the value used.
    `start` and the labeled `ticks` {value: label} become values too.
    """
    ticks = dict(ticks or {})
    if not low < high or (log and low <= 0):
        raise ValueError(f"slider {label!r}: low={low!r}, high={high!r}; need low < high, and 0 < low on a log scale")
    step = 10 ** (1 / 20) if log and step is None else step
    if step is None or step <= (1 if log else 0):
        raise ValueError(f"slider {label!r}: step={step!r}; give a step above {'1, a factor' if log else '0'}")
    kept = {low, high, start, *ticks}
    if min(kept) < low or max(kept) > high:
        raise ValueError(f"slider {label!r}: start={start!r} and ticks={list(ticks)} must lie within {low} to {high}")
    whole = all(isinstance(value, int) for value in (kept if log else kept | {step}))
    count = math.ceil((math.log(high / low) / math.log(step) if log else (high - low) / step) - 1e-9)
    decimals = next((d for d in range(9) if math.isclose(round(step, d), step)), 9)
    if log:
        inner = {round(v) if whole else float(f"{v:.3g}") for v in (low * step**i for i in range(1, count))}
    else:
        inner = {round(low + step * i, decimals) for i in range(1, count)}
    values = tuple(sorted(kept | {value for value in inner if low < value < high}))
    values = values if whole else tuple(map(float, values))
    texts = [f"{v:,}" if whole else three(v) if log else f"{v:,.{decimals}f}" for v in values]
    places = {values.index(value): name for value, name in ticks.items()}
    return Knob(label, values, values.index(start), tuple(f"{text} {unit}".rstrip() for text in texts), places)


def choice(label: str, options: Sequence[str], start: str | None = None) -> Knob:
    """Make a knob that takes one of some words; it starts at the first unless told."""
    options = tuple(options)
    if start is not None and start not in options:
        raise ValueError(f"choice {label!r}: start={start!r} is not one of {options}")
    return Knob(label, options, options.index(start) if start else 0, options, {}, is_choice=True)


@dataclass(frozen=True)
class Shown:
    """What an explorer shows for one setting; prints as the sentence, with the goal if there is one."""

    data: dict
    sentence: str
    reached: bool = False
    goal: str = ""

    def __str__(self) -> str:
        return f"{self.sentence}\n{self.verdict}".rstrip()

    @property
    def verdict(self) -> str:
        """The goal and whether it is reached, or nothing."""
        return f"Goal {'reached' if self.reached else 'not reached yet'}: {self.goal}" if self.goal else ""


class _View(anywidget.AnyWidget):
    """Picture and controls in the browser: state goes down as traits, moves come up as messages."""

    _esm = Path(__file__).with_name("explorer.js")
    _css = Path(__file__).with_name("explorer.css")
    setup = traitlets.Dict().tag(sync=True)
    base = traitlets.Bytes().tag(sync=True)
    frame = traitlets.Dict().tag(sync=True)


class _Words(anywidget.AnyWidget):
    """The sentence and the goal, read by the browser from the frames of the view `of`."""

    _esm = Path(__file__).with_name("explorer.js")
    _css = Path(__file__).with_name("explorer.css")
    of = traitlets.Unicode().tag(sync=True)


class Explorer:
    """A function under knobs; displays itself. Lessons 02 to 16, all kinds in docs/00_gallery.ipynb.

    compute: pure function of the knobs' names; returns data for every moving part, a sentence, and with a goal whether
        it is reached.
    figure, moving: a Matplotlib figure, and its artists that move, by name (see `picture.put` for what each takes).
    knobs: by parameter name, made by `slider` and `choice`.
    play: name of the slider that the play button moves.
    drag: (axes, name, name): pressing or dragging in these axes sets the two sliders for x and y.
    backdrop: function of the figure and some knobs, draws the static part anew when one of these knobs has moved.
    """

    def __init__(
        self,
        compute: Callable[..., tuple],
        figure: Figure,
        moving: Mapping[str, Artist],
        knobs: Mapping[str, Knob],
        *,
        title: str,
        goal: str = "",
        play: str = "",
        drag: tuple[Axes, str, str] | None = None,
        backdrop: Callable[..., None] | None = None,
    ):
        self.compute, self.knobs, self.title, self.goal = compute, dict(knobs), title, goal
        self.play, self.drag, self.backdrop = play, drag, backdrop
        self._drawn_from = tuple(signature(backdrop).parameters)[1:] if backdrop else ()
        sliders = [name for name, knob in self.knobs.items() if not knob.is_choice]
        moved = [name for name in (play, *(drag or ())[1:]) if name]
        for name, known in [(name, sliders) for name in moved] + [(name, self.knobs) for name in self._drawn_from]:
            if name not in known:
                raise ValueError(f"explorer {title!r}: {name!r} must be one of {', '.join(known)}")
        self.positions = {name: knob.start for name, knob in self.knobs.items()}
        self._drawn_at: tuple | None = None
        self._draw_backdrop(figure)
        self.picture = Picture(figure, moving)
        self._dpi = figure.dpi
        self._view: _View | None = None

    def __repr__(self) -> str:
        return f"Explorer: {self.title}"

    @property
    def values(self) -> dict:
        """The values the knobs stand at now."""
        return {name: self.knobs[name].values[position] for name, position in self.positions.items()}

    def at(self, **values: object) -> Shown:
        """Evaluate the function at these values; a knob not named stands at its start."""
        unknown = values.keys() - self.knobs.keys()
        if unknown:
            raise TypeError(f"explorer {self.title!r} has no knob {min(unknown)!r}; it has {', '.join(self.knobs)}")
        for name, value in values.items():
            self.knobs[name].check(name, value)
        result = self.compute(**{name: knob.values[knob.start] for name, knob in self.knobs.items()} | values)
        if len(result) != (3 if self.goal else 2):
            parts = "(data, sentence, reached)" if self.goal else "(data, sentence)"
            raise ValueError(f"the function of explorer {self.title!r} must return {parts}, got {len(result)} parts")
        data, sentence, *reached = result
        return Shown(data, sentence, bool(reached and reached[0]), self.goal)

    def here(self) -> Shown:
        """Evaluate the function where the knobs stand now."""
        return self.at(**self.values)

    def probes(self) -> Iterator[dict]:
        """Yield the settings a test tries: the start, then every knob at its minimum and its maximum."""
        yield {}
        for name, knob in self.knobs.items():
            values = knob.values if knob.is_choice else (knob.values[0], knob.values[-1])
            yield from ({name: value} for value in values)

    def frame(self, shown: Shown) -> dict:
        """Draw a setting's moving parts: what the browser gets for one move."""
        left, top, patch = self.picture.frame(shown.data)
        return {"x": left, "y": top, "patch": patch, "sentence": shown.sentence, "reached": shown.reached}

    def _draw_backdrop(self, figure: Figure) -> bool:
        """Draw the backdrop if one of its knobs has moved; tell whether it did."""
        values = tuple(self.values[name] for name in self._drawn_from)
        if self.backdrop is None or values == self._drawn_at:
            return False
        self.backdrop(figure, *values)
        self._drawn_at = values
        return True

    def _setup(self) -> dict:
        """Describe the controls for the browser."""
        height, width, _ = self.picture.static.shape
        knobs = [
            {"name": name, "label": knob.label, "texts": knob.texts, "start": knob.start, "choice": knob.is_choice}
            | {"ticks": list(knob.ticks.items()), "play": name == self.play}
            for name, knob in self.knobs.items()
        ]
        setup = {"title": self.title, "goal": self.goal, "knobs": knobs, "width": width, "height": height}
        if self.drag:
            box = self.drag[0].get_position()  # shares of the figure from below; the browser counts from the top
            setup["drag"] = [box.x0, 1 - box.y1, box.x1, 1 - box.y0]
        return setup

    def _receive(self, _widget: object, content: dict, _buffers: object) -> None:
        """Take a move from the browser: knob positions, a point in the picture, or the pixels of its screen."""
        self.positions.update(content.get("positions", {}))
        if "drag" in content:
            assert self.drag is not None  # else the browser has no box to drag in
            axes, *names = self.drag
            corner, size = self.picture.figure.bbox.min, self.picture.figure.bbox.size
            right, down = content["drag"]
            point = axes.transData.inverted().transform(corner + size * np.array((right, 1 - down)))
            self.positions.update({n: self.knobs[n].nearest(v) for n, v in zip(names, point, strict=True)})
        if "scale" in content:
            self.picture.figure.dpi = self._dpi * content["scale"]
        self._send(redraw="scale" in content)

    def _send(self, redraw: bool = False) -> None:
        """Compute and draw the present setting and send it; a failure becomes the sentence, under the last picture."""
        assert self._view is not None
        try:
            redraw = self._draw_backdrop(self.picture.figure) or redraw
            if redraw:
                self.picture.redraw()
            frame = self.frame(self.here())
        except Exception as error:  # the function may be a student's
            sentence = f"This setting fails. {type(error).__name__}: {error}"
            frame = self._view.frame | {"sentence": sentence, "reached": False}
        with self._view.hold_sync():
            if redraw:
                self._view.base = self.picture.base()
            turn = self._view.frame["turn"] + 1
            self._view.frame = frame | {"positions": dict(self.positions), "turn": turn}

    def _ipython_display_(self) -> None:
        shown = self.here()
        if self._view is None:
            frame = self.frame(shown) | {"positions": dict(self.positions), "turn": 0}
            self._view = _View(setup=self._setup(), base=self.picture.base(), frame=frame)
            self._view.on_msg(self._receive)
            self._words = _Words(of=self._view.model_id)
        picture = {"image/png": self.picture.still(shown.data), "text/plain": repr(self)}
        alt = {"image/png": {"alt": f"{self.title}. {shown.sentence}"}}
        display(picture | _view_of(self._view), raw=True, metadata=alt)
        display({"text/plain": str(shown)} | _view_of(self._words), raw=True)


def _view_of(widget: anywidget.AnyWidget) -> dict:
    """Return the part of a MIME bundle that makes JupyterLab show the live widget."""
    return {WIDGET: {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}}
