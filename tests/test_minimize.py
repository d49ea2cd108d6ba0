"""minimize: trajectories known from theory, compiled and plain loops alike, honest counts, clear refusals."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit
from scipy.optimize import OptimizeResult

from ngo_lesson.optimize import descent
from ngo_lesson.optimize.functions import LANDSCAPES
from ngo_lesson.optimize.gradients import Central
from ngo_lesson.optimize.minimize import METHODS, minimize
from ngo_lesson.optimize.schedules import cosine, step_decay
from ngo_lesson.optimize.updates import RULES, Adam, RMSprop

CURVATURE = np.array([1.0, 4.0, 10.0])


@njit
def bowl(x):
    total = 0.0
    for i in range(x.size):
        total += 0.5 * CURVATURE[i] * x[i] * x[i]
    return total


@njit
def bowl_gradient(x):
    return CURVATURE[: x.size] * x


@njit
def rosenbrock(x):
    error, valley = 1 - x[0], x[1] - x[0] * x[0]  # products: NumPy rounds ** differently from numba
    return error * error + 100 * valley * valley


@njit
def rosenbrock_gradient(x):
    valley = x[1] - x[0] * x[0]
    return np.array([-2 * (1 - x[0]) - 400 * x[0] * valley, 200 * valley])


def plain(function):
    """The same function without numba."""
    return function.py_func


def same(a, b):
    """Whether two results are equal bit for bit."""
    assert a.keys() == b.keys()
    for key in a:
        if isinstance(a[key], dict):
            same(a[key], b[key])
        else:
            np.testing.assert_array_equal(a[key], b[key], err_msg=key)


@settings(deadline=None)  # the first example compiles
@given(lr=st.floats(1e-3, 0.19), steps=st.integers(0, 60))
def test_each_direction_shrinks_by_its_own_factor(lr, steps):
    start = np.array([3.0, -2.0, 1.0])
    result = minimize(bowl, start, method="gd", grad=bowl_gradient, lr=lr, steps=steps, keep_path=True)
    k = np.arange(steps + 1)[:, None]
    np.testing.assert_allclose(result.history["x"], (1 - lr * CURVATURE) ** k * start, rtol=1e-9, atol=1e-300)


@settings(max_examples=80)
@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
@given(
    method=st.sampled_from(sorted(RULES)),
    x0=st.lists(st.floats(-3, 3), min_size=2, max_size=2),
    lr=st.floats(1e-4, 1),
    decay=st.sampled_from([0.0, 0.1]),
    steps=st.integers(0, 50),
    tol=st.floats(0, 9),
)
def test_compiled_and_plain_agree_bit_for_bit(method, x0, lr, decay, steps, tol):
    rate = step_decay(lr, every=20) if steps % 2 else lr
    options = {"method": method, "lr": rate, "weight_decay": decay, "steps": steps, "tol": tol, "keep_path": True}
    compiled = minimize(rosenbrock, x0, grad=rosenbrock_gradient, **options)
    for fun, grad in ((plain(rosenbrock), plain(rosenbrock_gradient)), (plain(rosenbrock), rosenbrock_gradient)):
        same(compiled, minimize(fun, x0, grad=grad, **options))


@pytest.mark.parametrize("method", RULES)
def test_descent_takes_the_steps_of_the_rule(method):
    rate = cosine(0.05, steps=30, warmup=3)
    result = minimize(
        rosenbrock, [-1.2, 1.0], method=method, grad=rosenbrock_gradient, lr=rate, steps=30, keep_path=True
    )
    rule, x, path = RULES[method](lr=rate), np.array([-1.2, 1.0]), []
    for _ in range(result.nit):
        path.append(x.copy())
        rule.step_(x, rosenbrock_gradient(x))
    np.testing.assert_array_equal(result.history["x"], [*path, x])


def test_a_rule_may_be_the_method_and_is_not_changed():
    rule = RMSprop(lr=0.05, momentum=0.5, centered=True)
    rule.step_(np.ones(3), np.ones(3))
    before = rule.state.copy()
    by_rule = minimize(bowl, [1.0, -1.0], method=rule, grad=bowl_gradient, steps=20)
    by_name = minimize(
        bowl, [1.0, -1.0], method="rmsprop", grad=bowl_gradient, steps=20, lr=0.05, momentum=0.5, centered=True
    )
    same(by_rule, by_name)
    assert rule.t == 1
    np.testing.assert_array_equal(rule.state, before)


@pytest.mark.parametrize(
    ("method", "lr"),
    [
        *(("gd", 1e-3), ("momentum", 3e-4), ("nesterov", 3e-4), ("adagrad", 0.5)),
        *(("rmsprop", 1e-3), ("adam", 0.02), ("amsgrad", 0.05), ("adamw", 0.02)),
    ],
)
@pytest.mark.parametrize("grad", ["exact", "central"])
def test_every_rule_walks_down_the_valley(method, lr, grad):
    """From 24.2 to 0.05, which is around the bend; AdamW stays a little off, as it shrinks x."""
    valley = LANDSCAPES["rosenbrock"]
    grad = valley.grad if grad == "exact" else grad
    result = minimize(valley.fun, [-1.2, 1.0], method=method, grad=grad, lr=lr, steps=5000)
    assert result.fun < 0.05


@pytest.mark.parametrize(("grad", "cost"), [("central", 2 * 3 + 1), ("forward", 3 + 1 + 1), (Central(1e-5), 7)])
def test_differences_are_charged_what_they_ask(grad, cost):
    asked = []

    def fun(x):
        asked.append(x)
        return float(bowl(x))

    result = minimize(fun, [1.0, 1.0, 1.0], method="gd", grad=grad, lr=0.1, steps=4, keep_path=True)
    assert len(asked) == result.nfev == 4 * cost + 1
    assert (result.njev, result.nit) == (0, 4)
    assert result.history["nfev"].tolist() == [cost, 2 * cost, 3 * cost, 4 * cost, 4 * cost + 1]
    exact = minimize(bowl, [1.0, 1.0, 1.0], method="gd", grad=bowl_gradient, lr=0.1, steps=4, keep_path=True)
    np.testing.assert_allclose(result.history["x"], exact.history["x"], atol=1e-6)


@settings(max_examples=30)
@given(budget=st.integers(1, 60), d=st.integers(1, 4), grad=st.sampled_from(["central", "forward"]))
def test_no_budget_is_exceeded(budget, d, grad):
    asked = []
    minimize(lambda x: asked.append(1) or float(x @ x), np.ones(d), method="adam", grad=grad, budget=budget)
    cost = {"central": 2 * d, "forward": d + 1}[grad] + 1
    assert budget - cost < len(asked) <= budget


class Simultaneous:
    """A random direction of signs, as lesson 10 will have it: an estimator needs no more than this."""

    def evaluations(self, d):
        return 2

    def gradient(self, fun, x, rng):
        signs = rng.choice([-1.0, 1.0], x.size)
        return (fun(x + 1e-4 * signs) - fun(x - 1e-4 * signs)) / 2e-4 * signs


def test_an_estimator_draws_from_the_seed():
    def run(seed):
        return minimize(
            bowl, [1.0, -1.0, 2.0], method="adam", lr=0.05, grad=Simultaneous(), budget=1500, seed=seed, keep_path=True
        )

    result = run(3)
    assert (result.nfev, result.nit, result.njev) == (1498, 499, 0)
    assert result.fun < 1e-3
    same(result, run(3))
    assert (run(4).x != result.x).any()


def test_the_errors_of_an_estimator_are_named():
    short, broken, costless = Simultaneous(), Simultaneous(), Simultaneous()
    short.gradient = lambda fun, x, rng: x[:-1]
    broken.gradient = lambda fun, x, rng: x * np.nan
    arguments = {"fun": bowl, "x0": [1.0, 2.0], "method": "adam"}
    with pytest.raises(ValueError, match=r"grad returned shape \(1,\)"):
        minimize(grad=short, **arguments)
    result = minimize(grad=broken, **arguments)
    assert (result.status, result.nit, result.success) == (descent.BAD_GRADIENT, 0, False)
    for nonsense in (None, 0, 1.5):
        costless.evaluations = lambda d, nonsense=nonsense: nonsense
        with pytest.raises(TypeError, match=rf"grad.evaluations\(2\) returned {nonsense}"):
            minimize(grad=costless, **arguments)


@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
def test_values_that_are_not_numbers_end_an_estimate():
    result = minimize(lambda x: float(np.sqrt(x[0])), [1e-9], method="gd", grad=Central(1e-6))
    assert (result.status, result.nit) == (descent.BAD_GRADIENT, 0)
    assert "the gradient at x0 is not finite" in result.message


@pytest.mark.filterwarnings("ignore:divide by zero encountered:RuntimeWarning")
@pytest.mark.parametrize("method", RULES)
@pytest.mark.parametrize("form", [lambda f: f, plain])
def test_a_gradient_that_breaks_on_the_way_ends_the_run(method, form):
    cliff = njit(lambda x: x / (x > 0.8) * x[0])  # nan or infinite from 0.8 on
    result = minimize(form(bowl), [1.0], method=method, grad=form(cliff), lr=0.06, steps=200, keep_path=True)
    assert (result.status, result.success) == (descent.BAD_GRADIENT, False)
    assert result.nit > 0
    assert f"stopped early: the gradient at step {result.nit} is not finite" in result.message
    assert np.isfinite(result.history["x"]).all()
    assert result.history["fun"].size == result.nit + 1
    assert result.fun == bowl(result.x) < bowl(np.ones(1))


def test_the_rate_of_the_last_step_is_quoted():
    result = minimize(bowl, [1.0, 1.0], method="gd", grad=bowl_gradient, lr=lambda t: 0.1 if t < 5 else 1e300, steps=50)
    assert (result.status, result.nit) == (descent.BAD_VALUE, 6)
    assert "lr=1e+300 is probably too large" in result.message
    assert result.history["fun"].size == 7


def test_a_plain_function_is_never_compiled():
    called = []

    def fun(x):
        called.append(x)
        return float(x @ x)

    result = minimize(fun, [1.0, 2.0], method="gd", grad=lambda x: 2 * x, lr=0.1, steps=5)
    assert len(called) == 6
    assert all(isinstance(x, np.ndarray) for x in called)
    assert len({x[0] for x in called}) == 6  # each call gets an array of its own
    assert result.nit == 5


def test_the_result_is_complete_and_counts_are_right():
    result = minimize(bowl, [1.0, 1.0], method="gd", grad=bowl_gradient, lr=0.1, steps=7, keep_path=True)
    assert isinstance(result, OptimizeResult)
    assert (result.nit, result.njev, result.nfev) == (7, 7, 3 * 7 + 1)
    assert result.success is True
    history = result.history
    assert history["nfev"].tolist() == [3, 6, 9, 12, 15, 18, 21, 22]
    assert history["x"].shape == (8, 2)
    np.testing.assert_array_equal(history["value"], [bowl(x) for x in history["x"]])
    np.testing.assert_array_equal(history["fun"], np.minimum.accumulate(history["value"]))
    assert result.fun == history["fun"][-1] == bowl(result.x)


def test_without_keep_path_no_path_is_stored():
    assert set(minimize(bowl, [1.0], method="gd", grad=bowl_gradient).history) == {"nfev", "fun", "value"}


@pytest.mark.parametrize(
    ("given", "steps", "nfev"),
    [
        ({}, 3333, 10_000),
        ({"budget": 1}, 0, 1),
        ({"budget": 3}, 0, 1),
        ({"budget": 4}, 1, 4),
        ({"budget": 100}, 33, 100),
        ({"budget": 100, "steps": 5}, 5, 16),
        ({"budget": 10, "steps": 5}, 3, 10),
        ({"steps": 5000}, 5000, 15_001),
    ],
)
def test_budget_and_steps(given, steps, nfev):
    result = minimize(bowl, [1.0, 1.0], method="gd", grad=bowl_gradient, lr=1e-4, **given)
    assert (result.nit, result.nfev) == (steps, nfev)


def test_it_stops_where_the_gradient_is_small():
    result = minimize(bowl, [1.0, 1.0, 1.0], method="gd", grad=bowl_gradient, lr=0.1, tol=1e-6)
    assert result.success
    assert result.status == descent.CONVERGED
    assert np.linalg.norm(bowl_gradient(result.x)) <= 1e-6
    assert result.nfev == 3 * (result.nit + 1)  # the last gradient is paid for, too
    assert "tol=1e-06" in result.message
    assert minimize(bowl, [0.0], method="gd", grad=bowl_gradient).nit == 0


@pytest.mark.parametrize("form", [lambda f: f, plain])
def test_a_diverging_run_stops_early_and_says_where(form):
    result = minimize(form(bowl), [1.0, 1.0], method="gd", grad=form(bowl_gradient), lr=1e9, steps=500)
    assert not result.success
    assert result.nit < 500
    assert re.search(rf"at step {result.nit} is (not finite|inf|nan); lr=1e\+09", result.message)
    assert result.history["value"].size == result.nit + 1
    np.testing.assert_array_equal(result.x, [1.0, 1.0])
    assert result.fun == 2.5


def test_a_run_that_rose_is_no_success():
    result = minimize(bowl, [1.0, 1.0], method="gd", grad=bowl_gradient, lr=0.6, steps=20)
    assert not result.success
    assert "rose from 2.5" in result.message


@pytest.mark.filterwarnings("ignore:invalid value encountered in log:RuntimeWarning")
@pytest.mark.parametrize("form", [lambda f: f, plain])
def test_nan_values_and_gradients_end_the_run(form):
    logarithm, reciprocal = njit(lambda x: np.log(x[0])), njit(lambda x: 1 / x)
    result = minimize(form(logarithm), [1.0], method="gd", grad=form(reciprocal), lr=2.0)
    assert (result.status, result.nit) == (descent.BAD_VALUE, 1)
    assert "the value at step 1 is nan" in result.message
    assert result.fun == 0.0

    nan = njit(lambda x: x * np.nan)
    result = minimize(form(bowl), [1.0], method="gd", grad=form(nan))
    assert (result.status, result.nit, result.nfev) == (descent.BAD_GRADIENT, 0, 3)
    assert "the gradient at x0 is not finite" in result.message


def test_functions_get_a_copy_of_x():
    @njit
    def clears(x):
        value = bowl(x)
        x[:] = 0
        return value

    @njit
    def hands_back(x):
        x *= CURVATURE[: x.size]
        return x

    options = {"method": "gd", "lr": 0.05, "steps": 9, "keep_path": True}
    expected = minimize(bowl, [1.0, 2.0], grad=bowl_gradient, **options)
    same(expected, minimize(clears, [1.0, 2.0], grad=hands_back, **options))
    same(expected, minimize(plain(clears), [1.0, 2.0], grad=plain(hands_back), **options))


def test_the_start_is_not_changed():
    start = np.array([1.0, 2.0])
    minimize(bowl, start, method="gd", grad=bowl_gradient)
    np.testing.assert_array_equal(start, [1.0, 2.0])


def test_a_callback_sees_every_point_and_changes_nothing():
    seen = []

    def look(intermediate_result):
        seen.append((intermediate_result.nit, intermediate_result.nfev, intermediate_result.fun, intermediate_result.x))

    options = {"method": "gd", "grad": bowl_gradient, "lr": 0.1, "steps": 4, "keep_path": True}
    result = minimize(bowl, [1.0, 1.0], callback=look, **options)
    same(result, minimize(bowl, [1.0, 1.0], **options))
    nit, nfev, fun, x = zip(*seen, strict=True)
    assert nit == (0, 1, 2, 3, 4)
    assert nfev == (1, 4, 7, 10, 13)
    np.testing.assert_array_equal(fun, result.history["value"])
    np.testing.assert_array_equal(x, result.history["x"])


def test_a_callback_may_stop_the_search():
    def enough(intermediate_result):
        if intermediate_result.nit == 3:
            raise StopIteration

    result = minimize(bowl, [1.0, 1.0], method="gd", grad=bowl_gradient, lr=0.1, callback=enough)
    assert (result.success, result.nit, result.nfev) == (True, 3, 10)
    assert "stopped by the callback at step 3" in result.message


def test_a_failing_callback_keeps_the_best_point():
    def fails(intermediate_result):
        if intermediate_result.nit == 2:
            raise KeyError("oops")

    result = minimize(bowl, [1.0, 1.0], method="gd", grad=bowl_gradient, lr=0.1, callback=fails)
    assert (result.success, result.nit) == (False, 2)
    assert "raised KeyError('oops')" in result.message
    assert result.fun == bowl(result.x) < bowl(np.ones(2))


@pytest.mark.parametrize("form", [lambda f: f, plain])
def test_errors_of_the_objective_arrive(form):
    @njit
    def bounded(x):
        if x[0] < 0.5:
            raise ValueError("x[0] fell below one half")
        return bowl(x)

    with pytest.raises(ValueError, match="below one half"):
        minimize(form(bounded), [1.0], method="gd", grad=form(bowl_gradient), lr=0.1)


@pytest.mark.parametrize("form", [lambda f: f, plain])
def test_a_gradient_of_another_shape_is_refused(form):
    short = njit(lambda x: x[:-1].copy())
    with pytest.raises(ValueError, match="shape"):
        minimize(form(bowl), [1.0, 2.0], method="gd", grad=form(short))


def test_jitted_functions_that_do_not_return_floats_run_in_the_plain_loop():
    whole, reverse = njit(lambda x: 7), njit(lambda x: (2 * x)[::-1])
    result = minimize(whole, [1.0, 2.0], method="gd", grad=reverse, lr=0.1, steps=1, keep_path=True)
    np.testing.assert_allclose(result.history["x"][1], [1 - 0.4, 2 - 0.2])
    assert result.fun == 7.0


def test_a_long_plain_run_gets_one_hint():
    options = {"method": "gd", "lr": 1e-9, "steps": descent.LONG_RUN // 3 + 1}
    result = minimize(plain(bowl), [1.0], grad=plain(bowl_gradient), **options)
    assert result.message.count("@njit") == 1
    assert "@njit" not in minimize(bowl, [1.0], grad=bowl_gradient, **options).message
    assert "@njit" not in minimize(plain(bowl), [1.0], grad=plain(bowl_gradient), method="gd").message
    assert "@njit" not in minimize(plain(bowl), [1.0], grad="forward", **options).message  # would not help


def test_a_method_may_be_an_object():
    result = minimize(bowl, [1.0], method=METHODS["gd"], grad=bowl_gradient, lr=0.1, steps=2)
    same(result, minimize(bowl, [1.0], method="gd", grad=bowl_gradient, lr=0.1, steps=2))


@pytest.mark.parametrize(
    ("changed", "error", "named"),
    [
        ({"method": "gdd"}, ValueError, "method='gdd' is unknown; did you mean 'gd'"),
        ({"method": "newton"}, ValueError, "method='newton' is unknown; known: .*gd"),
        ({"method": 3}, TypeError, "method=3 is neither"),
        (
            {"step": 3},
            TypeError,
            "step=3 is no option of 'gd'; did you mean 'steps'.*known: lr, .*steps, tol, keep_path",
        ),
        ({"method": Adam(), "lr": 0.1}, TypeError, r"lr=0.1 is no option of Adam\(lr=0.001,.*known: steps"),
        ({"method": "adam", "betas": (0.9, 2)}, ValueError, r"betas=\(0.9, 2\)"),
        ({"method": "adam", "momentum": 0.9}, TypeError, "momentum=0.9 is no option of 'adam'"),
        ({"grad": None}, ValueError, "grad=None"),
        ({"grad": "centre"}, ValueError, "grad='centre' is unknown; did you mean 'central'. known: central, forward"),
        ({"grad": 3}, TypeError, "grad=3 is not a function.*or an estimator"),
        ({"lr": lambda t: -1.0}, ValueError, "the schedule lr returned -1.0 for t=0"),
        ({"fun": 1.0}, TypeError, "fun=1.0"),
        ({"x0": [np.nan]}, ValueError, r"x0\[0\] is nan"),
        ({"x0": []}, ValueError, "x0 has shape"),
        ({"x0": [[1.0]]}, ValueError, "x0 has shape"),
        ({"bounds": [(0, 1)]}, ValueError, "takes no bounds"),
        ({"budget": 0}, ValueError, "budget=0"),
        ({"budget": 1.5}, ValueError, "budget=1.5"),
        ({"steps": -1}, ValueError, "steps=-1"),
        ({"steps": 2.0}, ValueError, "steps=2.0"),
        ({"lr": 0}, ValueError, "lr=0"),
        ({"lr": np.nan}, ValueError, "lr=nan"),
        ({"lr": "big"}, ValueError, "lr='big'"),
        ({"tol": -1.0}, ValueError, "tol=-1.0"),
        ({"callback": 4}, TypeError, "callback=4"),
    ],
)
def test_bad_arguments_are_named(changed, error, named):
    arguments = {"fun": bowl, "x0": [1.0], "method": "gd", "grad": bowl_gradient} | changed
    with pytest.raises(error, match=named):
        minimize(**arguments)
