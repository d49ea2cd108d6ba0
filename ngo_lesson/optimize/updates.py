"""Update rules: what a step does with a gradient or an estimate of one. Lessons 02, 04, 05 and 10.

Names, defaults and trajectories are those of torch.optim. Each rule is one kernel in place, in one form for all:
`step_(theta, g, state, t, lr, p)` with theta and g of shape (d,), the rows of `state` as arrays like theta, the number
t of the step counted from 1, its rate lr, and the constants p of the rule. It returns False if the gradient, weight
decay included, is not finite somewhere. The classes keep the state from step to step and name what is wrong.
"""

import copy
import math
import numbers
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numba import boolean, float32, float64, int64, types
from numba.core.typing import Signature

from ngo_lesson.kernels import Kernel, kernel

Rate = float | Callable[[int], float]  # a number, or a schedule called with 0, 1, 2, ...


def form(real: types.Float) -> Signature:
    """Return the signature of a step on arrays of this type."""
    return boolean(real[::1], real[::1], real[:, ::1], int64, real, real[::1])


def step(function: Callable) -> dict[np.dtype, Kernel]:
    """Decorate a step: its kernels for float64 and float32, by dtype."""
    return {np.dtype(real.name): kernel(form(real))(function) for real in (float64, float32)}


# New state is kept in a variable (vi) besides being stored: reading v[i] back right after the store takes up to three
# times as long where v is not aligned. A float64 or integer constant in a loop would turn all of a float32 loop into
# float64.


@step
def gd_step_(theta, g, state, t, lr, p):
    """Gradient descent (Cauchy 1847): theta -= lr g. p: weight_decay."""
    decay, finite = p[0], True
    for i in range(theta.size):
        gi = g[i] + decay * theta[i]
        theta[i] -= lr * gi
        finite &= math.isfinite(gi)
    return finite


@step
def sign_step_(theta, g, state, t, lr, p):
    """Descent by signs (Bernstein, Wang, Azizzadenesheli & Anandkumar 2018): theta -= lr sign(g). p: weight_decay."""
    decay, finite = p[0], True
    for i in range(theta.size):
        gi = g[i] + decay * theta[i]
        theta[i] -= lr * np.sign(gi)
        finite &= math.isfinite(gi)
    return finite


@step
def momentum_step_(theta, g, state, t, lr, p):
    """Heavy ball (Polyak 1964) in torch's form: v = momentum v + g, theta -= lr v. p: momentum, weight_decay."""
    momentum, decay, finite = p[0], p[1], True
    v = state[0]
    for i in range(theta.size):
        gi = g[i] + decay * theta[i]
        vi = momentum * v[i] + gi
        theta[i] -= lr * vi
        v[i] = vi
        finite &= math.isfinite(gi)
    return finite


@step
def nesterov_step_(theta, g, state, t, lr, p):
    """Nesterov's momentum in torch's form: theta is the point where g is taken. p: momentum, weight_decay.

    It is theta + momentum v of Sutskever, Martens, Dahl & Hinton 2013, eq. 3 and 4.
    """
    momentum, decay, finite = p[0], p[1], True
    v = state[0]
    for i in range(theta.size):
        gi = g[i] + decay * theta[i]
        vi = momentum * v[i] + gi
        theta[i] -= lr * (gi + momentum * vi)
        v[i] = vi
        finite &= math.isfinite(gi)
    return finite


@step
def adagrad_step_(theta, g, state, t, lr, p):
    """Adagrad (Duchi, Hazan & Singer 2011): s collects the squares. p: lr_decay, eps, weight_decay."""
    eps, decay, finite = p[1], p[2], True
    rate = theta.dtype.type(lr / (1 + (t - 1) * p[0]))
    s = state[0]
    for i in range(theta.size):
        gi = g[i] + decay * theta[i]
        si = s[i] + gi * gi
        theta[i] -= rate * gi / (np.sqrt(si) + eps)
        s[i] = si
        finite &= math.isfinite(gi)
    return finite


@step
def rmsprop_step_(theta, g, state, t, lr, p):
    """RMSprop (Tieleman & Hinton 2012): s is a running mean of squares. p: alpha, 1 - alpha, eps, weight_decay."""
    alpha, rest, eps, decay, finite = p[0], p[1], p[2], p[3], True
    s = state[0]
    for i in range(theta.size):
        gi = g[i] + decay * theta[i]
        si = alpha * s[i] + rest * gi * gi
        theta[i] -= lr * gi / (np.sqrt(si) + eps)
        s[i] = si
        finite &= math.isfinite(gi)
    return finite


