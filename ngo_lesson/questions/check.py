"""The check cell: `check("02.half_mse", half_mse)` runs an answer on public cases and reports the first that differs.

Collecting what an answer does (`run`) and deciding about it (`verdict`) are apart: in sealed grading two processes.
"""

import inspect
import os
from collections.abc import Callable, Sequence
from functools import cache, cached_property
from typing import Any

import numpy as np

from ngo_lesson.answers import Outcome, call, to_call
from ngo_lesson.questions.question import Case, Question, close, functions, kind, same, show
from ngo_lesson.questions.registry import exercise, find
from ngo_lesson.questions.report import CheckFailed, Report, Score

PUBLIC_SEED = 0
WARNED = "Warning while it ran"  # the grading strips this detail before nbval compares
SHOWN_CHARACTERS = 2000  # of one detail
ENDED = ("Timeout", "Crashed")  # after these an answer is not called again
# What a comparison may raise where it meets a value of another kind than it expects.
MISFITS = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, MemoryError)
_latest: dict[str, Report] = {}


def check(id: str, *answers: Any, strict: bool = False) -> Report:
    """Check the answers to one question and return a Report, which shows itself.

    With `strict`, or where nbgrader runs the notebook, an answer that does not pass raises CheckFailed.
    """
    question = find(id)
    if len(answers) != len(question.references):
        raise ValueError(f"{len(answers)} answers were given; call {_example(question)}")
    callables = [to_call(answer, question.is_quiz) for answer in answers]
    public = drawn(question, PUBLIC_SEED)
    report = verdict(public, run(callables, public.cases))
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


class Draw:
    """The cases of a question from one seed, and what the reference and the listed mistakes do on them.

    What they do is found out when it is first asked for, and kept.
    """

    def __init__(self, question: Question, seed: int) -> None:
        self.question, self.cases = question, question.cases(np.random.default_rng(seed))
        self._mistaken: dict[str, list[Outcome]] = {name: [] for name in question.mistakes}

    @cached_property
    def references(self) -> list[Outcome]:
        """The outcomes of the reference."""
        return run(self.question.references, self.cases)

    def mistaken(self, name: str, i: int) -> Outcome:
        """Return the outcome of a listed mistake on case i."""
        return run(functions(self.question.mistakes[name]), self.cases[: i + 1], self._mistaken[name])[i]

    def differences(self, outcomes: Sequence[Outcome]) -> list[str | None]:
        """Return for each case what differs from the reference in a sentence, or None."""
        triples = zip(self.cases, self.references, outcomes, strict=True)
        return [difference(self.question, *triple) for triple in triples]

    def together(self, expected: Sequence[Outcome], outcomes: Sequence[Outcome]) -> str | None:
        """Return what `compare_all` says, if the question has it."""
        try:
            return self.question.compare_all and self.question.compare_all(expected, outcomes)
        except MISFITS as error:
            return f"the results cannot be compared: {error}."


drawn = cache(Draw)


def run(answers: Sequence[Callable], cases: Sequence[Case], done: list[Outcome] | None = None) -> list[Outcome]:
    """Call the answers on fresh copies of every case that is not `done`."""
    return collect(lambda case: call(answers[case.answer], case.arguments, measure=case.measure), cases, done)


def collect(ask: Callable[[Case], Outcome], cases: Sequence[Case], done: list[Outcome] | None = None) -> list[Outcome]:
    """Ask for the outcomes of the cases that are not `done`, and add them; after one that never ended, no more."""
    done = [] if done is None else done
    for case in cases[len(done) :]:
        done.append(done[-1] if done and done[-1].error in ENDED else ask(case))
    return done


