"""Update rules: torch's trajectories, one element at a time, state that can be forgotten, and named errors."""

import copy
import importlib.util
import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ngo_lesson.optimize.schedules import step_decay
from ngo_lesson.optimize.updates import (
    GD,
    RULES,
    Adagrad,
    Adam,
    AdamW,
    Momentum,
    RMSprop,
    Sign,
    UpdateRule,
    adam_step_,
    gd_step_,
    step,
)

SCRIPT = Path(__file__).parent / "references" / "make_torch_trajectories.py"
spec = importlib.util.spec_from_file_location("make_torch_trajectories", SCRIPT)
torch_runs = importlib.util.module_from_spec(spec)
spec.loader.exec_module(torch_runs)

# Every step that a rule can take.
FORMS = {
    **RULES,
    "rmsprop with momentum": lambda **options: RMSprop(momentum=0.9, **options),
    "centered rmsprop": lambda **options: RMSprop(centered=True, **options),
    "sign": Sign,
}
TYPES = (np.float64, np.float32)
every_form = pytest.mark.parametrize("form", FORMS)
every_type = pytest.mark.parametrize("dtype", TYPES)


@pytest.fixture(scope="module")
def reference():
    return np.load(torch_runs.FILE)


@pytest.mark.parametrize("run", list(torch_runs.runs()), ids=lambda run: run[0])
def test_trajectories_are_those_of_torch(run, reference):
    key, name, _, options, drop, gradient, theta = run
    rule, path = RULES[name](**options), []
    for t in range(torch_runs.STEPS):
        if drop and t == torch_runs.DROP:
            rule.lr /= 10
        rule.step_(theta, gradient(theta, t).astype(theta.dtype))
        path.append(theta.copy())
    rtol, atol = (1e-12, 1e-13) if theta.dtype == np.float64 else (1e-5, 1e-6)
    found = np.array(path)[np.array(torch_runs.KEPT) - 1]
    assert found.dtype == reference[key].dtype
    np.testing.assert_allclose(found, reference[key], rtol=rtol, atol=atol)


def test_every_rule_and_option_has_a_trajectory():
    covered = {(name, option) for name, _, options in torch_runs.CASES for option in options}
    constants = {"weight_decay", "lr", "lr_decay", "eps", "alpha", "momentum", "centered", "betas", "amsgrad"}
    for name, rule in (("gd", GD), ("momentum", Momentum), ("adagrad", Adagrad), ("rmsprop", RMSprop), ("adam", Adam)):
        for option in constants & set(rule.__dataclass_fields__) - {"amsgrad"}:
            assert (name, option) in covered
    assert {name for name, _, _ in torch_runs.CASES} == set(RULES)


@every_form
@every_type
@settings(max_examples=15)
@given(d=st.integers(1, 130), cut=st.integers(0, 130), seed=st.integers(0, 99))
def test_each_coordinate_moves_by_itself(form, dtype, d, cut, seed):
    """Whatever the length and the place in memory, which decide how a loop is vectorized."""
    rng, cut = np.random.default_rng(seed), min(cut, d)
    theta = rng.standard_normal(d).astype(dtype)
    left, right = theta[:cut].copy(), theta[cut:].copy()
    whole, first, second = (FORMS[form](lr=0.1, weight_decay=0.01) for _ in range(3))
    for _ in range(3):
        g = rng.standard_normal(d).astype(dtype)
        whole.step_(theta, g)
        first.step_(left, g[:cut])
        second.step_(right, g[cut:])
    np.testing.assert_array_equal(theta, np.concatenate([left, right]))


@every_form
def test_the_gradient_is_left_alone(form):
    theta, g = np.ones(5), np.arange(5.0)
    FORMS[form](weight_decay=0.1).step_(theta, g)
    np.testing.assert_array_equal(g, np.arange(5.0))


@every_form
def test_reset_and_fresh_forget(form):
    def path(rule):
        theta = np.ones(3)
        for k in range(4):
            rule.step_(theta, theta * (k + 1))
        return theta

    rule = FORMS[form](lr=0.01)
    once = path(rule)
    assert rule.t == 4
    other = rule.fresh()
    assert (other.t, other.state, rule.t) == (0, None, 4)
    np.testing.assert_array_equal(path(other), once)
    rule.reset()
    assert (rule.t, rule.state) == (0, None)
    np.testing.assert_array_equal(path(rule), once)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda rule: pickle.loads(pickle.dumps(rule))])
def test_a_copy_goes_on_from_the_same_state(copied):
    rule, theta = Adam(lr=0.1), np.ones(2)
    rule.step_(theta, np.array([1.0, 2.0]))
    twin, other = copied(rule), theta.copy()
    rule.step_(theta, np.array([3.0, -1.0]))
    assert twin.t == 1
    twin.step_(other, np.array([3.0, -1.0]))
    np.testing.assert_array_equal(theta, other)


