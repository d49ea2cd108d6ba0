"""Pieces of explorers' pictures, all plain Matplotlib: a still landscape, and artists that are empty until data comes.

Moving pieces go to `Explorer(moving=...)`; `picture.put` says what data each takes. Every kind: docs/00_gallery.ipynb.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import ListedColormap
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import StepPatch

from ngo_lesson.show.style import LANDSCAPE

# Half-way to white, so that every color of a path stands out on every height.
PALE = ListedColormap(0.5 + 0.5 * colormaps[LANDSCAPE](np.linspace(0, 1, 256)), name="pale")


def landscape(
    axes: Axes,
    f: Callable[[np.ndarray], float],
    x: tuple[float, float],
    y: tuple[float, float],
    *,
    log: bool = False,
    count: int = 100,
) -> None:
    """Draw the contours of f over a box, in the place of earlier ones; f takes one point of shape (2,).

    With `log` the contours are those of log10(1 + f - lowest f).
    """
    columns, rows = np.linspace(*x, count), np.linspace(*y, count)
    heights = np.array([[f(np.array([column, row])) for column in columns] for row in rows])
    if log:
        heights = np.log10(1 + heights - heights.min())
    for earlier in [contours for contours in axes.collections if contours.get_gid() == "landscape"]:
        earlier.remove()
    axes.contourf(columns, rows, heights, levels=14, cmap=PALE).set_gid("landscape")
    axes.contour(columns, rows, heights, levels=14, colors="white", linewidths=0.6).set_gid("landscape")
    axes.grid(False)
    axes.set(xlim=x, ylim=y)


def line(axes: Axes, label: str = "", **style: Any) -> Line2D:
    """Make a moving path or curve, in the next color, with some markers on its way; data (x, y)."""
    return axes.plot([], [], label=label, **{"markevery": 0.08, "zorder": 3} | style)[0]


def dots(axes: Axes, label: str = "", **style: Any) -> Line2D:
    """Make a moving cloud of points, such as a population or data; data (x, y)."""
    cloud: dict[str, Any] = {"linestyle": "", "zorder": 3}
    return axes.plot([], [], label=label, **cloud | style)[0]


def band(axes: Axes, line: Line2D) -> PolyCollection:
    """Make a moving band in the color of a line, for example 10 to 90 % of the seeds; data (x, low, high)."""
    return axes.fill_between([0], [1], [1], color=line.get_color(), alpha=0.2, linewidth=0)


def image(axes: Axes, shape: Sequence[int], low: float = 0, high: float = 1, cmap: str = "gray") -> AxesImage:
    """Make a moving image of `shape` (rows, columns), or with a last axis of 3 colors; data the array, low to high."""
    axes.set_axis_off()
    return axes.imshow(np.zeros(shape), cmap=cmap, vmin=low, vmax=high, interpolation="nearest")


def bars(axes: Axes, edges: np.ndarray, label: str = "", **style: Any) -> StepPatch:
    """Make a moving histogram with n + 1 edges; data the n heights."""
    return axes.stairs(np.zeros(len(edges) - 1), edges, fill=True, label=label, **{"alpha": 0.7} | style)
