"""Gradients from values: finite differences, and slopes along random directions. Lessons 06 and 10.

An estimator is any object with `gradient(fun, x, rng)`, which asks fun for values near the point x of shape (d,) and
returns an estimate of its gradient there, of x's shape and type (float64 or float32), and with `evaluations(d)`, how
many values that takes. `minimize(grad=...)` takes an estimator in place of a gradient.
"""

import math
import numbers
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numba import int64, types

from ngo_lesson.kernels import MATRIX, kernel
from ngo_lesson.optimize.objective import Objective

# A value with its slope along one direction, by forward mode. Griewank & Walther 2008, Evaluating Derivatives,
# section 3.2, bound it by 2 to 2.5.
SLOPE_COST = 2
GAUSSIAN, SPHERE, SIGNS = range(3)


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
        _check_point(x)
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
        _check_point(x)
        h, g = _distances(self.step, 1 / 3, x), np.empty_like(x)
        for i in range(x.size):
            above, below = x.copy(), x.copy()
            above[i] += h[i]
            below[i] -= h[i]
            width = above[i] - below[i]
            g[i] = (fun(above) - fun(below)) / width
        return g


@kernel(types.void(types.npy_rng, int64, MATRIX))
def draw_(rng, kind, U):
    """Fill the rows of U (n, d) with random directions u of the kind, scaled so that the mean of u u' is I."""
    n, d = U.shape
    for row in range(n):
        squares = 0.0
        for i in range(d):
            if kind == SIGNS:
                U[row, i] = 1.0 if rng.random() < 0.5 else -1.0
            else:
                U[row, i] = rng.standard_normal()
                squares += U[row, i] * U[row, i]
        if kind == SPHERE:
            scale = math.sqrt(d / squares)
            for i in range(d):
                U[row, i] *= scale


@dataclass(frozen=True)
class Sampled:
    """What estimators by random directions share: the mean over n directions u of the slope along u, times u.

    A slope is [f(x + h u) - f(x - h u)] / 2h, a mirrored (antithetic) pair, or with two_sided=False
    [f(x + h u) - f(x)] / h, where all n share f(x). A step that is given is h; step=None makes h the cube root of the
    spacing of floats (one-sided the root), times the largest |x_i| if that is above 1, as nothing is random in f.
    """

    n: int = 1
    step: float | None = None
    two_sided: bool = True
    kind: ClassVar[int]

    def __post_init__(self):
        _check_n(self.n)
        _check_step(self.step)
        if self.two_sided not in (True, False):
            raise ValueError(f"two_sided={self.two_sided!r} must be True or False")

    def evaluations(self, d: int) -> int:
        """Return how many values an estimate in d dimensions takes."""
        return 2 * self.n if self.two_sided else self.n + 1

    def width(self, x: np.ndarray) -> float:
        """Return h at x of shape (d,)."""
        if self.step is not None:
            return float(self.step)
        return float(np.finfo(x.dtype).eps ** (1 / 3 if self.two_sided else 1 / 2) * max(1, np.abs(x).max()))

    def gradient(self, fun: Callable, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return the estimate at x, of shape (d,)."""
        _check_point(x)
        h, U = x.dtype.type(self.width(x)), np.empty((self.n, x.size))
        draw_(rng, self.kind, U)
        slopes, U = np.empty(self.n), U.astype(x.dtype)
        base = None if self.two_sided else fun(x.copy())
        for row, u in enumerate(U):
            above = fun(x + h * u)
            slopes[row] = (above - fun(x - h * u)) / (2 * h) if self.two_sided else (above - base) / h
        return (slopes @ U / self.n).astype(x.dtype)


@dataclass(frozen=True)
class SPSA(Sampled):
    """Directions of random signs: simultaneous perturbation.

    For a linear f the squared error is (d - 1) / n times |g|^2. Spall 1992, Multivariate stochastic approximation using
    a simultaneous perturbation gradient approximation. He divides by the entries of u: for signs that is the same.
    """

    kind = SIGNS


@dataclass(frozen=True)
class Gaussian(Sampled):
    """Normal directions: unbiased for the gradient of the mean of f(x + h u), f smoothed.

    For a linear f the squared error is (d + 1) / n times |g|^2. Nesterov & Spokoiny 2017, Random gradient-free
    minimization of convex functions, section 3.
    """

    kind = GAUSSIAN


@dataclass(frozen=True)
class Sphere(Sampled):
    """Directions on the sphere of radius sqrt(d): unbiased for the gradient of f smoothed over a ball.

    With directions of length 1, as in Flaxman, Kalai & McMahan 2005, Online convex optimization in the bandit setting,
    the factor d stands in front, and their delta is h sqrt(d). For a linear f the squared error is that of SPSA.
    """

    kind = SPHERE


@dataclass(frozen=True)
class ForwardGradient:
    """Normal directions u with exact slopes: `jvp(x, u)` returns the derivative at x along u, by forward mode.

    No difference and no h, but the program of f must be differentiable. Each slope is charged as SLOPE_COST
    evaluations. Baydin et al. 2022, Gradients without backpropagation.
    """

    jvp: Callable[[np.ndarray, np.ndarray], float]
    n: int = 1

    def __post_init__(self):
        if not callable(self.jvp):
            raise TypeError(f"jvp={self.jvp!r} is not a function; give one of x and a direction, both of shape (d,)")
        _check_n(self.n)

    def evaluations(self, d: int) -> int:
        """Return as how many values an estimate is charged."""
        return SLOPE_COST * self.n

    def gradient(self, fun: Callable, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return the estimate at x, of shape (d,); fun is not asked, but charged if it is an Objective."""
        _check_point(x)
        U = np.empty((self.n, x.size))
        draw_(rng, GAUSSIAN, U)
        U = U.astype(x.dtype)
        slopes = np.array([self.jvp(x.copy(), u) for u in U], dtype=x.dtype)
        if isinstance(fun, Objective):
            fun.values += self.evaluations(x.size)
        return slopes @ U / x.dtype.type(self.n)


def _distances(step: float | None, power: float, x: np.ndarray) -> np.ndarray:
    """Return how far to go in each coordinate of x."""
    scale = np.finfo(x.dtype).eps ** power if step is None else step
    return (scale * np.maximum(1, np.abs(x))).astype(x.dtype)


def _check_step(step: float | None) -> None:
    if step is not None and not (isinstance(step, numbers.Real) and 0 < step < math.inf):
        raise ValueError(f"step={step!r} must be a positive number, or None for the best one")


def _check_n(n: int) -> None:
    if not (isinstance(n, numbers.Integral) and n > 0):
        raise ValueError(f"n={n!r} must be a positive integer, the number of directions")


def _check_point(x: np.ndarray) -> None:
    if not (isinstance(x, np.ndarray) and x.ndim == 1 and x.dtype in (np.float64, np.float32)):
        what = f"{x.dtype} of shape {x.shape}" if isinstance(x, np.ndarray) else f"a {type(x).__name__}"
        raise TypeError(f"x is {what}; give an array of floats of shape (d,), as np.array(x, dtype=float)")


ESTIMATORS = {
    "central": Central(),
    "forward": Forward(),
    "spsa": SPSA(),
    "gaussian": Gaussian(),
    "sphere": Sphere(),
}
