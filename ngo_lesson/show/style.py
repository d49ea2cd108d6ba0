"""The one look of every picture in the course: Okabe-Ito colors, distinct markers, sizes readable on a projector."""

from typing import Any

import matplotlib as mpl
from cycler import cycler

# Okabe & Ito 2008, "Color Universal Design": told apart with every common form of color blindness.
BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILION, PURPLE = (
    "#000000",
    "#E69F00",
    "#56B4E9",
    "#009E73",
    "#F0E442",
    "#0072B2",
    "#D55E00",
    "#CC79A7",
)
COLORS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LANDSCAPE = "cividis"  # a sequential map that stays ordered in gray and with color blindness

STYLE: dict[Any, Any] = {  # Matplotlib's stubs ask for its own keys
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.prop_cycle": cycler(color=COLORS, marker=MARKERS),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 12,
    "figure.constrained_layout.use": True,
    "figure.dpi": 96,
    "figure.facecolor": "white",
    "figure.figsize": (7.2, 3.6),
    "font.size": 11,
    "grid.alpha": 0.3,
    "image.cmap": LANDSCAPE,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "lines.markersize": 5,
    "lines.markeredgecolor": "white",
    "lines.markeredgewidth": 0.6,
    "savefig.facecolor": "white",
}


def use_style() -> None:
    """Apply the style of the course to every Matplotlib figure made from now on."""
    mpl.rcParams.update(STYLE)
