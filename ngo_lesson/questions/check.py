"""The check cell: `check("02.half_mse", half_mse)` runs an answer on public cases and reports the first that differs.

Collecting what an answer does (`run`) and deciding about it (`verdict`) are apart: in sealed grading two processes.
"""

import inspect
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ngo_lesson.answers import Outcome, call
from ngo_lesson.questions.question import Case, Question, close, functions, kind, same, show
from ngo_lesson.questions.registry import exercise, find
from ngo_lesson.questions.report import CheckFailed, Report, Score

PUBLIC_SEED = 0
WARNED = "Warning while it ran"  # the grading strips this detail before nbval compares
SHOWN_CHARACTERS = 2000  # of one detail
_latest: dict[str, Report] = {}


def check(id: str, *answers: Any, strict: bool = False) -> Report:
    """Check the answers to one question and return a Report, which shows itself.

    With `strict`, or where nbgrader runs the notebook, an answer that does not pass raises CheckFailed.
    """
    question = find(id)
    if len(answers) != len(question.references):
        raise ValueError(f"{len(answers)} answers were given; call {_example(question)}")
    cases = question.cases(np.random.default_rng(PUBLIC_SEED))
    report = verdict(question, cases, run(tuple(_answer(question, answer) for answer in answers), cases))
    _latest[id] = report
    if not report.passed and (strict or os.environ.get("NBGRADER_EXECUTION") in ("autograde", "validate")):
        raise CheckFailed(report)
    return report


def score(number: str) -> Score:
    """Sum the session's latest reports over all questions of an exercise such as "02"."""
    questions = exercise(number)
    reports = [_latest.get(question.id) for question in questions]
    missing = (
        f"{question.id}: not checked yet, 0 of {question.points} points" if report is None else report.headline
        for question, report in zip(questions, reports, strict=True)
        if report is None or not report.passed
    )
    points = sum(report.points for report in reports if report)
    return Score(number, points, sum(question.points for question in questions), tuple(missing))


def run(answers: Sequence[Callable], cases: Sequence[Case]) -> list[Outcome]:
    """Call the answers on fresh copies of every case; one that takes too long is not called again."""
    return list(_calls(answers, cases))


def _calls(answers: Sequence[Callable], cases: Sequence[Case]) -> Iterator[Outcome]:
    outcome = Outcome()
    for case in cases:
        if outcome.error != "Timeout":
            outcome = call(answers[case.answer], case.arguments)
        yield outcome


def verdict(question: Question, cases: Sequence[Case], outcomes: Sequence[Outcome]) -> Report:
    """Decide from the outcomes alone; runs the reference and the listed mistakes, never the answer."""
    references = run(question.references, cases)
    for case, expected, outcome in zip(cases, references, outcomes, strict=True):
        sentence = difference(question, case, expected, outcome)
        if sentence is None:
            continue
        if outcome.error == "NotImplementedError":
            unanswered = outcome.text or f"{_name(question, case)}: write your answer"
            message = f"{unanswered}. Then run its cell and this one again."
            return Report(question.id, 0, question.points, False, message=message, answered=False)
        if question.is_quiz:  # what was expected is not told
            sentence = f"{show(outcome.value)} is not right."
        details = () if question.is_quiz else _details(question, case, expected, outcome)
        return _failed(question, recognize(question, cases, outcomes), sentence, details)
    sentence = question.compare_all and question.compare_all(references, outcomes)
    if sentence:
        return _failed(question, recognize(question, cases, outcomes, together=True), sentence)
    warned = tuple((WARNED, text) for text in dict.fromkeys(text for outcome in outcomes for text in outcome.warnings))
    return Report(question.id, question.points, question.points, True, details=warned[:1])


def _failed(
    question: Question, mistake: str | None, sentence: str, details: tuple[tuple[str, str], ...] = ()
) -> Report:
    named = f"Recognized mistake: {mistake}{'' if mistake.endswith('?') else '.'} " if mistake else ""
    message = named + sentence[0].upper() + sentence[1:]
    return Report(question.id, 0, question.points, False, mistake, message, details)