@given(st.floats(1e-6, 1e6), st.floats(1e-4, 1))
def test_the_first_step_of_adam_is_lr_whatever_the_scale(scale, lr):
    theta = np.zeros(2)
    Adam(lr=lr, eps=0.0).step_(theta, scale * np.array([1.0, -3.0]))
    np.testing.assert_allclose(theta, [-lr, lr], rtol=1e-12)


def test_the_first_step_of_rmsprop_is_ten_times_lr():
    theta = np.zeros(1)
    RMSprop(lr=0.5, eps=0.0).step_(theta, np.array([7.0]))
    np.testing.assert_allclose(theta, [-5.0])


def test_adagrad_does_not_see_the_scale_of_a_coordinate():
    rule, theta = Adagrad(lr=0.5, eps=0.0), np.array([1.0, 1.0])
    for _ in range(20):
        rule.step_(theta, np.array([1.0, 10.0]) * theta)
        np.testing.assert_allclose(theta[0], theta[1], rtol=1e-12)


def test_centered_rmsprop_survives_a_constant_gradient():
    rule, theta = RMSprop(centered=True, eps=1.0), np.zeros(3)
    for _ in range(5000):  # the variance goes to zero, and rounding to both sides of it
        rule.step_(theta, np.array([1.0, 0.1, 3.3]))
    assert np.isfinite(theta).all()


def test_weight_decay_of_adamw_shrinks_and_that_of_adam_is_rescaled():
    shrunk, rescaled, still = np.array([2.0]), np.array([2.0]), np.zeros(1)
    AdamW(lr=0.1, weight_decay=0.5).step_(shrunk, still)
    Adam(lr=0.1, weight_decay=0.5).step_(rescaled, still)
    np.testing.assert_allclose(shrunk, [2.0 * (1 - 0.1 * 0.5)])
    np.testing.assert_allclose(rescaled, [2.0 - 0.1], rtol=1e-7)


def test_a_schedule_gives_the_rate_of_each_step():
    theta, rule = np.zeros(1), GD(lr=step_decay(1.0, factor=0.1, every=2))
    rule.step_(theta, np.ones(1))
    rule.step_(theta, np.ones(1))
    rule.step_(theta, np.ones(1))
    np.testing.assert_allclose(theta, [-2.1])
    np.testing.assert_allclose(rule.rates(5), [1, 1, 0.1, 0.1, 0.01])
    np.testing.assert_array_equal(GD(lr=0.5).rates(3), [0.5] * 3)


@pytest.mark.parametrize("nonsense", [np.nan, -0.1, np.inf, None, "fast", 1j, np.ones(2)])
def test_a_schedule_that_returns_nonsense_is_named(nonsense):
    rule = GD(lr=lambda t: nonsense if t == 2 else 0.1)
    rule.step_(np.ones(1), np.ones(1))
    rule.step_(np.ones(1), np.ones(1))
    with pytest.raises(ValueError, match=r"the schedule lr returned .* for t=2"):
        rule.step_(np.ones(1), np.ones(1))
    assert rule.t == 2


def test_a_rate_that_was_changed_to_nonsense_is_named():
    rule = GD(lr=0.1)
    rule.lr = -0.1
    with pytest.raises(ValueError, match=r"lr=-0.1; a learning rate is"):
        rule.step_(np.ones(1), np.ones(1))


@every_form
@every_type
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_gradient_that_is_not_finite_is_named(form, dtype, value):
    rule, theta, g = FORMS[form](), np.ones(40, dtype), np.ones(40, dtype)
    rule.step_(theta, g)
    g[33] = value
    with pytest.raises(ValueError, match=rf"g\[33\] is {value} at step 2: the run has diverged"):
        rule.step_(theta, g)


@every_form
def test_a_theta_that_overflowed_is_named(form):
    with pytest.raises(ValueError, match="theta has overflowed at step 1"):
        FORMS[form]().step_(np.array([1.0, np.inf]), np.ones(2))


@pytest.mark.parametrize(
    "theta",
    [
        np.ones(3, int),
        np.ones((3, 1)),
        np.ones(3, np.float16),
        [1.0, 2.0],
        np.float64(1),
        np.array(1.0),
        np.ones(2) + 0j,
    ],
)
def test_a_theta_that_no_rule_can_move_is_named(theta):
    with pytest.raises(TypeError, match=r"theta is .*; give an array of shape"):
        Adam().step_(theta, theta)


