"""Perceptrons: central differences, scikit-learn and a plain loop agree with them, and bad input is named."""

import warnings
from functools import partial

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn import neural_network as peer
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.utils.estimator_checks import parametrize_with_checks

from ngo_lesson.models import mlp
from ngo_lesson.models.mlp import MLPClassifier, MLPRegressor
from ngo_lesson.optimize.schedules import step_decay
from ngo_lesson.optimize.updates import GD, Adam, Momentum

XOR = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([0, 1, 1, 0])


@pytest.fixture(scope="module")
def digits():
    """X, X_test, y, y_test."""
    X, y = load_digits(return_X_y=True)
    return train_test_split(X / 16, y, test_size=0.2, random_state=0, stratify=y)


def network(sizes, m, seed=0, scale=0.7):
    """Random theta, X and labels."""
    rng = np.random.default_rng(seed)
    theta = scale * rng.standard_normal(mlp.initialize(sizes, "he", rng).size)
    return theta, rng.standard_normal((m, sizes[0])), rng.integers(sizes[-1], size=m)


@parametrize_with_checks([MLPClassifier(random_state=0), MLPRegressor(random_state=0)])
def test_scikit_learn_accepts_the_estimators(estimator, check):
    check(estimator)


def test_views_share_the_memory_of_theta():
    sizes = (3, 2, 4)
    assert mlp.shapes(sizes) == [((3, 2), (2,)), ((2, 4), (4,))]
    theta = np.arange(20.0)
    weights, biases = mlp.unpack(theta, sizes)
    assert [w.shape for w in weights] == [(3, 2), (2, 4)]
    np.testing.assert_array_equal(np.concatenate([weights[0].ravel(), biases[0], weights[1].ravel(), biases[1]]), theta)
    weights[1][0, 0] = biases[0][1] = -1
    assert theta[8] == theta[7] == -1


@pytest.mark.parametrize("activation", mlp.ACTIVATIONS)
def test_forward_equals_scikit_learn(activation):
    theta, X, y = network((4, 6, 5, 3), m=30)
    X[:3] *= 100  # also where exp of an output overflows
    weights, biases = mlp.unpack(theta, (4, 6, 5, 3))
    name = {"sigmoid": "logistic"}.get(activation, activation)
    with warnings.catch_warnings(action="ignore"):
        other = peer.MLPClassifier((6, 5), activation=name, max_iter=1).fit(X, np.arange(30) % 3)
    other.coefs_, other.intercepts_ = weights, biases
    ours = MLPClassifier((6, 5), activation=activation, max_iter=1, dtype="float64").fit(X, np.arange(30) % 3)
    ours.theta_[:] = theta
    np.testing.assert_allclose(ours.predict_proba(X), other.predict_proba(X), rtol=1e-12, atol=1e-15)
    np.testing.assert_array_equal(ours.predict(X), other.predict(X))
    expected = log_loss(np.append(y[3:], range(3)), np.vstack([other.predict_proba(X[3:]), np.full((3, 3), 1 / 3)]))
    found = (27 * mlp.loss(theta, (4, 6, 5, 3), X[3:], y[3:], activation) + 3 * np.log(3)) / 30
    assert found == pytest.approx(expected, rel=1e-12)


