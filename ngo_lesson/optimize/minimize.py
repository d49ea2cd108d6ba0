"""One door to all methods of the course, in the words of scipy.optimize. Lesson 02 uses it first.

A method is a small object with `options` (names and defaults), `bounded` (whether it accepts bounds) and
`run(objective, x0, *, bounds, budget, rng, callback, **options)`. A name is an entry of `METHODS`; an update rule
stands for descent by that rule.
"""

import difflib
import numbers
from collections.abc import Callable, Iterable

import numpy as np
from scipy.optimize import OptimizeResult

from ngo_lesson.optimize import annealing, descent, evolution, search, zeroth
from ngo_lesson.optimize.gradients import ESTIMATORS
from ngo_lesson.optimize.objective import Objective, as_point
from ngo_lesson.optimize.updates import UpdateRule

BUDGET = 10_000
METHODS = {
    **descent.METHODS,
    **search.METHODS,
    **annealing.METHODS,
    **evolution.METHODS,
    **zeroth.METHODS,
}


def minimize(
    fun: Callable,
    x0,
    *,
    method,
    bounds=None,
    grad=None,
    budget: int | None = None,
    seed=None,
    callback: Callable | None = None,
    **options,
) -> OptimizeResult:
    """Minimize `fun(x)` from the point `x0` of shape (d,).

    method: a name, an update rule of updates.py, as Adam(lr=0.1), which is not changed, or an object as this module
        describes. Descent: "gd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "amsgrad", "adamw". By values
        only: "random", "hill", "one-plus-one", "nelder-mead" (search.py), "annealing" (annealing.py), "ga", "de", "es",
        "cma", "sep-cma" (evolution.py), "spsa", "zo-sgd", "zo-sign", "zo-adam" (zeroth.py).
    bounds: d pairs (low, high), None for no bound, or a scipy Bounds; for searches. x0 must lie inside.
    grad: the gradient as a function of x, for methods that ask for it; or the name of an estimate from values
        ("central", "forward", "spsa", "gaussian", "sphere"); or an estimator as gradients.py describes.
    budget: evaluations at most, a gradient with its value charged as 3, an estimate as the values that it asks for
        besides the one at the point; 10,000 unless `steps` is given.
    seed: int or numpy Generator; the same seed gives the same result.
    callback: called at every point with an OptimizeResult (x, fun, nfev, nit). StopIteration ends the search, and so
        does any other exception, which the message then quotes.
    options of descent: the constants of the rule, lr (a number or a schedule) and others, named as in torch.optim;
        steps=None, tol=0.0 (norm of the gradient at which to stop), keep_path=False.
    options of searches: the constants of the method, as its module names them; target=None (value at which to stop),
        on_error="raise" ("skip" counts an error in fun as +inf; NaN always counts so), progress=False (a line on
        stderr), keep_path=False. An error of fun carries the best point found before as its `x` and `fun`.

    If fun and grad are @njit and there is no callback, progress or skipping of errors, the loop is compiled, otherwise
    it is plain Python with the same results. Functions are given a copy of x.

    Returns x and fun (the best point and its value), nfev (evaluations charged), njev (gradients asked for), nit,
    success (False if a value or gradient was not finite, the value rose or the callback failed), status, message and
    history: a dict of arrays with one entry a point, `nfev` (charged so far), `fun` (best so far), `value` (there) and,
    with keep_path, `x` of shape (nit + 1, d).
    """
    solver = _method(method)
    _check_options(method, solver, options, bounds)
    if budget is None and options.get("steps") is None:
        budget = BUDGET
    if budget is not None and not (isinstance(budget, numbers.Integral) and budget > 0):
        raise ValueError(f"budget={budget!r} must be a positive integer, the number of evaluations")
    if callback is not None and not callable(callback):
        raise TypeError(f"callback={callback!r} is not a function")
    rng = np.random.default_rng(seed)
    return solver.run(
        Objective(fun, _estimator(grad) if isinstance(grad, str) else grad, rng),
        as_point(x0),
        bounds=bounds,
        budget=budget,
        rng=rng,
        callback=callback,
        **{**solver.options, **options},
    )


def _method(method):
    """Return the method object for a name or an object; ValueError or TypeError if there is none."""
    if isinstance(method, str):
        if method not in METHODS:
            raise ValueError(f"method={method!r} is unknown; {_known(method, METHODS)}")
        return METHODS[method]
    if isinstance(method, UpdateRule):
        return descent.Descent(lambda: method)
    if not hasattr(method, "run"):
        raise TypeError(
            f"method={method!r} is neither a name, an update rule nor a method object; {_known('', METHODS)}"
        )
    return method


def _check_options(method, solver, options: dict, bounds) -> None:
    """TypeError for an option that the method does not have, ValueError for bounds that it does not take."""
    for name in options:
        if name not in solver.options:
            raise TypeError(f"{name}={options[name]!r} is no option of {method!r}; {_known(name, solver.options)}")
    if bounds is not None and not solver.bounded:
        raise ValueError(
            f"method={method!r} takes no bounds; leave bounds=None or choose a method that searches in a box"
        )


def _estimator(name: str):
    """Return the estimator of this name; ValueError if there is none."""
    if name not in ESTIMATORS:
        raise ValueError(f"grad={name!r} is unknown; {_known(name, ESTIMATORS)}, or give a function or an estimator")
    return ESTIMATORS[name]


def _known(word: str, known: Iterable[str]) -> str:
    """Say which words are known and which of them was probably meant."""
    near = difflib.get_close_matches(word, known, n=1)
    return (f"did you mean {near[0]!r}? " if near else "") + f"known: {', '.join(known)}"