def difference(question: Question, case: Case, expected: Outcome, got: Outcome) -> str | None:
    """Return None where two outcomes of a case agree in error, changed arguments and value, or what differs."""
    name = f"`{_name(question, case)}`"
    if got.error or expected.error:
        return None if got.error == expected.error else _error_sentence(question, case, expected, got)
    for parameter, before, after in zip(_parameters(question, case), expected.arguments, got.arguments, strict=False):
        if close(before, after):
            return f"{name} changed its argument `{parameter}`, which belongs to the caller: work on a copy."
    try:
        return question.compare(expected, got)
    except (TypeError, ValueError, IndexError, KeyError, AttributeError):  # a comparison of properties met another kind
        return f"the result is {kind(got.value)}; {kind(expected.value)} was expected."


def recognize(
    question: Question, cases: Sequence[Case], outcomes: Sequence[Outcome], together: bool = False
) -> str | None:
    """Return the name of the listed mistake that does the same in every case, or None. Errors alone prove nothing.

    With `together`, for answers that are right case by case, the outcomes of all cases must agree by `compare_all`.
    """
    if all(outcome.error for outcome in outcomes):
        return None
    for name, wrong in question.mistakes.items():
        others = []
        for case, other, outcome in zip(cases, _calls(functions(wrong), cases), outcomes, strict=True):
            if difference(question, case, other, outcome):
                break
            others.append(other)
        else:
            if not (together and question.compare_all(others, outcomes)):
                return name
    return None


def _error_sentence(question: Question, case: Case, expected: Outcome, got: Outcome) -> str:
    bare = _name(question, case)
    name, asked = f"`{bare}`", f"`{bare}({', '.join(_parameters(question, case))})`"
    return {
        "": f"{name} raised no error; {expected.error} was expected.",
        "Timeout": f"{name} gave {got.text}. Is there a loop that never ends?",
        "NotCallable": f"{name} is {got.text}. Is its name used for something else in another cell?",
        "Signature": f"{name} takes the arguments `{got.text}`; it is called as {asked}.",
        "NotPlain": f"the result is {got.text}; {kind(expected.value)} was expected.",
    }.get(got.error, f"{name} raised {got.error}: {got.text}")


def _details(question: Question, case: Case, expected: Outcome, got: Outcome) -> tuple[tuple[str, str], ...]:
    parameters = _parameters(question, case)
    inputs = "\n".join(_assigned(*pair) for pair in zip(parameters, case.arguments, strict=False))
    called = f"Called as {_name(question, case)}({', '.join(parameters)}) with"
    rows = [(called, inputs), ("Your lines", "\n".join(got.lines))]
    rows += [] if got.error else [("Returned", show(got.value))]
    label = "Expected" if question.compare is same else "A right result"
    rows += [(label, expected.error or show(expected.value)), (WARNED, "\n".join(got.warnings))]
    more = f" ... ({got.printed_count} characters in all)" if got.printed_count > len(got.printed) else ""
    rows.append(("Printed", got.printed.rstrip("\n") + more))
    return tuple((label, text[:SHOWN_CHARACTERS]) for label, text in rows if text)


def _assigned(name: str, value: Any) -> str:
    return f"{name} = " + show(value).replace("\n", "\n" + " " * (len(name) + 3))


def _answer(question: Question, answer: Any) -> Callable:
    """Return the answer as something to call; an empty literal is an answer not given yet."""
    if answer is ... or (question.is_quiz and answer is None):
        return _unanswered
    return functions(answer)[0] if question.is_quiz else answer


def _unanswered(*_: Any) -> None:
    raise NotImplementedError


def _name(question: Question, case: Case) -> str:
    return question.id.partition(".")[2] if question.is_quiz else question.references[case.answer].__name__


def _parameters(question: Question, case: Case) -> list[str]:
    return list(inspect.signature(question.references[case.answer]).parameters)


def _example(question: Question) -> str:
    names = (reference.__name__ for reference in question.references)
    return f'check("{question.id}", {question.id.partition(".")[2] if question.is_quiz else ", ".join(names)})'
