"""MeZO: noise that is normal and comes again, the step of the paper, memory, drift, losses that fail."""

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.stats import kstest

from ngo_lesson.models import fine_tuning
from ngo_lesson.models.fine_tuning import add_noise_, drift, mezo_, mezo_step_, perturb_
from ngo_lesson.models.language_model import (
    CharTokenizer,
    Config,
    LanguageModel,
    batches,
    train_,
    windows,
)
from ngo_lesson.optimize.updates import Adam

TEXT = "the cat sat on the mat. " * 20


@pytest.fixture
def model():
    tokenizer = CharTokenizer.of(TEXT)
    return LanguageModel(tokenizer, Config(len(tokenizer), context=12, width=16, heads=2), rng=0)


def noise(d, seed, dtype=np.float64):
    z = np.zeros(d, dtype)
    perturb_(z, seed, 1)
    return z


def bowl(x):
    return float(x @ x) / 2


def test_noise_is_standard_normal():
    z = np.concatenate([noise(100_000, seed, np.float32) for seed in range(10)]).astype(np.float64)
    assert kstest(z, "norm").pvalue > 1e-3
    for power, moment, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96), (6, 15, 10170)):
        assert (z**power).mean() == pytest.approx(moment, abs=4.5 * math.sqrt(variance / z.size))
    assert 4.2 < np.abs(z).max() < 5.4


