"""Landscapes to try methods on, each for one difficulty, with gradient, box and minimum. Lessons 04 to 11.

Textbooks put the minimum at the center of the box, where several methods start or look first: `shifted` moves it.
Formulas as in Surjanovic & Bingham, Virtual Library of Simulation Experiments, unless the docstring says otherwise.
Constants are added so that the lowest value is 0. All take x of shape (d,), float64.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numba import float64, njit

from ngo_lesson.kernels import VECTOR, kernel

VALUE, SLOPE = float64(VECTOR), VECTOR(VECTOR)


@dataclass(frozen=True)
class Landscape:
    """A function to minimize: `fun` and `grad` take x of shape (d,); the box is [low, high] in every coordinate.

    `minimizer(d)` is a point where the value is lowest, 0; `dimension` is None if any d >= 2 will do.
    """

    name: str
    fun: Callable
    grad: Callable
    low: float
    high: float
    minimizer: Callable[[int], np.ndarray]
    dimension: int | None = None

    def bounds(self, d: int) -> np.ndarray:
        """Return the box as an array of shape (d, 2)."""
        return np.tile([self.low, self.high], (d, 1)).astype(float)

    def shifted(self, shift: np.ndarray) -> "Landscape":
        """Return the landscape moved by `shift` of shape (d,). The box stays; ValueError if the minimum leaves it."""
        shift = np.array(shift, dtype=float)
        if shift.ndim != 1 or shift.size < 2 or self.dimension not in (None, shift.size):
            wanted = f"({self.dimension},)" if self.dimension else "(d,) with d at least 2"
            raise ValueError(f"shift has shape {shift.shape}; for {self.name} it must be {wanted}")
        fun, grad, moved = self.fun, self.grad, self.minimizer(shift.size) + shift
        if not ((self.low <= moved) & (moved <= self.high)).all():
            raise ValueError(f"shift={shift} moves the minimum of {self.name} out of its box [{self.low}, {self.high}]")

        # Not kernels: the cache would keep one file for every shift.
        @njit(error_model="numpy")
        def moved_fun(x):
            return fun(x - shift)

        @njit(error_model="numpy")
        def moved_grad(x):
            return grad(x - shift)

        return replace(self, fun=moved_fun, grad=moved_grad, minimizer=lambda d: moved.copy(), dimension=shift.size)


@kernel(VALUE)
def sphere(x):
    """Sum of squares, the easiest: every method must do well here, and dimension alone makes it hard."""
    total = 0.0
    for i in range(x.size):
        total += x[i] * x[i]
    return total


@kernel(SLOPE)
def sphere_gradient(x):
    """Gradient of the sphere, (d,)."""
    return 2 * x


@kernel(VALUE)
def ellipsoid(x):
    """Squares weighted from 1 to 1e6 (Hansen et al. 2010, f2 without its bends): one valley, ill-conditioned."""
    total = 0.0
    for i in range(x.size):
        total += 10.0 ** (6 * i / max(x.size - 1, 1)) * x[i] * x[i]
    return total


@kernel(SLOPE)
def ellipsoid_gradient(x):
    """Gradient of the ellipsoid, (d,)."""
    g = np.empty_like(x)
    for i in range(x.size):
        g[i] = 2 * 10.0 ** (6 * i / max(x.size - 1, 1)) * x[i]
    return g


@kernel(VALUE)
def rosenbrock(x):
    """A long curved valley (Rosenbrock 1960): the way down keeps turning. Minimum at ones."""
    total = 0.0
    for i in range(x.size - 1):
        total += 100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2
    return total


@kernel(SLOPE)
def rosenbrock_gradient(x):
    """Gradient of Rosenbrock's function, (d,)."""
    g = np.zeros_like(x)
    for i in range(x.size - 1):
        above = x[i + 1] - x[i] ** 2
        g[i] += -400 * x[i] * above - 2 * (1 - x[i])
        g[i + 1] += 200 * above
    return g


@kernel(VALUE)
def zakharov(x):
    """A plate that rises steeply along one diagonal: curvature that no single coordinate shows."""
    squares, slope = 0.0, 0.0
    for i in range(x.size):
        squares += x[i] * x[i]
        slope += 0.5 * (i + 1) * x[i]
    return squares + slope**2 + slope**4


@kernel(SLOPE)
def zakharov_gradient(x):
    """Gradient of Zakharov's function, (d,)."""
    slope = 0.0
    for i in range(x.size):
        slope += 0.5 * (i + 1) * x[i]
    g = np.empty_like(x)
    for i in range(x.size):
        g[i] = 2 * x[i] + (slope + 2 * slope**3) * (i + 1)
    return g


@kernel(VALUE)
def rastrigin(x):
    """A bowl with a regular grid of local minima (Rastrigin 1974): descent ends in the nearest."""
    total = 0.0
    for i in range(x.size):
        total += x[i] ** 2 - 10 * np.cos(2 * np.pi * x[i]) + 10
    return total