@settings(deadline=None)  # the first example loads the kernels
@given(
    st.lists(st.integers(1, 5), min_size=2, max_size=5),
    st.integers(1, 6),
    st.sampled_from(sorted(mlp.ACTIVATIONS)),
    st.sampled_from(sorted(mlp.LOSSES)),
    st.integers(0, 99),
)
def test_backward_is_the_derivative(sizes, m, activation, kind, seed):
    theta, X, y = network(sizes, m, seed)
    if kind == "half_squared_error":
        y = np.random.default_rng(seed).standard_normal((m, sizes[-1]))
    if activation == "relu":  # whose kinks central differences do not see
        A = X
        for weights, biases in zip(*mlp.unpack(theta, sizes), strict=True):
            assume(np.abs(A @ weights + biases).min() > 1e-3)
            A = np.maximum(A @ weights + biases, 0)
    arguments = sizes, X, y, activation, kind
    gradient = mlp.loss_and_gradient(theta, *arguments)[1]
    assert mlp.loss_and_gradient(theta, *arguments)[0] == mlp.loss(theta, *arguments)
    if np.linalg.norm(gradient) > 1e-3:  # less is lost in the rounding of the loss
        assert mlp.gradient_check(lambda x: mlp.loss(x, *arguments), lambda x: gradient, theta) < 1e-6
        assert mlp.gradient_check(lambda x: mlp.loss(x, *arguments), lambda x: -gradient, theta) > 0.9
    activations = mlp.forward(theta, sizes, X, activation)
    delta = mlp.LOSSES[kind](activations[-1], y)[1]
    np.testing.assert_array_equal(mlp.backward(theta, sizes, activations, delta, activation), gradient)
    single = mlp.loss_and_gradient(theta.astype(np.float32), sizes, X.astype(np.float32), *arguments[2:])[1]
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, gradient, rtol=1e-3, atol=1e-4)


def test_losses_of_known_values():
    value, delta = mlp.cross_entropy(np.array([[0.0, np.log(3)], [1e4, 0.0]]), np.array([0, 1]))
    assert value == pytest.approx((np.log(4) + 1e4) / 2)
    np.testing.assert_allclose(delta, [[-0.375, 0.375], [0.5, -0.5]], rtol=1e-14)
    np.testing.assert_allclose(mlp.cross_entropy(np.array([[0, 0]]), np.array([1]))[1], [[0.5, -0.5]])
    value, delta = mlp.half_squared_error(np.array([[1.0], [5.0]]), np.array([2.0, 2.0]))
    assert value == (1 + 9) / 4
    np.testing.assert_array_equal(delta, [[-0.5], [1.5]])


@pytest.mark.parametrize(("rows", "columns"), [(9, 4), (4, 9), (6, 6), (1, 3)])
def test_orthogonal_weights(rows, columns):
    Q = mlp.orthogonal(rows, columns, np.random.default_rng(0), gain=2.0)
    assert Q.shape == (rows, columns)
    np.testing.assert_allclose(Q @ Q.T if rows < columns else Q.T @ Q, 4 * np.eye(min(rows, columns)), atol=1e-12)


def test_orthogonal_weights_are_uniform():
    rng = np.random.default_rng(0)
    draws = np.array([mlp.orthogonal(2, 2, rng) for _ in range(2000)])
    assert abs((np.linalg.det(draws) > 0).mean() - 0.5) < 0.05
    np.testing.assert_allclose(
        draws.mean(axis=0), 0, atol=0.06
    )  # without the signs, the first entry is always negative


def test_scales_of_random_weights():
    rng = np.random.default_rng(0)
    for make, scale in (
        (mlp.he, np.sqrt(2 / 300)),
        (mlp.xavier, np.sqrt(2 / 500)),
        (partial(mlp.normal, scale=0.3), 0.3),
        (mlp.normal, 1.0),
    ):
        weights = make(300, 200, rng)
        assert weights.shape == (300, 200)
        assert weights.std() == pytest.approx(scale, rel=0.02)
        assert abs(weights.mean()) < 0.02 * scale
    theta = mlp.initialize((5, 4, 3), "xavier", 0)
    np.testing.assert_array_equal(theta, mlp.initialize((5, 4, 3), mlp.xavier, 0))
    assert all((b == 0).all() for b in mlp.unpack(theta, (5, 4, 3))[1])


