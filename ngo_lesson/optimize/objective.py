"""What a method may ask of the objective, and what each question costs. Lessons 01 and 02.

A search asks for values only (zeroth order), a descent for gradients too (first order). To compare them fairly all is
counted in evaluations: a value costs one, a gradient and the value at the same point together cost `GRADIENT_COST`.
"""

import numbers
from collections.abc import Callable

import numpy as np
from numba import float64
from numba.core.dispatcher import Dispatcher
from numba.core.errors import NumbaError

from ngo_lesson.kernels import VECTOR

# By reverse mode: the forward pass gives the value, and the backward pass takes about twice its work.
# Griewank & Walther 2008, Evaluating Derivatives, chapter 4, bound it by 3 to 4.
GRADIENT_COST = 3


def as_point(x0, name: str = "x0") -> np.ndarray:
    """Return `x0` as a new float64 array of shape (d,). ValueError or TypeError if it is no finite point."""
    try:
        point = np.array(x0, dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError(
            f"{name}={x0!r} cannot be read as real numbers; give a one-dimensional array of floats"
        ) from None
    if point.ndim != 1 or point.size == 0:
        raise ValueError(f"{name} has shape {point.shape}; give a one-dimensional array with at least one number")
    if not np.isfinite(point).all():
        first = int(np.flatnonzero(~np.isfinite(point))[0])
        raise ValueError(f"{name}[{first}] is {point[first]}; a search must start from finite numbers")
    return point


class Objective:
    """A function to minimize, with its gradient or an estimator of it if there is one, that counts every question.

    `fun(x)` returns one number and `grad(x)` an array of the shape of x, for x of shape (d,). Either may be a plain
    function or one decorated with @njit, and gets an array of its own. An estimator (gradients.py) asks for values
    only, and may draw from `rng`. `values` and `gradients` count the questions.
    """

    def __init__(self, fun: Callable, grad=None, rng: np.random.Generator | None = None):
        self.estimated = hasattr(grad, "gradient") and hasattr(grad, "evaluations")
        if not callable(fun):
            raise TypeError(f"fun={fun!r} is not a function; give one that takes an array of shape (d,)")
        if not (grad is None or callable(grad) or self.estimated):
            raise TypeError(
                f"grad={grad!r} is not a function; give one that takes an array of shape (d,), or an estimator with "
                "gradient(fun, x, rng) and evaluations(d)"
            )
        self.fun, self.grad, self.rng = fun, grad, rng
        self.values = self.gradients = 0

    def cost(self, d: int) -> int:
        """Return what the value and the gradient at one point of shape (d,) are charged."""
        if not self.estimated:
            return GRADIENT_COST
        asked: int = self.grad.evaluations(d)
        if not (isinstance(asked, numbers.Integral) and asked > 0):
            raise TypeError(
                f"grad.evaluations({d}) returned {asked!r}; it must return how many values an estimate asks"
            )
        return 1 + asked

    @property
    def nfev(self) -> int:
        """Evaluations charged so far. Gradients are asked where the value is, which counts one of their evaluations."""
        return self.values + (GRADIENT_COST - 1) * self.gradients

    def __call__(self, x: np.ndarray) -> float:
        """Return the value at x, which may be NaN or infinite."""
        self.values += 1
        value = self.fun(x.copy())
        if isinstance(value, np.ndarray) and value.ndim == 0:
            value = value.item()
        if not isinstance(value, numbers.Real):
            what = f"an array of shape {value.shape}" if isinstance(value, np.ndarray) else repr(value)
            raise TypeError(
                f"fun returned {what}; it must return one real number (is a sum, a mean or a return missing?)"
            )
        return float(value)

    def gradient(self, x: np.ndarray) -> np.ndarray:
        """Return the gradient at x, or its estimate, as a float64 array of shape (d,), which may hold NaN."""
        if self.estimated:
            answer = self.grad.gradient(self, x.copy(), self.rng)
        else:
            self.gradients += 1
            answer = self.grad(x.copy())
        try:
            gradient = np.asarray(answer, dtype=np.float64)
        except (TypeError, ValueError):
            raise TypeError(f"grad returned {answer!r}; it must return an array of {x.size} floats") from None
        if gradient.shape != x.shape:
            what = f"shape {gradient.shape}" if gradient.ndim else repr(answer)
            raise ValueError(f"grad returned {what}; it must return an array of shape {x.shape}, the shape of x")
        return np.ascontiguousarray(gradient)

    def compiled(self) -> bool:
        """Whether both functions are @njit and return float64, so that a compiled loop can call them."""
        return _returns(self.fun, float64) and (self.grad is None or _returns(self.grad, VECTOR))


def _returns(function: Callable, kind) -> bool:
    """Whether `function` is @njit and turns a float64 array into exactly `kind`; compiles it if need be."""
    if not isinstance(function, Dispatcher):
        return False
    try:
        result = function.get_compile_result(kind(VECTOR))
        return result.signature.return_type == kind  # type: ignore[attr-defined]  # numba makes the fields as it runs
    except NumbaError:  # it returns something else, or cannot be compiled, which the plain loop will let it say
        return False