@step
def rmsprop_momentum_step_(theta, g, state, t, lr, p):
    """RMSprop with momentum on the scaled gradient. p: alpha, 1 - alpha, eps, weight_decay, momentum."""
    alpha, rest, eps, decay, momentum, finite = p[0], p[1], p[2], p[3], p[4], True
    s, v = state[0], state[1]
    for i in range(theta.size):
        gi = g[i] + decay * theta[i]
        si = alpha * s[i] + rest * gi * gi
        vi = momentum * v[i] + gi / (np.sqrt(si) + eps)
        theta[i] -= lr * vi
        s[i], v[i] = si, vi
        finite &= math.isfinite(gi)
    return finite


@step
def rmsprop_centered_step_(theta, g, state, t, lr, p):
    """RMSprop that takes the squared running mean off the squares, with momentum (Graves 2013, eq. 38 to 41).

    p: alpha, 1 - alpha, eps, weight_decay, momentum.
    """
    alpha, rest, eps, decay, momentum, finite = p[0], p[1], p[2], p[3], p[4], True
    s, v, mean = state[0], state[1], state[2]
    for i in range(theta.size):
        gi = g[i] + decay * theta[i]
        si = alpha * s[i] + rest * gi * gi
        mi = alpha * mean[i] + rest * gi
        variance = np.abs(si - mi * mi)  # rounding may leave it below zero
        vi = momentum * v[i] + gi / (np.sqrt(variance) + eps)
        theta[i] -= lr * vi
        s[i], v[i], mean[i] = si, vi, mi
        finite &= math.isfinite(gi)
    return finite


@kernel
def corrected(theta, t, lr, rest1, rest2):
    """Return lr / (1 - beta1^t) and 1 / sqrt(1 - beta2^t) in theta's type: Adam's corrections of a start from zero.

    They are taken from 1 - beta, which float32 holds to more digits than beta.
    """
    if t < 1:
        raise ValueError("t is less than 1; steps are counted from 1")
    real = theta.dtype.type
    return real(lr / (1 - (1 - float64(rest1)) ** t)), real(1 / np.sqrt(1 - (1 - float64(rest2)) ** t))


@step
def adam_step_(theta, g, state, t, lr, p):
    """Adam (Kingma & Ba 2015, algorithm 1). p: beta1, 1 - beta1, beta2, 1 - beta2, eps, weight_decay."""
    beta1, rest1, beta2, rest2, eps, decay, finite = p[0], p[1], p[2], p[3], p[4], p[5], True
    size, root = corrected(theta, t, lr, rest1, rest2)
    m, v = state[0], state[1]
    for i in range(theta.size):
        gi = g[i] + decay * theta[i]
        mi = beta1 * m[i] + rest1 * gi
        vi = beta2 * v[i] + rest2 * gi * gi
        theta[i] -= size * mi / (np.sqrt(vi) * root + eps)
        m[i], v[i] = mi, vi
        finite &= math.isfinite(gi)
    return finite


@step
def amsgrad_step_(theta, g, state, t, lr, p):
    """Adam that divides by the largest v so far (Reddi, Kale & Kumar 2018), corrected after the maximum as in torch.

    p: beta1, 1 - beta1, beta2, 1 - beta2, eps, weight_decay.
    """
    beta1, rest1, beta2, rest2, eps, decay, finite = p[0], p[1], p[2], p[3], p[4], p[5], True
    size, root = corrected(theta, t, lr, rest1, rest2)
    m, v, largest = state[0], state[1], state[2]
    for i in range(theta.size):
        gi = g[i] + decay * theta[i]
        mi = beta1 * m[i] + rest1 * gi
        vi = beta2 * v[i] + rest2 * gi * gi
        li = max(largest[i], vi)
        theta[i] -= size * mi / (np.sqrt(li) * root + eps)
        m[i], v[i], largest[i] = mi, vi, li
        finite &= math.isfinite(gi)
    return finite


@step
def adamw_step_(theta, g, state, t, lr, p):
    """AdamW (Loshchilov & Hutter 2019, algorithm 2): theta shrinks by itself, apart from the gradient.

    p: beta1, 1 - beta1, beta2, 1 - beta2, eps, weight_decay.
    """
    beta1, rest1, beta2, rest2, eps, finite = p[0], p[1], p[2], p[3], p[4], True
    size, root = corrected(theta, t, lr, rest1, rest2)
    keep = theta.dtype.type(1 - lr * p[5])
    m, v = state[0], state[1]
    for i in range(theta.size):
        mi = beta1 * m[i] + rest1 * g[i]
        vi = beta2 * v[i] + rest2 * g[i] * g[i]
        ti = keep * theta[i] - size * mi / (np.sqrt(vi) * root + eps)
        theta[i], m[i], v[i] = ti, mi, vi
        finite &= math.isfinite(ti)
    return finite