@pytest.mark.parametrize(
    ("theta", "g", "named"),
    [
        (np.ones(3), np.ones(4), r"g is float64 of shape \(4,\); it must be float64 of shape \(3,\)"),
        (np.ones(3), np.ones((3, 1)), r"g is float64 of shape \(3, 1\)"),
        (np.ones(3), np.ones(3, int), r"g is int64 of shape \(3,\)"),
        (np.ones(3), np.ones(3, np.float32), r"g is float32 of shape \(3,\)"),
        (np.ones(3, np.float32), np.ones(3), r"g is float64 .* it must be float32"),
        (np.ones(3), [1.0, 1.0, 1.0], "g is a list"),
        (np.ones(3), None, "g is a NoneType"),
        (np.ones(3), np.ones(6)[::2], r"g is float64 of shape \(3,\), not contiguous"),
        (np.ones(6)[::2], np.ones(3), r"theta is float64 of shape \(3,\), not contiguous"),
        (np.broadcast_to(1.0, 1), np.ones(1), r"theta is float64 of shape \(1,\), read-only"),
    ],
)
def test_arrays_that_do_not_fit_are_named(theta, g, named):
    with pytest.raises(ValueError, match=named):
        Adam().step_(theta, g)


def test_another_theta_in_the_same_run_is_named():
    rule = Momentum()
    rule.step_(np.ones(3), np.ones(3))
    with pytest.raises(ValueError, match=r"theta is float64 of shape \(2,\); it must be .*\(3,\).*reset\(\) starts"):
        rule.step_(np.ones(2), np.ones(2))
    rule.reset()
    rule.step_(np.ones(2), np.ones(2))


@every_type
def test_steps_are_counted_from_one(dtype):
    theta = np.ones(2, dtype)
    with pytest.raises(ValueError, match="t is less than 1"):
        adam_step_[np.dtype(dtype)](theta, theta, np.zeros((2, 2), dtype), 0, 0.1, np.ones(6, dtype))


@pytest.mark.parametrize(
    ("rule", "options", "named"),
    [
        *((rule, {"lr": lr}, f"lr={lr!r} must be a positive") for rule in (GD, AdamW) for lr in (0, -1.0, np.nan, "x")),
        (GD, {"weight_decay": -0.1}, "weight_decay=-0.1 must be"),
        (AdamW, {"weight_decay": np.inf}, "weight_decay=inf must be"),
        (Momentum, {"momentum": 1.0}, "momentum=1.0 must be at least 0 and less than 1"),
        (Momentum, {"momentum": -0.1}, "momentum=-0.1"),
        (Momentum, {"nesterov": "yes"}, "nesterov='yes' must be True or False"),
        (RMSprop, {"alpha": 1.5}, "alpha=1.5"),
        (RMSprop, {"momentum": None}, "momentum=None"),
        (Adagrad, {"lr_decay": -1}, "lr_decay=-1"),
        (Adagrad, {"eps": np.nan}, "eps=nan"),
        (Adam, {"betas": 0.9}, "betas=0.9 must be two numbers"),
        (Adam, {"betas": (0.9,)}, r"betas=\(0.9,\) must be two"),
        (Adam, {"betas": (0.9, 1.0)}, r"betas=\(0.9, 1.0\) must be two numbers, each"),
        (Adam, {"betas": (-0.9, 0.9)}, "betas="),
        (Adam, {"betas": ("a", 0.9)}, "betas="),
        (Adam, {"eps": -1e-8}, "eps=-1e-08"),
    ],
)
def test_constants_out_of_range_are_named(rule, options, named):
    with pytest.raises(ValueError, match=named):
        rule(**options)


def test_a_rule_says_its_constants():
    assert repr(Momentum(lr=0.5)) == "Momentum(lr=0.5, momentum=0.9, nesterov=False, weight_decay=0.0)"


def test_a_rule_of_ones_own():
    @step
    def sign_step_(theta, g, state, t, lr, p):
        for i in range(theta.size):
            theta[i] -= lr * np.sign(g[i]) * p[0]
        return True

    @dataclass(eq=False)
    class Sign(UpdateRule):
        lr: float = 0.1
        gain: float = 2.0

        def _parts(self):
            return sign_step_, 0, (self.gain,)

    theta = np.zeros(2)
    Sign(lr=0.5).step_(theta, np.array([3.0, -4.0]))
    np.testing.assert_array_equal(theta, [-1.0, 1.0])
    with pytest.raises(NotImplementedError, match="UpdateRule must define _parts"):
        dataclass(UpdateRule)().begin(theta)


def test_a_step_takes_the_types_of_its_kernel_only():
    assert set(gd_step_) == {np.dtype(dtype) for dtype in TYPES}