@kernel(SLOPE)
def rastrigin_gradient(x):
    """Gradient of Rastrigin's function, (d,)."""
    g = np.empty_like(x)
    for i in range(x.size):
        g[i] = 2 * x[i] + 20 * np.pi * np.sin(2 * np.pi * x[i])
    return g


@kernel(VALUE)
def ackley(x):
    """Nearly flat and full of ripples, with one narrow funnel (Ackley 1987): gradients say little far from it."""
    squares, waves = 0.0, 0.0
    for i in range(x.size):
        squares += x[i] * x[i]
        waves += np.cos(2 * np.pi * x[i])
    return 20 + np.e - 20 * np.exp(-0.2 * np.sqrt(squares / x.size)) - np.exp(waves / x.size)


@kernel(SLOPE)
def ackley_gradient(x):
    """Gradient of Ackley's function, (d,); zero at the minimum, where it has a kink."""
    squares, waves = 0.0, 0.0
    for i in range(x.size):
        squares += x[i] * x[i]
        waves += np.cos(2 * np.pi * x[i])
    root = np.sqrt(squares / x.size)
    g = np.zeros_like(x)
    if root > 0:
        for i in range(x.size):
            g[i] = 4 * np.exp(-0.2 * root) * x[i] / (x.size * root)
            g[i] += 2 * np.pi * np.sin(2 * np.pi * x[i]) * np.exp(waves / x.size) / x.size
    return g


@kernel(VALUE)
def griewank(x):
    """A wide bowl with small ripples (Griewank 1981): many minima, fewer that matter the higher d (Locatelli 2003)."""
    squares, product = 0.0, 1.0
    for i in range(x.size):
        squares += x[i] * x[i]
        product *= np.cos(x[i] / np.sqrt(i + 1.0))
    return 1 + squares / 4000 - product


@kernel(SLOPE)
def griewank_gradient(x):
    """Gradient of Griewank's function, (d,)."""
    g = np.empty_like(x)
    before = after = 1.0
    for i in range(x.size):
        g[i] = before
        before *= np.cos(x[i] / np.sqrt(i + 1.0))
    for i in range(x.size - 1, -1, -1):  # g[i] times `after` is the product without factor i
        g[i] = x[i] / 2000 + g[i] * after * np.sin(x[i] / np.sqrt(i + 1.0)) / np.sqrt(i + 1.0)
        after *= np.cos(x[i] / np.sqrt(i + 1.0))
    return g


@kernel(VALUE)
def schwefel(x):
    """Deep valleys, the second best far from the best, which is near a corner (Schwefel 1981): deceptive.

    Outside the box, where the formula has deeper valleys, a bowl continues it. The lowest value is 0 up to rounding.
    """
    total = 0.0
    for i in range(x.size):
        inside = min(max(x[i], -500.0), 500.0)
        total += 418.9828872724338 - inside * np.sin(np.sqrt(np.abs(inside))) + (x[i] - inside) ** 2
    return total


@kernel(SLOPE)
def schwefel_gradient(x):
    """Gradient of Schwefel's function, (d,)."""
    g = np.empty_like(x)
    for i in range(x.size):
        root = np.sqrt(np.abs(x[i]))
        inside = min(max(x[i], -500.0), 500.0)
        g[i] = -np.sin(root) - 0.5 * root * np.cos(root) if x[i] == inside else 2 * (x[i] - inside)
    return g


@kernel(VALUE)
def levy(x):
    """A valley crossed by waves, steeper at the walls (Levy & Montalvo 1985). Minimum at ones."""
    first, last = 1 + (x[0] - 1) / 4, 1 + (x[x.size - 1] - 1) / 4
    total = np.sin(np.pi * first) ** 2 + (last - 1) ** 2 * (1 + np.sin(2 * np.pi * last) ** 2)
    for i in range(x.size - 1):
        w = 1 + (x[i] - 1) / 4
        total += (w - 1) ** 2 * (1 + 10 * np.sin(np.pi * w + 1) ** 2)
    return total


@kernel(SLOPE)
def levy_gradient(x):
    """Gradient of Levy's function, (d,)."""
    g = np.zeros_like(x)
    for i in range(x.size - 1):
        w = 1 + (x[i] - 1) / 4
        wave = np.pi * w + 1
        g[i] = 2 * (w - 1) * (1 + 10 * np.sin(wave) ** 2) + (w - 1) ** 2 * 10 * np.pi * np.sin(2 * wave)
    first, last = 1 + (x[0] - 1) / 4, 1 + (x[x.size - 1] - 1) / 4
    g[0] += np.pi * np.sin(2 * np.pi * first)
    wave = 2 * np.pi * last
    g[x.size - 1] += 2 * (last - 1) * (1 + np.sin(wave) ** 2) + (last - 1) ** 2 * 2 * np.pi * np.sin(2 * wave)
    return g / 4


@kernel(VALUE)
def styblinski_tang(x):
    """Two valleys in every coordinate, one deeper: 2^d minima (Styblinski & Tang 1990)."""
    total = 0.0
    for i in range(x.size):
        total += 39.16616570377142 + (x[i] ** 4 - 16 * x[i] ** 2 + 5 * x[i]) / 2
    return total


