"""How the learning rate changes: a schedule is called with the steps taken so far, 0, 1, 2, ... Lessons 03 and 10.

An update rule takes one as its `lr`: Adam(lr=cosine(1e-3, steps=1000)).
"""

import math
import numbers
from collections.abc import Callable

Schedule = Callable[[int], float]


def constant(lr: float) -> Schedule:
    """Return lr at every step."""
    _positive(lr=lr)
    return lambda t: lr


def step_decay(lr: float, factor: float = 0.5, every: int = 100) -> Schedule:
    """Return lr, times `factor` once more after each `every` steps."""
    _positive(lr=lr, factor=factor, every=every)
    return lambda t: lr * factor ** (t // every)


def cosine(lr: float, steps: int, warmup: int = 0) -> Schedule:
    """Return a straight rise from 0 to lr at t = warmup, then half a cosine down to 0 at t = steps and after.

    Loshchilov & Hutter 2017, SGDR, eq. 5; the rise as in exercise 03.
    """
    _positive(lr=lr, steps=steps)
    if not 0 <= warmup < steps:
        raise ValueError(f"warmup={warmup!r} must be at least 0 and less than steps={steps!r}")

    def rate(t: int) -> float:
        if t < warmup:
            return lr * t / warmup
        done = min((t - warmup) / (steps - warmup), 1)
        return lr * (1 + math.cos(math.pi * done)) / 2

    return rate


def inverse_root(lr: float) -> Schedule:
    """Return lr / sqrt(t + 1), the rate of the bounds for convex stochastic problems. Nemirovski et al. 2009."""
    _positive(lr=lr)
    return lambda t: lr / math.sqrt(t + 1)


def robbins_monro(lr: float, offset: float = 1.0) -> Schedule:
    """Return lr offset / (t + offset): the rates sum to infinity, their squares do not. Robbins & Monro 1951."""
    _positive(lr=lr, offset=offset)
    return lambda t: lr * offset / (t + offset)


def spall(a: float, stability: float = 0.0, exponent: float = 0.602) -> Schedule:
    """Return a / (t + 1 + stability)^exponent, the gains of SPSA; its differences shrink with exponent 0.101.

    Spall 1998 advises about a tenth of all steps as `stability`.
    """
    _positive(a=a, exponent=exponent)
    if not stability >= 0:
        raise ValueError(f"stability={stability!r} must not be negative")
    return lambda t: a / (t + 1 + stability) ** exponent


def _positive(**arguments: float) -> None:
    """ValueError if one of these arguments is not a positive finite number."""
    for name, value in arguments.items():
        if not (isinstance(value, numbers.Real) and 0 < value < math.inf):
            raise ValueError(f"{name}={value!r} must be a positive number")