def _at_least_0(value: float) -> bool:
    return isinstance(value, numbers.Real) and 0 <= value < math.inf


def _fraction(value: float) -> bool:
    return _at_least_0(value) and value < 1


def _two_fractions(value: object) -> bool:
    return isinstance(value, tuple | list) and len(value) == 2 and all(map(_fraction, value))


# What each constant may be, and how to say so.
LIMITS = {
    "lr": (lambda value: callable(value) or (_at_least_0(value) and value > 0), "a positive number or a schedule"),
    "betas": (_two_fractions, "two numbers, each at least 0 and less than 1"),
    **dict.fromkeys(("momentum", "alpha"), (_fraction, "at least 0 and less than 1")),
    **dict.fromkeys(("eps", "lr_decay", "weight_decay"), (_at_least_0, "a number that is not negative")),
    **dict.fromkeys(("nesterov", "centered", "amsgrad"), (lambda value: value in (True, False), "True or False")),
}


class UpdateRule:
    """A rule with its constants, and its state from step to step: `rule.step_(theta, g)`.

    `lr` is a number or a schedule (schedules.py) and may be changed between steps, the other constants after `reset()`.
    `weight_decay` adds weight_decay * theta to the gradient, as in torch; AdamW takes it off theta instead.
    `t` counts the steps taken; `state` holds the arrays kept, of shape (rows, d), and is None before the first step.
    A subclass is a dataclass of its constants and says in `_parts` which step it takes.
    """

    if TYPE_CHECKING:
        lr: Rate  # a field of every subclass, none of this class

    def __post_init__(self):
        for name in (field.name for field in fields(self) if field.name in LIMITS):
            (allowed, wanted), value = LIMITS[name], getattr(self, name)
            if not allowed(value):
                raise ValueError(f"{name}={value!r} must be {wanted}")
        self.reset()

    def _parts(self) -> tuple[dict[np.dtype, Kernel], int, tuple[float, ...]]:
        """Return the step, the number of rows of its state, and its constants p."""
        raise NotImplementedError(f"{type(self).__name__} must define _parts(), which says what step it takes")

    def reset(self) -> None:
        """Forget the state, as before the first step."""
        self.t = 0
        self.state: np.ndarray | None = None

    def fresh(self) -> "UpdateRule":
        """Return a copy of the rule as before its first step."""
        rule = copy.copy(self)
        rule.reset()
        return rule

    def begin(self, theta: np.ndarray) -> tuple[Kernel, np.ndarray, np.ndarray]:
        """Return what steps on theta of shape (d,) take: the kernel, a state of zeros, and p in theta's type."""
        steps, rows, p = self._parts()
        if not (isinstance(theta, np.ndarray) and theta.ndim == 1 and theta.dtype in steps):
            raise TypeError(f"theta is {_kind(theta)}; give an array of shape (d,), float64 or float32")
        return steps[theta.dtype], np.zeros((rows, theta.size), theta.dtype), np.array(p, theta.dtype)

    def rate(self, t: int) -> float:
        """Return the rate of step t, counted from 1. ValueError if it is not a finite number, or negative."""
        lr = self.lr(t - 1) if callable(self.lr) else self.lr
        if not (isinstance(lr, (float, numbers.Real)) and 0 <= lr < math.inf):  # float first: an ABC is slow to ask
            what = f"the schedule lr returned {lr!r} for t={t - 1}" if callable(self.lr) else f"lr={lr!r}"
            raise ValueError(f"{what}; a learning rate is a finite number and not negative")
        return lr

    def rates(self, steps: int) -> np.ndarray:
        """Return the rates of the first steps, an array of shape (steps,)."""
        if not callable(self.lr):
            return np.full(steps, float(self.lr))
        return np.array([self.rate(t) for t in range(1, steps + 1)], dtype=np.float64)

    def step_(self, theta: np.ndarray, g: np.ndarray) -> None:
        """Take one step in place on theta of shape (d,), float64 or float32, given the gradient g, an array like it.

        ValueError if g or theta is not finite. That is found on the way, and leaves theta and the state spoiled: to
        look first would make a long step slower by up to a third.
        """
        if self.state is None:
            self._kernel, self.state, self._p = self.begin(theta)
            self._shape = theta.shape
        t, lr = self.t + 1, self.rate(self.t + 1)
        try:
            fits = theta.shape == g.shape == self._shape
            done = fits and self._kernel(theta, g, self.state, t, lr, self._p)
        except (AttributeError, TypeError):  # no arrays, or arrays of another type: kernels take one type only
            done = False
        if not done:
            raise ValueError(self._fault(theta, g))
        self.t = t

    def _fault(self, theta: np.ndarray, g: np.ndarray) -> str:
        """Say why a step was refused."""
        assert self.state is not None
        wanted = f"{self.state.dtype} of shape {self._shape}"
        for name, array in (("theta", theta), ("g", g)):
            if _kind(array) != wanted:
                return f"{name} is {_kind(array)}; it must be {wanted}, as theta was at first (reset() starts anew)"
        bad = np.flatnonzero(~np.isfinite(g))
        what = f"g[{bad[0]}] is {g[bad[0]]}" if bad.size else "theta has overflowed"
        return f"{what} at step {self.t + 1}: the run has diverged; try a smaller lr"