def test_gradients_vanish_and_explode_with_depth():
    sizes = (16,) * 21
    X, Y = np.random.default_rng(1).standard_normal((2, 50, 16))

    def norms(init, activation):
        theta = mlp.initialize(sizes, init, 0)
        gradient = mlp.loss_and_gradient(theta, sizes, X, Y, activation, "half_squared_error")[1]
        return mlp.layer_norms(gradient, sizes)

    assert norms(partial(mlp.normal, scale=0.05), "tanh").max() < 1e-9
    assert norms(partial(mlp.normal, scale=1.0), "identity").min() > 1e9
    sigmoid = norms("xavier", "sigmoid")
    assert sigmoid[0] < 1e-6 * sigmoid[-1]
    even = norms("orthogonal", "identity")
    assert 0.1 < even.min() < even.max() < 10


def test_training_equals_a_plain_loop():
    X, y = np.random.default_rng(0).standard_normal((50, 4)), np.arange(50) % 3
    model = MLPClassifier((6,), batch_size=16, max_iter=5, learning_rate=0.01, random_state=3, dtype="float64").fit(
        X, y
    )

    rng = np.random.default_rng(3)
    W1, b1 = rng.standard_normal((4, 6)) * np.sqrt(2 / 4), np.zeros(6)
    W2, b2 = rng.standard_normal((6, 3)) * np.sqrt(2 / 6), np.zeros(3)
    parameters, t, curve = [W1, b1, W2, b2], 0, []
    means, squares = [np.zeros_like(p) for p in parameters], [np.zeros_like(p) for p in parameters]
    for _ in range(5):
        order, total = rng.permutation(50), 0.0
        for start in range(0, 50, 16):
            batch = order[start : start + 16]
            H = np.maximum(X[batch] @ W1 + b1, 0)
            E = np.exp(H @ W2 + b2)
            P = E / E.sum(axis=1, keepdims=True)
            total -= np.log(P[np.arange(len(batch)), y[batch]]).sum()
            D2 = (P - np.eye(3)[y[batch]]) / len(batch)
            D1 = D2 @ W2.T * (H > 0)
            t += 1
            for p, g, m, v in zip(
                parameters, (X[batch].T @ D1, D1.sum(0), H.T @ D2, D2.sum(0)), means, squares, strict=True
            ):
                m[:] = 0.9 * m + 0.1 * g
                v[:] = 0.999 * v + 0.001 * g**2
                p -= 0.01 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        curve.append(total / 50)
    np.testing.assert_allclose(model.loss_curve_, curve, rtol=1e-10)
    for found, expected in zip([*model.coefs_, *model.intercepts_], [W1, W2, b1, b2], strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-10)
        assert np.shares_memory(found, model.theta_)


def test_the_seed_decides_everything():
    X, y = XOR
    first, second, other, own = (
        MLPClassifier((4,), max_iter=5, random_state=seed).fit(X, y).theta_
        for seed in (1, 1, 2, np.random.default_rng(1))
    )
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, own)
    assert np.abs(first - other).max() > 0.01


@pytest.mark.parametrize(("rule", "lr"), [("momentum", 0.1), ("rmsprop", 0.01), ("adam", 0.01)])
def test_xor_is_solved_from_ten_of_ten_seeds(rule, lr):
    X, y = XOR
    options = {"activation": "tanh", "init": "xavier", "rule": rule, "learning_rate": lr, "max_iter": 500}
    for seed in range(10):
        model = MLPClassifier((8,), random_state=seed, **options).fit(X, y)
        assert model.score(X, y) == 1
        assert model.loss_curve_[-1] < 0.02


@pytest.mark.parametrize("rule", mlp.RULES)
def test_every_rule_trains(digits, rule):
    X, _, y, _ = digits
    model = MLPClassifier((16,), rule=rule, max_iter=5, random_state=0).fit(X, y)
    assert model.loss_curve_[-1] < model.loss_curve_[0]
    assert len(model.loss_curve_) == model.n_iter_ == 5


