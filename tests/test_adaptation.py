"""Fine-tuning from values: masks, noise of low rank, curvature, prompts in a subspace, merges."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kurtosis

from ngo_lesson.models.adaptation import (
    HessianScaled,
    Pairs,
    low_rank_noise,
    merge,
    search_subspace,
    with_prompt,
)
from ngo_lesson.models.compression import sparse_mask
from ngo_lesson.models.language_model import CharTokenizer, Config, LanguageModel
from ngo_lesson.optimize.gradients import Gaussian

H = np.geomspace(1, 100, 20)


def bowl(x):
    return float(H @ (x * x)) / 2


@pytest.fixture
def model():
    tokenizer = CharTokenizer("abcdef")
    return LanguageModel(tokenizer, Config(len(tokenizer), context=12, width=16, heads=2), rng=0)


@given(st.integers(1, 60), st.floats(0.01, 1), st.integers(0, 10_000))
@settings(max_examples=50)
def test_mask_takes_the_smallest_magnitudes(size, share, seed):
    w = np.random.default_rng(seed).standard_normal(size)
    mask = sparse_mask(w, share)
    assert mask.sum() == int(share * size)
    assert np.abs(w[mask]).max(initial=0) <= np.abs(w[~mask]).min(initial=np.inf)


def test_mask_compares_all_entries():
    w = np.array([[3.0, -1.0], [2.0, -4.0]])
    assert sparse_mask(w, 0.5).tolist() == [[False, True], [True, False]]


@pytest.mark.parametrize("r", [1, 2, 8])
def test_low_rank_noise_has_its_rank_variance_and_kurtosis(r):
    rng = np.random.default_rng(r)
    assert np.linalg.matrix_rank(low_rank_noise(12, 9, r, rng)) == r
    entries = np.array([low_rank_noise(1, 1, r, rng)[0, 0] for _ in range(100_000)])
    assert entries.mean() == pytest.approx(0, abs=0.02)
    assert entries.var() == pytest.approx(1, abs=0.06)
    assert kurtosis(entries) == pytest.approx(6 / r, rel=0.25)


def test_pairs_are_gaussian_pairs():
    x = np.arange(20.0)
    own = Pairs(3, 0.1).gradient(bowl, x, np.random.default_rng(0))
    package = Gaussian(3, step=0.1).gradient(bowl, x, np.random.default_rng(0))
    np.testing.assert_allclose(own, package, rtol=1e-10)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("more", [{}, {"mask": H < 30}, {"shapes": ((4, 4), (4,)), "rank": 2}])
def test_pairs_mean_is_the_gradient(dtype, more):
    x, rng = np.ones(20, dtype), np.random.default_rng(1)
    asked = []

    def fun(point):
        asked.append(point)
        return bowl(point)

    estimator = Pairs(4000, 1e-2, **more)
    g = estimator.gradient(fun, x, rng)
    truth = np.where(more.get("mask", True), H, 0)
    assert g.dtype == dtype
    assert len(asked) == estimator.evaluations(20) == 8000
    assert np.linalg.norm(g - truth) < 0.15 * np.linalg.norm(truth)
    assert (g[truth == 0] == 0).all()
    assert (x == 1).all()


def test_curvature_is_learned_and_shortens_the_way():
    def evaluations(make, lr):
        estimator, x, rng, asked = make(), np.ones(20), np.random.default_rng(2), 0
        while bowl(x) > 1e-6 * bowl(np.ones(20)) and asked < 40_000:
            x = x - lr * estimator.gradient(bowl, x, rng)
            asked += estimator.evaluations(20)
        return asked, estimator

    asked, estimator = evaluations(lambda: HessianScaled(1e-2, 0.03), 0.5)
    assert asked < evaluations(lambda: Pairs(step=1e-3), 1 / H.sum())[0]
    assert np.corrcoef(np.log(estimator.curvature), np.log(H))[0, 1] > 0.7


def test_curvature_step_asks_three_values_and_keeps_flat_functions():
    asked = []
    estimator, rng = HessianScaled(), np.random.default_rng(3)
    for _ in range(2):
        asked.clear()
        g = estimator.gradient(lambda x: asked.append(x) or 1.0, np.ones(5), rng)
    assert len(asked) == estimator.evaluations(5) == 3
    assert (g == 0).all()
    assert np.isfinite(estimator.curvature).all()


def test_a_prompt_of_real_tokens_is_the_text_itself(model):
    text = model.tokenizer.encode("abcdefab")
    inputs, targets = text[None, :-1].copy(), text[None, 1:].copy()
    views = model.config.unpack(model.theta)
    prompt = views.tokens[inputs[0, :3]] + views.positions[:3]
    theta = with_prompt(model, model.theta, prompt)
    blank = inputs.copy()
    blank[:, :3] = 0
    assert model.loss(theta, blank, targets) == pytest.approx(model.loss(model.theta, inputs, targets), rel=1e-5)
    assert (model.config.unpack(model.theta).positions == views.positions).all()


def test_a_prompt_is_found_in_a_subspace(model):
    rng = np.random.default_rng(4)
    inputs = rng.integers(1, 7, (4, 8))
    targets = np.where(np.arange(8) < 3, -1, np.roll(inputs, -1, axis=1))
    inputs[:, :3] = 0
    base = np.zeros((3, 16), np.float32)

    def loss(prompt):
        return model.loss(with_prompt(model, model.theta, prompt), inputs, targets)

    for seed in range(3):
        prompt, value = search_subspace(loss, base, 5, 200, scale=0.3, seed=seed)
        assert prompt.shape == base.shape
        assert prompt.dtype == np.float32
        assert not base.any()
        assert value == pytest.approx(loss(prompt))
        assert value < loss(base)


def test_merge_is_the_weighted_mean():
    models = [[np.ones((2, 3)), np.zeros(3)], [np.full((2, 3), 3.0), np.ones(3)]]
    first, second = merge(models, [1, 3])
    assert (first == 2.5).all()
    assert (second == 0.75).all()
    first, second = merge(models, [[1, 0], [1, 1]])
    assert (first == 1).all()
    assert (second == 0.5).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sparse_mask(H, 1.5), "share=1.5 must be from 0"),
        (lambda: Pairs(0), "n=0 must be a positive integer"),
        (lambda: Pairs(step=-1), "step=-1 must be a positive number"),
        (lambda: Pairs(rank=1), "rank=1 must be a positive integer, and shapes"),
        (lambda: Pairs(mask=H > 2).gradient(bowl, np.ones(3), np.random.default_rng()), "mask has 20 entries; x has 3"),
        (lambda: Pairs(rank=1, shapes=((2, 2),)).gradient(bowl, np.ones(20), np.random.default_rng()), "shapes fill 4"),
        (lambda: HessianScaled(step=0), "step=0 must be a positive number"),
        (lambda: HessianScaled(smoothing=1), "smoothing=1 must be at least 0"),
        (lambda: search_subspace(np.sum, np.zeros((2, 2)), 5, 10, scale=1), "k=5 must be an integer from 1 to 4"),
        (lambda: merge([[H], [H]], [1, -1]), "must be one number for each of 2 models"),
        (lambda: merge([[H], [H]], [0, 0]), "not all 0"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("shape", [(3, 15), (12, 16), (16,)])
def test_a_prompt_must_fit(model, shape):
    with pytest.raises(ValueError, match="it must be \\(tokens, 16\\) with 1 to 11 tokens"):
        with_prompt(model, model.theta, np.zeros(shape, np.float32))