@dataclass(eq=False)
class GD(UpdateRule):
    """Gradient descent. Lesson 02."""

    lr: Rate = 1e-3
    weight_decay: float = 0.0

    def _parts(self):
        return gd_step_, 0, (self.weight_decay,)


@dataclass(eq=False)
class Sign(UpdateRule):
    """Descent by the signs of the gradient: every coordinate moves by lr, whatever its slope. Lesson 10."""

    lr: Rate = 1e-3
    weight_decay: float = 0.0

    def _parts(self):
        return sign_step_, 0, (self.weight_decay,)


@dataclass(eq=False)
class Momentum(UpdateRule):
    """Heavy ball (Polyak 1964) or Nesterov's momentum, both in torch's form, where lr stays outside v. Lesson 04."""

    lr: Rate = 1e-3
    momentum: float = 0.9
    nesterov: bool = False
    weight_decay: float = 0.0

    def _parts(self):
        return nesterov_step_ if self.nesterov else momentum_step_, 1, (self.momentum, self.weight_decay)


@dataclass(eq=False)
class Adagrad(UpdateRule):
    """Adagrad (Duchi, Hazan & Singer 2011); lr_decay divides lr by 1 + (t - 1) lr_decay. Lesson 05."""

    lr: Rate = 1e-2
    lr_decay: float = 0.0
    eps: float = 1e-10
    weight_decay: float = 0.0

    def _parts(self):
        return adagrad_step_, 1, (self.lr_decay, self.eps, self.weight_decay)


@dataclass(eq=False)
class RMSprop(UpdateRule):
    """RMSprop (Tieleman & Hinton 2012), also centered (Graves 2013) and with momentum. Lesson 05.

    eps stands outside the root, and nothing corrects the start: the first step is lr / sqrt(1 - alpha), 10 lr.
    """

    lr: Rate = 1e-2
    alpha: float = 0.99
    eps: float = 1e-8
    momentum: float = 0.0
    centered: bool = False
    weight_decay: float = 0.0

    def _parts(self):
        p = self.alpha, 1 - self.alpha, self.eps, self.weight_decay, self.momentum
        if self.centered:
            return rmsprop_centered_step_, 3, p
        return (rmsprop_momentum_step_, 2, p) if self.momentum else (rmsprop_step_, 1, p)


@dataclass(eq=False)
class Adam(UpdateRule):
    """Adam (Kingma & Ba 2015), or AMSGrad (Reddi, Kale & Kumar 2018). Lesson 05.

    eps stands outside the root of the corrected v: the first step is about lr in every coordinate.
    """

    lr: Rate = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0
    amsgrad: bool = False

    def _parts(self):
        p = _adam_constants(self)
        return (amsgrad_step_, 3, p) if self.amsgrad else (adam_step_, 2, p)


@dataclass(eq=False)
class AdamW(UpdateRule):
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019). Lesson 05."""

    lr: Rate = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 1e-2

    def _parts(self):
        return adamw_step_, 2, _adam_constants(self)


RULES: dict[str, Callable[..., UpdateRule]] = {
    "gd": GD,
    "momentum": Momentum,
    "nesterov": partial(Momentum, nesterov=True),
    "adagrad": Adagrad,
    "rmsprop": RMSprop,
    "adam": Adam,
    "amsgrad": partial(Adam, amsgrad=True),
    "adamw": AdamW,
}


def _adam_constants(rule: Adam | AdamW) -> tuple[float, ...]:
    beta1, beta2 = rule.betas
    return beta1, 1 - beta1, beta2, 1 - beta2, rule.eps, rule.weight_decay


def _kind(array: object) -> str:
    """Say what an array is, and what keeps a kernel from taking it."""
    if not isinstance(array, np.ndarray):
        return f"a {type(array).__name__}"
    flaws = (", not contiguous" * (not array.flags.c_contiguous)) + (", read-only" * (not array.flags.writeable))
    return f"{array.dtype} of shape {array.shape}{flaws}"
