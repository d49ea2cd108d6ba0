"""Searches from values: the same compiled or plain, within budget and box, honest about what went wrong."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit
from scipy.optimize import Bounds

from ngo_lesson.optimize import descent, search_loop
from ngo_lesson.optimize.functions import LANDSCAPES
from ngo_lesson.optimize.minimize import minimize
from ngo_lesson.optimize.search import GROW, SHRINK
from ngo_lesson.optimize.search_loop import Search, as_box, as_steps, ask, reflect

NAMES = ["random", "hill", "one-plus-one", "nelder-mead", "annealing"]
BOX = [(-5.0, 10.0), (-3.0, 4.0), (-1.0, 6.0)]
START = [1.0, -1.0, 2.0]
ROSENBROCK = LANDSCAPES["rosenbrock"].fun


def same(a, b):
    """Whether two results are equal bit for bit."""
    assert a.keys() == b.keys()
    for key in a:
        if isinstance(a[key], dict):
            same(a[key], b[key])
        else:
            np.testing.assert_array_equal(a[key], b[key], err_msg=key)


def plain(x):
    """The compiled function, but called from the plain loop."""
    return ROSENBROCK(x)


@pytest.mark.parametrize("method", NAMES)
@pytest.mark.parametrize("bounds", [BOX, None, [(None, 3), (-1, None), (0, 2.5)]])
def test_compiled_and_plain_agree_bit_for_bit(method, bounds):
    if method == "random" and bounds is not BOX:
        pytest.skip("needs a box")
    options = {"method": method, "bounds": bounds, "budget": 700, "keep_path": True}
    compiled = minimize(ROSENBROCK, START, seed=4, **options)
    same(compiled, minimize(plain, START, seed=4, **options))
    other = minimize(ROSENBROCK, START, seed=5, **options)
    # Nelder-Mead draws only when it starts anew.
    assert method == "nelder-mead" or not np.array_equal(other.history["x"], compiled.history["x"])


@pytest.mark.parametrize("method", NAMES)
@pytest.mark.parametrize("budget", [1, 2, 3, 7, 111])
def test_the_budget_is_spent_exactly_and_the_result_is_complete(method, budget):
    asked = []

    def fun(x):
        asked.append(x.copy())
        return ROSENBROCK(x)

    result = minimize(fun, START, method=method, bounds=BOX, budget=budget, seed=1, keep_path=True)
    assert len(asked) == result.nfev == budget
    assert (result.njev, result.status, result.success) == (0, descent.SPENT, True)
    history = result.history
    np.testing.assert_array_equal(history["x"], asked)
    np.testing.assert_array_equal(asked[0], START)
    np.testing.assert_array_equal(history["nfev"], np.arange(1, budget + 1))
    np.testing.assert_array_equal(history["value"], [ROSENBROCK(x) for x in asked])
    np.testing.assert_array_equal(history["fun"], np.minimum.accumulate(history["value"]))
    assert result.fun == history["fun"][-1] == ROSENBROCK(result.x)
    low, high = np.transpose(BOX)
    assert ((low <= asked) & (asked <= high)).all()


@pytest.mark.parametrize("method", NAMES)
def test_the_best_corner_of_a_box_is_found(method):
    bounds = [(-2.0, 1.0), (0.5, 0.5), (-1.0, 0.0)]
    result = minimize(njit(lambda x: x[0] - 2 * x[2]), [0.0, 0.5, -0.5], method=method, bounds=bounds, seed=0)
    np.testing.assert_allclose(result.x, [-2, 0.5, 0], atol=0.15)


@pytest.mark.parametrize(("method", "reached"), [("one-plus-one", 1e-20), ("nelder-mead", 1e-12), ("annealing", 1e-8)])
@pytest.mark.parametrize("boxed", [True, False])
def test_it_converges_on_a_shifted_bowl(method, reached, boxed):
    bowl = LANDSCAPES["sphere"].shifted(np.linspace(-2, 3, 5))
    result = minimize(bowl.fun, np.ones(5), method=method, bounds=bowl.bounds(5) if boxed else None, seed=2)
    assert result.fun < reached
    np.testing.assert_allclose(result.x, bowl.minimizer(5), atol=1e-3)


@pytest.mark.parametrize(("method", "reached"), [("hill", 1.0), ("random", 6.0)])
def test_simple_searches_come_near(method, reached):
    bowl = LANDSCAPES["sphere"].shifted(np.linspace(-2, 3, 5))
    assert minimize(bowl.fun, np.full(5, 4.0), method=method, bounds=bowl.bounds(5), seed=2).fun < reached


def test_the_one_fifth_rule_is_that_of_the_exercise():
    bowl = LANDSCAPES["ellipsoid"].fun
    result = minimize(bowl, START, method="one-plus-one", sigma=0.7, budget=300, seed=11, keep_path=True)
    rng, x, sigma, path = np.random.default_rng(11), np.array(START), 0.7, [START]
    value = bowl(x)
    for _ in range(299):
        point = x + sigma * rng.standard_normal(3)
        path.append(point)
        if bowl(point) <= value:
            x, value, sigma = point, bowl(point), sigma * GROW
        else:
            sigma *= SHRINK
    np.testing.assert_allclose(result.history["x"], path, rtol=1e-12)
    np.testing.assert_allclose(GROW * SHRINK**4, 1)


def test_nelder_mead_starts_anew_where_one_simplex_would_stay():
    waves = LANDSCAPES["rastrigin"].shifted(np.array([1.3, -0.7]))
    result = minimize(waves.fun, [-4.0, 4.0], method="nelder-mead", bounds=waves.bounds(2), seed=0)
    assert result.fun < 1e-9
    alone = minimize(waves.fun, [-4.0, 4.0], method="nelder-mead", sigma=0.2, seed=0)
    assert (alone.status, alone.success) == (descent.CONVERGED, True)
    assert alone.nfev < 2000
    assert alone.fun > 1


def test_nelder_mead_builds_a_new_simplex_where_the_old_one_has_collapsed():
    bowl = LANDSCAPES["ellipsoid"].fun
    result = minimize(bowl, START, method="nelder-mead", sigma=0.5, keep_path=True)
    away = np.linalg.norm(result.history["x"] - result.x, axis=1)
    collapsed = int(np.argmax(away < 1e-6))
    assert 0.4 < away[collapsed:].max() < 1
    assert (result.fun, result.status) == (pytest.approx(0, abs=1e-12), descent.CONVERGED)


def test_a_step_too_small_to_matter_ends_the_search():
    result = minimize(njit(lambda x: abs(x[0] - 1.0)), [0.0], method="one-plus-one", budget=100_000, seed=0)
    assert result.status == descent.CONVERGED
    assert "does not move" in result.message
    assert result.x[0] == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("method", NAMES)
def test_a_plateau_is_left(method):
    """0/1 loss: equal values are accepted, so that a search may cross them."""
    steps = njit(lambda x: float(np.floor(abs(x[0]) + abs(x[1]))))
    result = minimize(steps, [4.5, -3.5], method=method, bounds=[(-5, 5)] * 2, seed=3)
    assert result.fun == 0


@pytest.mark.parametrize("method", NAMES)
def test_nan_counts_as_infinite_and_is_reported(method):
    half = njit(lambda x: np.nan if x[0] < 0 else x[0] + x[1] * x[1])
    result = minimize(half, [2.0, 1.0], method=method, bounds=[(-5, 5)] * 2, budget=400, seed=0)
    bad = int(np.isnan(result.history["value"]).sum())
    assert bad > 0
    assert f"{bad} values were NaN and counted as +inf" in result.message
    assert result.success
    assert 0 <= result.fun < half(np.array([2.0, 1.0]))
    same(result, minimize(half.py_func, [2.0, 1.0], method=method, bounds=[(-5, 5)] * 2, budget=400, seed=0))


@pytest.mark.parametrize("method", NAMES)
def test_infinite_values(method):
    bounds = [(-5, 5)] * 2
    walls = njit(lambda x: np.inf if x[0] > 1 else abs(x[0]) + abs(x[1]))
    result = minimize(walls, [4.0, 3.0], method=method, bounds=bounds, budget=3000, seed=0)
    assert result.success
    assert result.fun < 1
    nothing = minimize(njit(lambda x: np.inf), [4.0, 3.0], method=method, bounds=bounds, budget=50, seed=0)
    assert (nothing.success, nothing.fun, nothing.nfev) == (False, math.inf, 50)
    assert "no value was finite, and x is x0" in nothing.message
    np.testing.assert_array_equal(nothing.x, [4.0, 3.0])
    abyss = minimize(njit(lambda x: -np.inf if x[0] > 1 else 0.0), [0.0, 0.0], method=method, bounds=bounds, seed=0)
    assert abyss.fun == -math.inf
    assert abyss.success


@pytest.mark.parametrize("method", NAMES)
def test_errors_of_fun_keep_the_best_point(method):
    def fun(x):
        if x[0] < 1.5:
            raise ArithmeticError("too small")
        return x[0]

    arguments = {"method": method, "bounds": [(0.0, 5.0), (0.0, 5.0)], "budget": 300, "seed": 0}
    with pytest.raises(ArithmeticError, match="too small") as caught:
        minimize(fun, [4.0, 4.0], **arguments)
    assert caught.value.fun == caught.value.x[0] >= 1.5
    assert 'of fun; on_error="skip"' in caught.value.__notes__[0]
    with pytest.raises(ArithmeticError) as compiled:
        minimize(njit(fun), [4.0, 4.0], **arguments)
    np.testing.assert_array_equal(compiled.value.x, caught.value.x)

    skipped = minimize(fun, [4.0, 4.0], on_error="skip", **arguments)
    errors = int(np.isinf(skipped.history["value"]).sum())
    assert skipped.nfev == 300
    assert f"fun raised {errors} errors, counted as +inf, the last ArithmeticError('too small')" in skipped.message
    assert 1.5 <= skipped.fun < 2


@pytest.mark.parametrize("method", NAMES)
def test_callbacks_see_every_value_and_may_stop(method):
    seen, arguments = [], {"method": method, "bounds": BOX, "budget": 60, "seed": 0, "keep_path": True}
    watched = minimize(ROSENBROCK, START, callback=lambda at: seen.append((at.nfev, at.fun, *at.x)), **arguments)
    same(watched, minimize(ROSENBROCK, START, **arguments))
    table = np.array(seen)
    np.testing.assert_array_equal(table[:, 0], watched.history["nfev"])
    np.testing.assert_array_equal(table[:, 1], watched.history["value"])
    np.testing.assert_array_equal(table[:, 2:], watched.history["x"])

    for error, success in ((StopIteration, True), (KeyError("oops"), False)):

        def stop(at, error=error):
            if at.nfev == 20:
                raise error

        stopped = minimize(ROSENBROCK, START, callback=stop, **arguments)
        assert (stopped.nfev, stopped.status, stopped.success) == (20, descent.STOPPED, success)
        assert ("KeyError('oops')" in stopped.message) == (not success)
        assert stopped.fun == watched.history["fun"][19]


@pytest.mark.parametrize("method", NAMES)
def test_a_target_ends_the_search(method):
    result = minimize(ROSENBROCK, START, method=method, bounds=BOX, target=100.0, seed=1)
    assert result.status == search_loop.TARGET
    assert result.fun <= 100 < result.history["fun"][-2]
    assert "reached target=100" in result.message


def test_progress_is_shown_on_stderr_and_changes_nothing(capsys, monkeypatch):
    ticks = iter(np.arange(0, 1e6))
    monkeypatch.setattr(search_loop.time, "monotonic", lambda: next(ticks))
    arguments = {"method": "hill", "budget": 12, "seed": 0}
    same(minimize(ROSENBROCK, START, progress=True, **arguments), minimize(ROSENBROCK, START, **arguments))
    assert "12 of 12 evaluations, best so far" in capsys.readouterr().err
    minimize(lambda x: np.nan if x[0] == START[0] else 1.0, START, progress=True, **arguments)
    minimize(lambda x: 1.0 if x[0] == START[0] else np.nan, START, progress=True, **arguments)
    said = capsys.readouterr().err
    assert "best so far 1 " in said
    assert "nan" not in said


@pytest.mark.parametrize(("error", "helps"), [(KeyError, True), (KeyboardInterrupt, False)])
def test_skipping_is_advised_only_where_it_helps(error, helps):
    def fun(x):
        if x[0] != START[0]:
            raise error
        return 1.0

    with pytest.raises(error) as caught:
        minimize(fun, START, method="hill", seed=0)
    notes = "".join(caught.value.__notes__)
    assert ('on_error="skip"' in notes) == helps
    assert "best before: fun=1 " in notes


def test_functions_may_change_what_they_are_given():
    @njit
    def clears(x):
        value = ROSENBROCK(x)
        x[:] = np.nan
        return value

    for method in NAMES:
        arguments = {"method": method, "bounds": BOX, "budget": 200, "seed": 0, "keep_path": True}
        expected = minimize(ROSENBROCK, START, **arguments)
        same(expected, minimize(clears, START, **arguments))
        same(expected, minimize(clears.py_func, START, **arguments))


def test_noise_is_taken_as_it_comes():
    noise = np.random.default_rng(0)
    result = minimize(lambda x: float(x @ x + noise.normal()), START, method="one-plus-one", budget=500, seed=0)
    assert result.fun == result.history["value"].min()


def test_a_long_plain_run_gets_a_hint(monkeypatch):
    monkeypatch.setattr(search_loop, "LONG_RUN", 50)
    assert "@njit" in minimize(plain, START, method="hill", budget=60).message
    assert "@njit" not in minimize(ROSENBROCK, START, method="hill", budget=60).message
    assert "@njit" not in minimize(plain, START, method="hill", budget=40).message


@given(st.floats(-1e9, 1e9), st.floats(-100, 100), st.floats(0, 100))
@settings(max_examples=60)
def test_reflection_ends_inside_and_mirrors(value, low, width):
    high = low + width
    inside = reflect(value, low, high)
    assert low <= inside <= high
    if width > 0 and low - width <= value < low:
        assert inside == pytest.approx(2 * low - value, abs=1e-9)
    assert reflect(value, low, math.inf) >= low
    assert reflect(value, -math.inf, high) <= high
    assert reflect(value, -math.inf, math.inf) == value


def test_boxes_are_read():
    for bounds in ([(0, None), (None, 2)], Bounds([0, -np.inf], [np.inf, 2]), np.array([[0, np.inf], [-np.inf, 2]])):
        low, high = as_box(bounds, 2)
        assert (low.dtype, high.dtype) == (np.float64, np.float64)
        assert (low.tolist(), high.tolist()) == ([0, -math.inf], [math.inf, 2])
    assert as_box(None, 2)[0].tolist() == [-math.inf] * 2
    assert as_steps(None, *as_box([(0, 10), (0, None)], 2), 0.3).tolist() == [3, 1]


@pytest.mark.parametrize(
    ("changed", "error", "named"),
    [
        ({"bounds": [(1, 0), (0, 1)]}, ValueError, r"bounds\[0\]=\(1, 0\) must be a pair"),
        ({"bounds": [(0, 1)]}, ValueError, "bounds has 1 pairs.*each of the 2"),
        ({"bounds": [(0, 1), (0, np.nan)]}, ValueError, r"bounds\[1\]=\(0, nan\)"),
        ({"bounds": [(0, 1, 2), (0, 1, 2)]}, TypeError, "cannot be read as pairs"),
        ({"bounds": 3}, TypeError, "bounds=3 cannot be read"),
        ({"bounds": [("a", 1), (0, 1)]}, TypeError, "cannot be read as pairs"),
        ({"bounds": None, "method": "random"}, ValueError, r"bounds\[0\]=\(-inf, inf\).*needs finite bounds"),
        ({"bounds": [(0, 1), (0.6, 1)]}, ValueError, r"x0\[1\]=0.5 lies outside of bounds\[1\]=\(0.6, 1\)"),
        ({"target": "low"}, ValueError, "target='low'"),
        ({"target": np.nan}, ValueError, "target=nan"),
        ({"on_error": "ignore"}, ValueError, "on_error='ignore'"),
        ({"sigma": 0.0}, ValueError, "sigma=0.0"),
        ({"sigma": [1.0, 2.0, 3.0]}, ValueError, "sigma=.*each of the 2"),
        ({"sigma": "wide"}, ValueError, "sigma='wide'"),
        ({"method": "nelder-mead", "tol": 2.0}, ValueError, "tol=2.0"),
        ({"method": "random", "sigma": 1.0}, TypeError, "sigma=1.0 is no option of 'random'"),
        ({"grad": lambda x: x}, ValueError, "grad must be None"),
        ({"budget": 0}, ValueError, "budget=0"),
        ({"steps": 3}, TypeError, "steps=3 is no option"),
        ({"fun": lambda x: x}, TypeError, "must return one real number"),
    ],
)
def test_bad_arguments_are_named(changed, error, named):
    arguments = {"fun": ROSENBROCK, "x0": [0.5, 0.5], "method": "hill", "bounds": [(0, 1), (0, 1)]} | changed
    with pytest.raises(error, match=named):
        minimize(**arguments)


def test_a_method_of_ones_own_needs_a_loop_and_its_arguments():
    def halve(fun, log, rng, x, share):
        while log.state[search_loop.WHY] == search_loop.RUNNING:
            ask(fun, x, log)
            x *= share

    method = Search(halve, lambda x0, low, high, budget, rng, share=0.5: (x0, share))
    result = minimize(lambda x: float(x[0]), [8.0], method=method, budget=4)
    assert (result.fun, result.nfev) == (1.0, 4)
    assert minimize(lambda x: float(x[0]), [8.0], method=method, budget=3, share=0.25).fun == 0.5
