"""Every question of the registry: the reference and other right answers pass, the stub and the listed mistakes fail."""

import inspect

import numpy as np
import pytest
import scipy.linalg
from sklearn.linear_model import LinearRegression

from ngo_lesson.questions import check, exercise, exercises, find
from ngo_lesson.questions.check import recognize, run, verdict
from ngo_lesson.questions.question import functions
from ngo_lesson.questions.report import CheckFailed

QUESTIONS = [question for number in exercises() for question in exercise(number)]
MISTAKES = [(question, name) for question in QUESTIONS for name in question.mistakes]
HIDDEN_SEEDS = range(1, 6)

each_question = pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.id)


def judged(question, answer, seed):
    cases = question.cases(np.random.default_rng(seed))
    return verdict(question, cases, run(functions(answer), cases))


@each_question
def test_form(question):
    assert question.points > 0
    assert question.difficulty in (1, 2, 3)
    assert question.minutes > 0
    assert len(question.hints) >= 2
    assert len(question.cases(np.random.default_rng(0))) >= 1
    assert find(question.id) is question


@each_question
def test_the_reference_passes_without_warnings(question):
    report = check(question.id, *question.references)
    assert report.passed
    assert repr(report) == f"{question.id}: passed, {question.points} of {question.points} points"
    assert all(judged(question, question.reference, seed).passed for seed in HIDDEN_SEEDS)


@each_question
def test_the_empty_stub_fails_cleanly(question):
    def stub(*_):
        raise NotImplementedError("half_mse: write your answer here")

    report = check(question.id, *(... if question.is_quiz else stub for _ in question.references))
    assert (report.passed, report.points, report.mistake, report.answered) == (False, 0, None, False)
    assert "not answered yet" in repr(report)
    assert "Error" not in repr(report)


@pytest.mark.parametrize(("question", "name"), MISTAKES, ids=lambda value: getattr(value, "id", value))
def test_a_listed_mistake_is_named_and_gets_no_points(question, name):
    for seed in (0, *HIDDEN_SEEDS):
        report = judged(question, question.mistakes[name], seed)
        assert not report.passed
        assert report.points == 0
        assert report.mistake == name
        assert name in report.message


@each_question
def test_no_hint_gives_the_whole_answer_away(question):
    lines = [line.strip() for reference in question.references for line in inspect.getsource(reference).splitlines()]
    code = [line.removeprefix("return ") for line in lines if len(line) > 20 and '"""' not in line]
    assert not [line for line in code for hint in question.hints if line in hint]


# Other right answers, by question: loops, other formulas, libraries, other types of the result.


def loss_loop(theta, X, y):
    total = 0.0
    for i in range(len(y)):
        prediction = 0.0
        for j in range(len(theta)):
            prediction += X[i, j] * theta[j]
        total += (prediction - y[i]) ** 2
    return total / 2 / len(y)


def gradient_loop(theta, X, y):
    gradient = [0.0] * len(theta)
    for row, target in zip(X, y, strict=True):
        for j in range(len(theta)):
            gradient[j] += (sum(row * theta) - target) * row[j] / len(y)
    return gradient


def numerical_gradient(theta, X, y, h=1e-4):
    steps = h * np.eye(theta.size)
    return np.array([(loss_loop(theta + s, X, y) - loss_loop(theta - s, X, y)) / (2 * h) for s in steps])


def own_copy_gradient(theta, X, y):
    X = X.copy()
    X *= (X @ theta - y)[:, None]
    return X.mean(axis=0)


def svd_solution(X, y):
    U, s, Vt = np.linalg.svd(X, full_matrices=False)
    kept = s > 1e-10 * s[0]
    return Vt[kept].T @ ((U[:, kept].T @ y) / s[kept])


def sklearn_solution(X, y):
    return LinearRegression(fit_intercept=False).fit(X, y).coef_


def descent_own_copy(X, y, theta, lr, steps):
    theta = theta.copy()
    for _ in range(steps):
        theta -= lr * own_copy_gradient(theta, X, y)
    return theta


def descent_while(X, y, theta, lr, steps):
    while steps > 0:
        theta = [t - lr * g for t, g in zip(theta, gradient_loop(np.array(theta), X, y), strict=True)]
        steps -= 1
    return theta