def test_entries_and_seeds_are_independent():
    n = 400_000
    z = [noise(n, seed) for seed in (0, 1, 2, -1, 2**63, 2**64 - 2)]
    pairs = [(a, b) for i, a in enumerate(z) for b in z[:i]]
    pairs += [(z[0][lag:], z[0][:-lag]) for lag in (1, 2, n // 4, n // 2, 3 * n // 4)]
    for a, b in pairs:
        assert abs(a @ b) < 4.5 * math.sqrt(a.size)
        squares = (a * a - 1) @ (b * b - 1)
        assert abs(squares) < 4.5 * 2 * math.sqrt(a.size)


@given(d=st.integers(1, 40), seed=st.integers(-(2**70), 2**70))
@example(d=4, seed=-1)
def test_noise_comes_again_in_every_size_and_type(d, seed):
    z = noise(d, seed)
    np.testing.assert_array_equal(z, noise(d, seed))
    np.testing.assert_allclose(noise(d, seed, np.float32), z, rtol=1e-6)
    np.testing.assert_allclose(noise(d, seed, np.float16), z, rtol=1e-3, atol=1e-7)
    assert len(set(z)) == d
    theta = np.arange(d, dtype=np.float64)
    perturb_(theta, seed, 0.5)
    np.testing.assert_allclose(theta, np.arange(d) + 0.5 * z, atol=1e-12)


def test_noise_is_never_stored():
    theta = np.zeros(1_000_000, np.float32)
    perturb_(theta, 0, 1)
    tracemalloc.start()
    perturb_(theta, 1, 1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000


@given(seed=st.integers(0, 2**63), eps=st.floats(1e-4, 1e-2), lr=st.floats(1e-3, 1))
def test_a_step_is_that_of_the_paper(seed, eps, lr):
    start = np.random.default_rng(0).standard_normal(37)
    z = noise(37, seed)
    above, below = bowl(start + eps * z), bowl(start - eps * z)
    theta = start.copy()
    slope, value = mezo_step_(bowl, theta, seed, eps, lr)
    assert slope == pytest.approx((above - below) / (2 * eps), rel=1e-6, abs=1e-9)
    assert value == pytest.approx((above + below) / 2)
    np.testing.assert_allclose(theta, start - lr * slope * z, atol=1e-12)


def test_steps_are_right_on_average():
    x, found = np.array([1.0, -2.0, 0.5, 3.0, 0.0]), []
    for seed in range(4000):
        theta = x.copy()
        mezo_step_(bowl, theta, seed, 1e-3, 1.0)
        found.append(x - theta)
    # For a linear f the squared error of an entry is |g|^2 + g_i^2 (Nesterov & Spokoiny 2017).
    allowed = 4.5 * np.sqrt((x @ x + x * x) / len(found))
    assert (np.abs(np.mean(found, axis=0) - x) < allowed).all()


def test_mezo_fine_tunes_what_backprop_trained(model):
    tokens = model.tokenizer.encode(TEXT)
    train_(model, batches(tokens, 12, 8, 60, 0), Adam(1e-2))
    start, batch = model.theta.copy(), windows(model.tokenizer.encode("one man ate ten hot oats. "), np.arange(8), 12)
    for seed in range(10):
        model.theta[:] = start
        losses = mezo_(lambda theta, batch: model.loss(theta, *batch), model.theta, [batch] * 150, lr=1e-3, rng=seed)
        assert losses.shape == (150,)
        assert losses[-1] < 0.8 * losses[0]


def test_mezo_repeats_with_its_seed_and_says_how_it_goes():
    calls, rates = [], []

    def falling(t):
        rates.append(t)
        return 0.1 / (t + 1)

    def loss(x, batch):
        return bowl(x - batch)

    first, second = np.ones(9), np.ones(9)
    losses = mezo_(loss, first, [0, 1, 2], lr=falling, rng=5, callback=lambda *each: calls.append(each))
    again = mezo_(loss, second, [0, 1, 2], lr=falling, rng=5)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(losses, again)
    assert calls == list(enumerate(losses, 1))
    assert rates == [0, 1, 2] * 2


@pytest.mark.parametrize("failing", [1, 2])
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_restores_theta(failing, bad):
    theta, calls = np.linspace(-1, 1, 50, dtype=np.float32), []

    def loss(x):
        calls.append(x.copy())
        return bad if len(calls) == failing else 1.0

    with pytest.raises(ValueError, match=f"the loss is .*{bad} at theta.*theta is restored.*smaller lr .*0.1.* or eps"):
        mezo_step_(loss, theta, 3, 1e-2, 0.1)
    np.testing.assert_allclose(theta, np.linspace(-1, 1, 50), atol=3e-7)
    assert np.abs(calls[0] - theta).max() > 1e-3


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize("failing", [1, 2, 3])
def test_a_stop_button_pressed_while_noise_is_added_restores_theta(monkeypatch, failing, dtype):
    """Python lets the loop end and raises then."""
    theta, calls = np.linspace(-1, 1, 50, dtype=dtype), []

    def interrupted(x, key, scale):
        add_noise_(x, key, scale)
        calls.append(0)
        if len(calls) == failing:
            raise KeyboardInterrupt

    monkeypatch.setattr(fine_tuning, "add_noise_", interrupted)
    with pytest.raises(KeyboardInterrupt):
        mezo_step_(lambda x: 1.0, theta, 3, 1e-2, 0.1)
    np.testing.assert_allclose(theta, np.linspace(-1, 1, 50), atol=2e-3 if dtype == np.float16 else 3e-7)


@pytest.mark.parametrize("failing", [1, 2])
@pytest.mark.parametrize("error", [KeyError, KeyboardInterrupt])
def test_a_loss_that_raises_restores_theta(failing, error):
    theta, calls = np.linspace(-1, 1, 50, dtype=np.float32), []

    def loss(x):
        calls.append(0)
        if len(calls) == failing:
            raise error
        return 1.0

    with pytest.raises(error):
        mezo_step_(loss, theta, 3, 1e-2, 0.1)
    np.testing.assert_allclose(theta, np.linspace(-1, 1, 50), atol=3e-7)


def test_a_loss_that_is_not_deterministic_is_named():
    rng, theta = np.random.default_rng(0), np.ones(5)
    with pytest.raises(ValueError, match=r"not deterministic: at the same theta it is .* draw samples before a step"):
        mezo_(lambda x, batch: bowl(x) + 1e-9 * rng.random(), theta, [0], lr=0.1)
    np.testing.assert_array_equal(theta, 1)


def test_a_loss_that_is_not_finite_at_the_start_is_named():
    with pytest.raises(ValueError, match="the loss is nan before the first step"):
        mezo_(lambda x, batch: math.nan, np.ones(5), [0], lr=0.1)


@pytest.mark.parametrize("option", [{"lr": 0}, {"lr": math.nan}, {"lr": 0.1, "eps": -1}, {"lr": 0.1, "eps": math.inf}])
def test_bad_options_are_named(option):
    name, value = list(option.items())[-1]
    with pytest.raises(ValueError, match=f"{name}={value} must be a positive number"):
        mezo_(lambda x, batch: bowl(x), np.ones(5), [0], **option)


def test_rounding_moves_parameters_more_in_short_floats():
    theta = np.random.default_rng(0).normal(0, 0.02, 10_000)
    double, single, half = (drift(theta.astype(dtype), 100, 1e-3) for dtype in (np.float64, np.float32, np.float16))
    assert 0 < double < 1e-14
    assert 1e-8 < single < 1e-6
    assert 1e-4 < half < 1e-2
    assert drift(theta.astype(np.float32), 1, 1e-3) < single < drift(theta.astype(np.float32), 1000, 1e-3)


def peaks(layers):
    """Bytes of a MeZO step and of an Adam step at most, theta included, as the allocator counts them."""
    tokenizer, found = CharTokenizer("".join(map(chr, range(256, 445)))), []
    inputs = np.random.default_rng(0).integers(0, 190, (16, 64))

    def mezo(model):
        mezo_step_(lambda theta: model.loss(theta, inputs, inputs), model.theta, 0, 1e-3, 1e-6)

    def adam(model):
        train_(model, [(inputs, inputs)], Adam())

    for step in (mezo, adam):
        step(LanguageModel(tokenizer, Config(190, layers=1)))  # kernels compile
        tracemalloc.start()
        step(LanguageModel(tokenizer, Config(190, layers=layers)))
        found.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    return found


def test_mezo_needs_a_part_of_adams_memory_the_smaller_the_deeper():
    shares = []
    for layers in (1, 2, 4):
        mezo, adam = peaks(layers)
        shares.append(mezo / adam)
    assert shares[1] < 1 / 2.9
    assert shares[0] > shares[1] > shares[2]