def test_a_rule_object_or_function_is_used_and_left_alone():
    X, y = XOR
    options = {"hidden_layer_sizes": (4,), "max_iter": 20, "random_state": 0}
    rule = Momentum(0.05, nesterov=True)
    models = [
        MLPClassifier(rule="nesterov", learning_rate=0.05, **options),
        MLPClassifier(rule=rule, **options),
        MLPClassifier(rule=partial(Momentum, nesterov=True), learning_rate=0.05, **options),
    ]
    expected, *found = (clone(model).fit(X, y).fit(X, y).theta_ for model in models)
    for theta in found:
        np.testing.assert_array_equal(theta, expected)
    assert rule.t == 0
    scheduled = MLPClassifier(rule=GD(step_decay(0.5, every=3)), **options).fit(X, y)
    assert scheduled.loss_curve_[-1] < scheduled.loss_curve_[0]


def test_digits_are_learned(digits):
    X, X_test, y, y_test = digits
    model = MLPClassifier((64,), learning_rate=5e-3, max_iter=20, random_state=0).fit(X, y)
    assert model.score(X_test, y_test) > 0.95
    names = np.array([f"digit {k}" for k in range(10)])
    named = clone(model).fit(X, names[y])
    np.testing.assert_array_equal(named.predict(X_test), names[model.predict(X_test)])
    np.testing.assert_allclose(named.predict_proba(X_test).sum(axis=1), 1)


def test_without_hidden_layers_it_is_logistic_regression():
    X, y = np.random.default_rng(0).standard_normal((200, 3)), np.random.default_rng(1).integers(3, size=200)
    model = MLPClassifier((), batch_size=200, rule="momentum", learning_rate=0.5, max_iter=500, dtype="float64")
    expected = LogisticRegression(C=np.inf, tol=1e-8).fit(X, y)
    np.testing.assert_allclose(model.fit(X, y).predict_proba(X), expected.predict_proba(X), atol=1e-6)


def test_a_curve_is_learned():
    x = np.linspace(-3, 3, 200)
    model = MLPRegressor((32,), activation="tanh", learning_rate=0.02, batch_size=20, max_iter=300, random_state=0)
    assert model.fit(x[:, None], np.sin(2 * x)).score(x[:, None], np.sin(2 * x)) > 0.95


def test_a_run_that_diverges_says_when_and_keeps_its_history():
    X = np.random.default_rng(0).standard_normal((64, 3))
    model = MLPRegressor((8,), rule="gd", learning_rate=0.05, batch_size=8, max_iter=2000, random_state=0)
    with warnings.catch_warnings(action="error"), pytest.raises(ValueError, match=r"at step \d+.*diverged.*smaller"):
        model.fit(X, 30 * X[:, 0] ** 2)
    assert 0 < len(model.loss_curve_) < 2000
    assert np.isfinite(model.loss_curve_).all()


def test_a_loss_that_rises_is_reported():
    X = np.random.default_rng(0).standard_normal((64, 3))
    model = MLPRegressor((8,), activation="tanh", rule="adam", learning_rate=3.0, max_iter=3, random_state=0)
    with pytest.warns(ConvergenceWarning, match=r"the loss rose from \S+ to \S+ in 3 epochs; try a smaller"):
        model.fit(X, X[:, 0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hidden_layer_sizes": (8, 0)}, r"hidden_layer_sizes=\(8, 0\) must be positive integers"),
        ({"hidden_layer_sizes": (8.5,)}, r"hidden_layer_sizes=\(8.5,\) must be positive integers"),
        ({"hidden_layer_sizes": -3}, "hidden_layer_sizes=-3 must be positive integers"),
        ({"activation": "rleu"}, "activation='rleu' is unknown; known: relu, tanh"),
        ({"init": "hee"}, "init='hee' is unknown; known: he, xavier"),
        ({"rule": "adm"}, "rule='adm' is unknown; known: gd, momentum"),
        ({"rule": None}, "rule=None is unknown; known: gd, momentum"),
        ({"rule": Adam(), "learning_rate": 0.1}, "learning_rate=0.1 must be None: the rule given has its own"),
        ({"learning_rate": -1}, "lr=-1 must be a positive number"),
        ({"batch_size": 0}, 'batch_size=0 must be "auto" or from 1 to the number of samples, 4'),
        ({"batch_size": 5}, 'batch_size=5 must be "auto" or from 1 to the number of samples, 4'),
        ({"batch_size": 2.0}, 'batch_size=2.0 must be "auto" or from 1'),
        ({"max_iter": 0}, "max_iter=0 must be a positive integer"),
        ({"dtype": "float16"}, 'dtype=\'float16\' must be "float32" or "float64"'),
    ],
)
@pytest.mark.parametrize("estimator", [MLPClassifier, MLPRegressor])
def test_bad_parameters_are_named(estimator, options, message):
    with pytest.raises(ValueError, match=message):
        estimator(**options).fit(*XOR)