def descent_recursive(X, y, theta, lr, steps):
    return descent_recursive(X, y, theta - lr * X.T @ (X @ theta - y) / len(y), lr, steps - 1) if steps else theta


def power_rate(X):
    H = X.T @ X / len(X)
    v = np.ones(H.shape[0])
    for _ in range(2000):
        v = H @ v / np.linalg.norm(H @ v)
    return 2 / (v @ H @ v)


ALTERNATIVES = {
    "02.half_mse": [
        loss_loop,
        lambda theta, X, y: np.mean((X @ theta - y) ** 2) / 2,
        lambda theta, X, y: 0.5 * np.linalg.norm(y - X.dot(theta)) ** 2 / X.shape[0],
        lambda theta, X, y: np.array(np.square(np.matmul(X, theta) - y).sum() / (2 * len(X))),
        lambda theta, X, y: np.einsum("i,i", X @ theta - y, X @ theta - y) / (2 * y.shape[0]),
    ],
    "02.gradient": [
        gradient_loop,
        numerical_gradient,
        own_copy_gradient,
        lambda theta, X, y: (X @ theta - y) @ X / len(y),
        lambda theta, X, y: np.mean((X @ theta - y)[:, None] * X, axis=0),
        lambda theta, X, y: X.T @ X @ theta / len(y) - X.T @ y / len(y),
        lambda theta, X, y: tuple(gradient_loop(theta, X, y)),
    ],
    "02.normal": [
        svd_solution,
        sklearn_solution,
        lambda X, y: np.linalg.pinv(X) @ y,
        lambda X, y: np.linalg.pinv(X.T @ X) @ X.T @ y,
        lambda X, y: scipy.linalg.lstsq(X, y)[0],
        lambda X, y: list(np.linalg.lstsq(X, y, rcond=1e-12)[0]),
    ],
    "02.descent": [descent_own_copy, descent_while, descent_recursive],
    "02.stable_rate": [
        power_rate,
        lambda X: 2 * len(X) / np.linalg.norm(X, 2) ** 2,
        lambda X: 2 / np.max(np.linalg.eigvals(X.T @ X / len(X))),
        lambda X: 2 / max(np.linalg.eigh(X.T @ X / len(X))[0]),
        lambda X: 2 * len(X) / np.linalg.svd(X)[1][0] ** 2,
        lambda X: np.float32(2 / scipy.linalg.eigvalsh(X @ X.T / len(X))[-1]),
    ],
}


@pytest.mark.parametrize(("id", "answer"), [(id, answer) for id, answers in ALTERNATIVES.items() for answer in answers])
def test_other_right_answers_pass(id, answer):
    for seed in (0, *HIDDEN_SEEDS):
        report = judged(find(id), answer, seed)
        assert report.passed, report


def test_every_question_has_other_right_answers():
    assert {question.id for question in QUESTIONS} == set(ALTERNATIVES)


def test_errors_in_every_case_name_no_mistake():
    question = find("02.normal")

    def answer(X, y):
        raise np.linalg.LinAlgError

    cases = question.cases(np.random.default_rng(0))
    assert recognize(question, cases, run((answer,), cases)) is None


def test_solving_with_a_singular_matrix_is_named_however_it_is_written():
    for answer in (
        lambda X, y: np.linalg.solve(X.T @ X, X.T @ y),
        lambda X, y: np.linalg.inv(X.T.dot(X)).dot(X.T).dot(y),
        lambda X, y: scipy.linalg.inv(X.T @ X) @ (X.T @ y),
    ):
        report = check("02.normal", answer)
        assert report.mistake == "X'X is inverted (or solved with), also where it is singular"


def test_unknown_names_say_what_was_meant():
    with pytest.raises(ValueError, match=r"did you mean '02.half_mse'"):
        check("02.hafl_mse", loss_loop)
    with pytest.raises(ValueError, match="exercise='99' has no questions"):
        exercise("99")
    with pytest.raises(ValueError, match=r'call check\("02.half_mse", half_mse\)'):
        check("02.half_mse")


def test_strict_raises_the_report():
    with pytest.raises(CheckFailed, match=r"02\.half_mse: not yet"):
        check("02.half_mse", lambda theta, X, y: 0.0, strict=True)
    assert check("02.half_mse", loss_loop, strict=True).passed
