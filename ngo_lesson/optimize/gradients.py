"""Gradients from values: finite differences. Lessons 06 and 10.

An estimator is any object with `gradient(fun, x, rng)`, which asks fun for values near the point x of shape (d,) and
returns an estimate of its gradient there, of x's shape and type, and with `evaluations(d)`, how many values that takes.
`minimize(grad=...)` takes an estimator in place of a gradient.
"""

import math
import numbers
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Forward:
    """Forward differences, [f(x + h e_i) - f(x)] / h with h = step max(1, |x_i|): off by the order of h.

    step=None is the root of the spacing of floats (1.5e-8 in float64), where rounding costs as much as the formula.
    Nocedal & Wright 2006, Numerical Optimization, section 8.1.
    """

    step: float | None = None

    def __post_init__(self):
        _check_step(self.step)

    def evaluations(self, d: int) -> int:
        """Return how many values an estimate in d dimensions takes."""
        return d + 1

    def gradient(self, fun: Callable, x: np.ndarray, rng: np.random.Generator | None = None) -> np.ndarray:
        """Return the estimate at x, of shape (d,); nothing in it is random."""
        h, g, base = _distances(self.step, 1 / 2, x), np.empty_like(x), fun(x.copy())
        for i in range(x.size):
            above = x.copy()
            above[i] += h[i]
            h[i] = above[i] - x[i]  # what rounding left of it
            g[i] = (fun(above) - base) / h[i]
        return g


@dataclass(frozen=True)
class Central:
    """Central differences, [f(x + h e_i) - f(x - h e_i)] / 2h with h = step max(1, |x_i|): off by the order of h^2.

    step=None is the cube root of the spacing of floats (6e-6 in float64), where rounding costs as much as the formula.
    Nocedal & Wright 2006, Numerical Optimization, section 8.1.
    """

    step: float | None = None

    def __post_init__(self):
        _check_step(self.step)

    def evaluations(self, d: int) -> int:
        """Return how many values an estimate in d dimensions takes."""
        return 2 * d

    def gradient(self, fun: Callable, x: np.ndarray, rng: np.random.Generator | None = None) -> np.ndarray:
        """Return the estimate at x, of shape (d,); nothing in it is random."""
        h, g = _distances(self.step, 1 / 3, x), np.empty_like(x)
        for i in range(x.size):
            above, below = x.copy(), x.copy()
            above[i] += h[i]
            below[i] -= h[i]
            width = above[i] - below[i]
            g[i] = (fun(above) - fun(below)) / width
        return g


def _distances(step: float | None, power: float, x: np.ndarray) -> np.ndarray:
    """Return how far to go in each coordinate of x."""
    scale = np.finfo(x.dtype).eps ** power if step is None else step
    return (scale * np.maximum(1, np.abs(x))).astype(x.dtype)


def _check_step(step: float | None) -> None:
    if step is not None and not (isinstance(step, numbers.Real) and 0 < step < math.inf):
        raise ValueError(f"step={step!r} must be a positive number, or None for the best one")


ESTIMATORS = {"central": Central(), "forward": Forward()}