@pytest.mark.parametrize("estimator", [MLPClassifier, MLPRegressor])
def test_bad_data_are_named(estimator):
    X, y = XOR
    with pytest.raises(ValueError, match="inconsistent numbers of samples: \\[4, 3\\]"):
        estimator().fit(X, y[:3])
    with pytest.raises(ValueError, match="Input X contains NaN"):
        estimator().fit(np.where(X == 1, np.nan, X), y)
    with pytest.raises(ValueError, match="y contains NaN"):
        estimator().fit(X, np.where(y == 1, np.nan, y))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda theta, X, y: mlp.shapes((3,)), r"sizes=\(3,\) must be two or more positive integers"),
        (lambda theta, X, y: mlp.shapes((3, 0, 2)), r"sizes=\(3, 0, 2\) must be two or more positive"),
        (
            lambda theta, X, y: mlp.unpack(theta[1:], (3, 4, 2)),
            r"theta has shape \(25,\); with sizes=\(3, 4, 2\) it must be \(26,",
        ),
        (lambda theta, X, y: mlp.unpack(np.append(theta, 0), (3, 4, 2)), r"theta has shape \(27,"),
        (lambda theta, X, y: mlp.forward(theta, (3, 4, 2), X[:, :2]), r"X has shape \(5, 2\); it must be \(m, 3\)"),
        (lambda theta, X, y: mlp.loss_and_gradient(theta, (3, 4, 2), X[0], y), r"X has shape \(3,\); it must be"),
        (lambda theta, X, y: mlp.loss(theta, (3, 4, 2), X[:0], y[:0]), "with at least one sample"),
        (lambda theta, X, y: mlp.forward(theta, (3, 4, 2), X, "cos"), "activation='cos' is unknown"),
        (lambda theta, X, y: mlp.loss(theta, (3, 4, 2), X, y, kind="mse"), "kind='mse' is unknown"),
        (lambda theta, X, y: mlp.loss(theta, (3, 4, 2), X, y[1:]), r"y is int64 of shape \(4,\); it must be integer"),
        (lambda theta, X, y: mlp.loss(theta, (3, 4, 2), X, y + 0.0), "y is float64 of shape"),
        (lambda theta, X, y: mlp.loss(theta, (3, 4, 2), X, y + 1), "y holds a label below 0 or above"),
        (lambda theta, X, y: mlp.loss(theta, (3, 4, 2), X, y - 1), "y holds a label below 0 or above"),
        (
            lambda theta, X, y: mlp.loss(theta, (3, 4, 2), X, y, kind="half_squared_error"),
            r"y has shape \(5,\); the output has shape \(5, 2\)",
        ),
        (lambda theta, X, y: mlp.initialize((3, 2), "hee", 0), "init='hee' is unknown"),
        (
            lambda theta, X, y: mlp.gradient_check(np.sum, lambda x: np.ones((2, 1)), [1, 2]),
            r"grad returned shape \(2, 1",
        ),
        (
            lambda theta, X, y: next(mlp.train_(theta, (3, 4, 2), X[1:], y, GD(), batch_size=2, rng=None)),
            "y has 5 entries and X has 4 samples",
        ),
    ],
)
def test_bad_arguments_of_the_functions_are_named(call, message):
    theta, X, _ = network((3, 4, 2), m=5)
    with pytest.raises(ValueError, match=message):
        call(theta, X, np.array([0, 1, 0, 1, 0]))