@kernel(SLOPE)
def styblinski_tang_gradient(x):
    """Gradient of Styblinski and Tang's function, (d,)."""
    return 2 * x**3 - 16 * x + 2.5


@kernel
def pair(x):
    """Return the two coordinates of x; ValueError if it has another shape than (2,)."""
    if x.size != 2:
        raise ValueError("x has not two coordinates; this landscape is defined in two dimensions only")
    return x[0], x[1]


@kernel(VALUE)
def beale(x):
    """Two dimensions: a flat plain between steep walls (Beale 1958), where one rate is too small and too large."""
    a, b = pair(x)
    return (1.5 - a + a * b) ** 2 + (2.25 - a + a * b**2) ** 2 + (2.625 - a + a * b**3) ** 2


@kernel(SLOPE)
def beale_gradient(x):
    """Gradient of Beale's function, (2,)."""
    a, b = pair(x)
    r1, r2, r3 = 1.5 - a + a * b, 2.25 - a + a * b**2, 2.625 - a + a * b**3
    g = np.empty(2)
    g[0] = 2 * (r1 * (b - 1) + r2 * (b**2 - 1) + r3 * (b**3 - 1))
    g[1] = 2 * a * (r1 + 2 * r2 * b + 3 * r3 * b**2)
    return g


@kernel(VALUE)
def himmelblau(x):
    """Two dimensions: four minima of equal value (Himmelblau 1972): the start decides which one is found."""
    a, b = pair(x)
    return (a**2 + b - 11) ** 2 + (a + b**2 - 7) ** 2


@kernel(SLOPE)
def himmelblau_gradient(x):
    """Gradient of Himmelblau's function, (2,)."""
    a, b = pair(x)
    first, second = a**2 + b - 11, a + b**2 - 7
    g = np.empty(2)
    g[0] = 4 * a * first + 2 * second
    g[1] = 2 * first + 4 * b * second
    return g


@kernel(VALUE)
def six_hump_camel(x):
    """Two dimensions: six minima, two of them lowest (Dixon & Szego 1978): small enough to see all."""
    a, b = pair(x)
    return 1.031628453489877 + (4 - 2.1 * a**2 + a**4 / 3) * a**2 + a * b + (-4 + 4 * b**2) * b**2


@kernel(SLOPE)
def six_hump_camel_gradient(x):
    """Gradient of the six-hump camel, (2,)."""
    a, b = pair(x)
    g = np.empty(2)
    g[0] = 8 * a - 8.4 * a**3 + 2 * a**5 + b
    g[1] = a - 8 * b + 16 * b**3
    return g


@kernel(VALUE)
def saddle(x):
    """Two dimensions: a saddle at the origin between two minima; from near the ridge, descent is slow to leave it."""
    a, b = pair(x)
    return 0.25 + a**2 - 0.5 * b**2 + 0.25 * b**4


@kernel(SLOPE)
def saddle_gradient(x):
    """Gradient of the saddle, (2,)."""
    a, b = pair(x)
    g = np.empty(2)
    g[0] = 2 * a
    g[1] = b**3 - b
    return g


def _constant(value: float) -> Callable[[int], np.ndarray]:
    return lambda d: np.full(d, value)


LANDSCAPES = {
    landscape.name: landscape
    for landscape in (
        Landscape("sphere", sphere, sphere_gradient, -5, 5, np.zeros),
        Landscape("ellipsoid", ellipsoid, ellipsoid_gradient, -5, 5, np.zeros),
        Landscape("rosenbrock", rosenbrock, rosenbrock_gradient, -5, 10, np.ones),
        Landscape("zakharov", zakharov, zakharov_gradient, -5, 10, np.zeros),
        Landscape("rastrigin", rastrigin, rastrigin_gradient, -5.12, 5.12, np.zeros),
        Landscape("ackley", ackley, ackley_gradient, -32.768, 32.768, np.zeros),
        Landscape("griewank", griewank, griewank_gradient, -600, 600, np.zeros),
        Landscape("schwefel", schwefel, schwefel_gradient, -500, 500, _constant(420.968746359982)),
        Landscape("levy", levy, levy_gradient, -10, 10, np.ones),
        Landscape("styblinski-tang", styblinski_tang, styblinski_tang_gradient, -5, 5, _constant(-2.903534027771177)),
        Landscape("beale", beale, beale_gradient, -4.5, 4.5, lambda d: np.array([3.0, 0.5]), dimension=2),
        Landscape("himmelblau", himmelblau, himmelblau_gradient, -5, 5, lambda d: np.array([3.0, 2.0]), dimension=2),
        Landscape(
            "six-hump camel",
            six_hump_camel,
            six_hump_camel_gradient,
            -3,
            3,
            lambda d: np.array([0.0898420131003178, -0.7126564030207396]),
            dimension=2,
        ),
        Landscape("saddle", saddle, saddle_gradient, -2, 2, lambda d: np.array([0.0, 1.0]), dimension=2),
    )
}
