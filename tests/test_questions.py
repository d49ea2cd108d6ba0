"""Every question of the registry: the reference and other right answers pass, the stub and the listed mistakes fail."""

import contextlib
import importlib.util
import inspect
import math
from pathlib import Path

import numpy as np
import pytest
import scipy.linalg

from ngo_lesson.grading.judge import hidden
from ngo_lesson.questions import check, exercise, exercises, find
from ngo_lesson.questions.check import Draw, drawn, recognize, run, verdict
from ngo_lesson.questions.question import functions
from ngo_lesson.questions.report import CheckFailed

QUESTIONS = [question for number in exercises() for question in exercise(number)]
MISTAKES = [(question, name) for question in QUESTIONS for name in question.mistakes]
HIDDEN_SEEDS = range(1, 6)


def other_right_answers():
    """Join the ALTERNATIVES (question id -> list of right answers) of tests/alternatives/exercise_*.py."""
    joined = {}
    for path in sorted((Path(__file__).parent / "alternatives").glob("exercise_*.py")):
        spec = importlib.util.spec_from_file_location(f"alternatives_{path.stem}", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        joined |= module.ALTERNATIVES
    return joined


ALTERNATIVES = other_right_answers()

each_question = pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.id)


def judged(question, answer, seed):
    draw = drawn(question, seed)
    return verdict(draw, run(functions(answer), draw.cases))


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
    report = check(question.id, *([question.reference] if question.is_quiz else question.references))
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
def test_a_listed_mistake_is_named_and_gets_half_of_the_points_at_most(question, name):
    for seed in (0, *HIDDEN_SEEDS):
        report = judged(question, question.mistakes[name], seed)
        assert not report.passed
        assert 0 <= report.points <= question.points / 2
        assert report.mistake == name
        assert name in report.message


@each_question
def test_no_hint_gives_the_whole_answer_away(question):
    lines = [line.strip() for reference in question.references for line in inspect.getsource(reference).splitlines()]
    code = [line.removeprefix("return ") for line in lines if len(line) > 20 and '"""' not in line]
    assert not [line for line in code for hint in question.hints if line in hint]


@pytest.mark.parametrize(("id", "answer"), [(id, answer) for id, answers in ALTERNATIVES.items() for answer in answers])
def test_other_right_answers_pass(id, answer):
    for seed in (0, *HIDDEN_SEEDS):
        report = judged(find(id), answer, seed)
        assert report.passed, report


@each_question
def test_every_question_has_other_right_answers(question):
    assert ALTERNATIVES.get(question.id)


@each_question
def test_hidden_cases_differ_from_the_public_ones(question):
    for which in range(2):
        places = hidden(question, "class", which)[1]
        assert question.is_quiz or places.count(None) >= 2


STRANGE = (None, "text", 2**62, -(2**62), 1e308, math.nan, 1j, [], [[1.0], 2.0], {}, np.zeros(0), np.zeros(10**5))


@pytest.mark.filterwarnings("ignore")
@each_question
def test_functions_among_the_arguments_withstand_what_a_student_may_send(question):
    functions = [argument for case in drawn(question, 0).cases for argument in case.arguments if callable(argument)]
    for function in {function.__code__: function for function in functions}.values():
        for sent in (*STRANGE, np.random.default_rng(0)):
            with contextlib.suppress(Exception):
                function(*(sent,) * function.__code__.co_argcount)  # in time, that is: not an endless power


def test_errors_in_every_case_name_no_mistake():
    question = find("02.normal")

    def answer(X, y):
        raise np.linalg.LinAlgError

    draw = Draw(question, 0)
    assert recognize(draw, run((answer,), draw.cases)) is None


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
        check("02.hafl_mse", len)
    with pytest.raises(ValueError, match="exercise='99' has no questions"):
        exercise("99")
    with pytest.raises(ValueError, match=r'call check\("02.half_mse", half_mse\)'):
        check("02.half_mse")


def test_strict_raises_the_report():
    with pytest.raises(CheckFailed, match=r"02\.half_mse: not yet"):
        check("02.half_mse", lambda theta, X, y: 0.0, strict=True)
    assert check("02.half_mse", *find("02.half_mse").references, strict=True).passed
