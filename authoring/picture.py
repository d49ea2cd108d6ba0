"""The moving picture of README.md, `docs/pictures/explorer.gif`: `python -m authoring.picture`.

It plays one slider of an explorer of lesson 08 from end to end, and draws what a reader sees: the knobs, the picture
that the explorer itself draws, and its sentence. The last sentence is kept in the file as its comment; README's
alternative text ends with it. A GIF, because GitHub gives those a button to stop them.
"""

import contextlib
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from cycler import cycler
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from authoring.course import Course
from authoring.source import read
from ngo_lesson.show.explorer import Explorer, Shown
from ngo_lesson.show.style import BLACK, BLUE, GREEN, VERMILION

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "pictures" / "explorer.gif"
LESSON, CELL, NAME = "lessons/08_simulated_annealing.py", "map-explorer", "tourist"
SETTING = {"hot": 475.0, "moves": 50_000}
DONE = (*range(0, 40, 1), *range(40, 101, 2))
DPI, FRAME_MS, LAST_MS = 84, 90, 4000
LINE, FAINT = "#bdbdbd", "#616161"
INKS, SHADES = (BLACK, BLUE, VERMILION, GREEN), 15  # a GIF has few colors: these, each in steps to white


def explorer() -> Explorer:
    """Run the lesson's code up to the explorer's cell and return the explorer."""
    path = ROOT / "authoring" / LESSON
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for cell in read(Course(ROOT, lambda number: ()), path).cells:
        if cell.kind == "code":
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(cell.text, f"{LESSON}:{cell.id}", "exec"), namespace)
        if cell.id == CELL:
            break
    return namespace[NAME]


def strip(width: int, height: int) -> Figure:
    """Return an empty figure of so many pixels, in which a unit is a pixel counted from the top left corner."""
    figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor="white")
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0), prop_cycle=cycler(marker=[""]))
    axes.set_axis_off()
    return figure


def pixels(figure: Figure) -> np.ndarray:
    """Draw a figure and return its colors, (height, width, 3)."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.array(canvas.buffer_rgba())[..., :3]


def knobs(explorer: Explorer, setting: dict, width: int) -> np.ndarray:
    """Draw the title and the sliders, each at its place."""
    figure = strip(width, 74)
    [axes] = figure.axes
    axes.text(8, 16, explorer.title, weight="bold", va="center", size=11)
    column = width / len(explorer.knobs)
    for left, (name, knob) in zip(np.arange(len(explorer.knobs)) * column + 8, explorer.knobs.items(), strict=True):
        position, right = knob.nearest(setting[name]), left + column - 32
        thumb = left + (right - left) * position / (len(knob.values) - 1)
        axes.text(left, 40, knob.label, va="center", size=10)
        axes.text(right, 40, knob.texts[position], va="center", ha="right", weight="bold", size=10)
        axes.plot([left, right], [60, 60], color=LINE, linewidth=3, solid_capstyle="round")
        axes.plot([left, thumb], [60, 60], color=BLUE, linewidth=3, solid_capstyle="round")
        axes.plot([thumb], [60], color=BLUE, marker="o", markersize=10, clip_on=False)
    return pixels(figure)


def words(shown: Shown, width: int) -> np.ndarray:
    """Draw the sentence and the goal, green once it is reached."""
    figure = strip(width, 66)
    [axes] = figure.axes
    sentence, _, end = shown.sentence.partition(" The median")
    axes.text(8, 12, sentence, va="center", size=9.5)
    axes.text(8, 31, f"The median{end}" if end else "", va="center", size=9.5)
    axes.plot([9, 9], [42, 64], color=GREEN if shown.reached else LINE, linewidth=4, solid_capstyle="butt")
    style: dict[str, Any] = {"color": GREEN, "weight": "bold"} if shown.reached else {"color": FAINT}
    axes.text(18, 53, shown.verdict, va="center", size=9.5, **style)
    return pixels(figure)


def frames(explorer: Explorer, done: Iterable[int] = DONE) -> Iterator[tuple[np.ndarray, str]]:
    """Yield each frame, (height, width, 3), with its sentence."""
    explorer.picture.figure.dpi = DPI
    explorer.picture.redraw()
    width = explorer.picture.static.shape[1]
    for share in done:
        setting = SETTING | {"done": share}
        shown = explorer.at(**setting)
        picture = explorer.picture.draw(shown.data, static=True)[..., :3]
        yield np.vstack([knobs(explorer, setting, width), picture, words(shown, width)]), shown.sentence


def palette() -> Image.Image:
    """Return an image that holds the inks and their shades."""
    shares = np.linspace(0, 1, SHADES, endpoint=False)[:, None]
    colors = [(1 - shares) * to_rgb(ink) + shares for ink in INKS] + [np.ones((1, 3))]
    holder = Image.new("P", (1, 1))
    holder.putpalette((255 * np.vstack(colors)).round().astype(np.uint8).tobytes())
    return holder


def main() -> None:
    """Write the picture."""
    drawn, sentences = zip(*frames(explorer()), strict=True)
    inks = palette()
    images = [Image.fromarray(frame).quantize(palette=inks, dither=Image.Dither.NONE) for frame in drawn]
    first, *rest = images
    PICTURE.parent.mkdir(exist_ok=True)
    durations = [FRAME_MS] * len(rest) + [LAST_MS]
    options = {"save_all": True, "append_images": rest, "duration": durations, "loop": 0, "comment": sentences[-1]}
    first.save(PICTURE, optimize=True, disposal=1, **options)
    print(f"{PICTURE.relative_to(ROOT)}: {len(images)} frames, {PICTURE.stat().st_size / 1000:.0f} kB. {sentences[-1]}")


if __name__ == "__main__":
    main()