def verdict(draw: Draw, outcomes: Sequence[Outcome]) -> Report:
    """Decide from the outcomes alone; runs the reference and the listed mistakes, never the answer."""
    question, found = draw.question, draw.differences(outcomes)
    first = next(((i, sentence) for i, sentence in enumerate(found) if sentence), None)
    if first is None:
        sentence = draw.together(draw.references, outcomes)
        if sentence:
            return _failed(question, 0, recognize(draw, outcomes, together=True), sentence)
        warned = dict.fromkeys((WARNED, text) for outcome in outcomes for text in outcome.warnings)
        return Report(question.id, question.points, question.points, True, details=tuple(warned)[:1])
    i, sentence = first
    case, expected, outcome = draw.cases[i], draw.references[i], outcomes[i]
    if outcome.error == "NotImplementedError":
        unanswered = outcome.text or f"{_name(question, case)}: write your answer"
        message = f"{unanswered}. Then run its cell and this one again."
        return Report(question.id, 0, question.points, False, message=message, answered=False)
    mistake = recognize(draw, outcomes)
    if question.is_quiz:  # what was expected is not told
        told = question.compare is not same
        return _failed(question, 0, mistake, sentence if told else f"{show(outcome.value)} is not right.")
    points = question.points * found.count(None) // len(found)
    points = min(points, question.points // 2) if mistake else points
    return _failed(question, points, mistake, sentence, _details(question, case, expected, outcome))


def _failed(
    question: Question, points: int, mistake: str | None, sentence: str, details: tuple[tuple[str, str], ...] = ()
) -> Report:
    message = name_mistake(mistake) + sentence[0].upper() + sentence[1:]
    return Report(question.id, points, question.points, False, mistake, message, details)


def name_mistake(mistake: str | None) -> str:
    """Return the sentence that names a recognized mistake, with a space after it, or ""."""
    return f"Recognized mistake: {mistake}{'' if mistake.endswith('?') else '.'} " if mistake else ""


def difference(question: Question, case: Case, expected: Outcome, got: Outcome) -> str | None:
    """Return None where two outcomes of a case agree in error, changed arguments and value, or what differs."""
    name = f"`{_name(question, case)}`"
    if got.error or expected.error:
        return None if got.error == expected.error else _error_sentence(question, case, expected, got)
    for parameter, before, after in zip(_parameters(question, case), expected.arguments, got.arguments, strict=False):
        if parameter in question.changes:
            differs = close(before, after, f"`{parameter}` after the call")
            if differs:
                return differs
        elif close(before, after):
            return f"{name} changed its argument `{parameter}`, which belongs to the caller: work on a copy."
    try:
        return question.compare(expected, got)
    except MISFITS:
        return f"the result is {kind(got.value)}; {kind(expected.value)} was expected."


def recognize(draw: Draw, outcomes: Sequence[Outcome], together: bool = False) -> str | None:
    """Return the name of the listed mistake that does the same in every case, or None. Errors alone prove nothing.

    With `together`, for answers that are right case by case, the outcomes of all cases must agree by `compare_all`.
    """
    if all(outcome.error for outcome in outcomes):
        return None
    for name in draw.question.mistakes:
        if any(
            difference(draw.question, case, draw.mistaken(name, i), outcome)
            for i, (case, outcome) in enumerate(zip(draw.cases, outcomes, strict=True))
        ):
            continue
        others = [draw.mistaken(name, i) for i in range(len(outcomes))]
        if not (together and draw.together(others, outcomes)):
            return name
    return None


def _error_sentence(question: Question, case: Case, expected: Outcome, got: Outcome) -> str:
    bare = _name(question, case)
    name, asked = f"`{bare}`", f"`{bare}({', '.join(_parameters(question, case))})`"
    return {
        "": f"{name} raised no error; {expected.error} was expected.",
        "Timeout": f"{name} gave {got.text}. Is there a loop that never ends?",
        "Crashed": f"{name} crashed: {got.text}.",
        "Missing": f"{name} is not defined{': ' * bool(got.text)}{got.text}.",
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


def _name(question: Question, case: Case) -> str:
    return question.names[case.answer]


def _parameters(question: Question, case: Case) -> list[str]:
    return _parameters_of(question.references[case.answer])


@cache
def _parameters_of(function: Callable) -> list[str]:
    return list(inspect.signature(function).parameters)


def _example(question: Question) -> str:
    return f'check("{question.id}", {", ".join(question.names)})'
