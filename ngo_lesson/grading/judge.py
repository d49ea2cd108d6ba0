"""Decides about a submission from a sealed run of its answers, on public cases and on hidden ones.

The process of the judge holds the references and the secret seed, and never executes student code. Of what the sealed
process sends it believes no more than that it is the student's answer.
"""

import hashlib
import math
import time
import warnings
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import accumulate, groupby
from pathlib import Path
from types import FunctionType
from typing import Any, Protocol

import numpy as np

from ngo_lesson.answers import KEPT_CHARACTERS, KEPT_WARNINGS, SECONDS, NotPlainError, Outcome, plain
from ngo_lesson.grading.sealed import CLAIMED
from ngo_lesson.grading.wire import Channel, WireError, encode
from ngo_lesson.questions.check import PUBLIC_SEED, Draw, collect, drawn, name_mistake, recognize, verdict
from ngo_lesson.questions.question import Case, Question
from ngo_lesson.questions.report import Report

CELL_SECONDS = 20.0
GRACE_SECONDS = 5.0  # beyond a limit the sealed process should keep itself
TOTAL_SECONDS = 200.0  # for all questions of one policy
START_SECONDS = 60.0
HIDDEN_DRAWS = 2
SOURCE_CHARACTERS = 4_000_000  # of all cells; what is beyond is left out
QUESTION_BYTES = 2**27  # of all results of one question
DIED = "Python was ended, by exit or for want of memory"
UNREADABLE = "what came back is no result"
FAULTS = (TimeoutError, WireError, EOFError, OSError)


class Starter(Protocol):
    """What the judge needs of `ngo_lesson.grading.warm.Warm`."""

    def start(self, request: dict[str, Any]) -> Channel:
        """Start a sealed process that serves this request."""

    def end(self) -> Any:
        """Kill it and return its usage."""


@dataclass(frozen=True)
class Verdict:
    """The points for one question, and why; nothing of hidden cases but their numbers."""

    points: int
    passed: bool
    reason: str


@dataclass(frozen=True)
class SealedResult:
    """Reports on the public cases and verdicts by question, and by cell what it ended with, "" if nothing."""

    reports: dict[str, Report]
    verdicts: dict[str, Verdict]
    cells: dict[str, str]
    cpu_seconds: float  # of the sealed processes


def judge(
    questions: Sequence[Question],
    cells: Sequence[tuple[str, str]],
    warm: Starter,
    seed: int | str,
    folder: Path,
    seconds: float = SECONDS,
    cell_seconds: float = CELL_SECONDS,
) -> SealedResult:
    """Run the cells, pairs of an id and a source, in sealed processes that work in `folder`, and judge the answers.

    Cases and what references and mistakes do are kept as long as this process lives, by question (the object) and
    `seed`. Never raises for what the submission does; RuntimeError where no sealed process can be had.
    """
    decided: dict[str, tuple[Report, Verdict]] = {}
    errors, cpu_seconds = dict.fromkeys((name for name, _ in cells), ""), 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for (allows, forbids), group in groupby(sorted(questions, key=_policy), _policy):
            request = {"folder": str(folder), "allows": allows, "forbids": forbids, "cell_seconds": cell_seconds}
            run = _Run(warm, request, cells, seconds)
            try:
                decided |= {question.id: _decide(question, run, seed) for question in group}
            finally:
                run.end()
            cpu_seconds += run.cpu_seconds
            errors = {name: error or run.errors[name] for name, error in errors.items()}
    reports = {question.id: decided[question.id][0] for question in questions}
    verdicts = {question.id: decided[question.id][1] for question in questions}
    return SealedResult(reports, verdicts, errors, cpu_seconds)


@cache
def hidden(question: Question, seed: int | str, which: int) -> tuple[Draw, tuple[int | None, ...]]:
    """Return a hidden draw, and for each of its cases the place of the same public case, or None."""
    digest = hashlib.sha256(f"{seed} {question.id} {which}".encode()).digest()
    draw = Draw(question, int.from_bytes(digest[:8]))
    public = {_key(case): i for i, case in enumerate(drawn(question, PUBLIC_SEED).cases)}
    return draw, tuple(public.get(_key(case)) for case in draw.cases)


def _policy(question: Question) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return tuple(question.allows), tuple(question.forbids)


def _key(case: Case) -> Hashable:
    return case.answer, case.measure, *map(_fixed, case.arguments)


def _fixed(value: Any) -> Hashable:
    """Return what two equal arguments have in common: bytes, or a function's code and what it remembers."""
    if isinstance(value, FunctionType):
        remembered = [cell.cell_contents for cell in value.__closure__ or ()]
        return value.__code__, *map(_fixed, (*remembered, *(value.__defaults__ or ())))
    try:
        return encode(value)
    except WireError:
        return id(value)


def _decide(question: Question, run: "_Run", seed: int | str) -> tuple[Report, Verdict]:
    public = drawn(question, PUBLIC_SEED)
    draws = [hidden(question, seed, which) for which in range(HIDDEN_DRAWS)]
    new = [case for draw, places in draws for case, place in zip(draw.cases, places, strict=True) if place is None]
    outcomes = collect(lambda case: run.ask(question, case), [*public.cases, *new])
    shown, rest = outcomes[: len(public.cases)], iter(outcomes[len(public.cases) :])
    report = verdict(public, shown)
    if not report.answered:
        return report, Verdict(0, False, "not answered")
    wrong, apart, mistake = 0, None, None
    for draw, places in draws:
        got = [next(rest) if place is None else shown[place] for place in places]
        found = draw.differences(got)
        wrong += sum(bool(sentence) for sentence, place in zip(found, places, strict=True) if place is None)
        apart = apart or (not any(found) and draw.together(draw.references, got))
        if report.passed and (any(found) or apart):
            mistake = mistake or recognize(draw, got, together=not any(found))
    if report.passed and not wrong and not apart:
        return report, Verdict(question.points, True, "right in all cases")
    points = 0 if apart or not new else min(report.points, question.points * (len(new) - wrong) // len(new))
    reason = report.message if not report.passed else f"The public cases are right. {name_mistake(mistake)}".strip()
    if wrong:
        reason += f" {wrong} of {len(new)} hidden cases failed."
    elif apart:
        reason += " The hidden cases are right one by one, but not taken together."
    return report, Verdict(points, False, reason)


class _Run:
    """The sealed process for the questions of one policy: started when needed, and again where it was lost."""

    def __init__(self, warm: Starter, request: dict, cells: Sequence[tuple[str, str]], seconds: float) -> None:
        self.warm, self.request, self.cells, self.seconds = warm, request, cells, seconds
        self.errors = {name: "" for name, _ in cells}  # by cell
        self.left_out: set[int] = set()  # cells that ended the process or ran too long
        for i, total in enumerate(accumulate(len(source) for _, source in cells)):
            if total > SOURCE_CHARACTERS:
                self.left_out.add(i)
                self.errors[cells[i][0]] = "the notebook is too long"
        self.channel: Channel | None = None
        self.number, self.cpu_seconds = 0, 0.0
        self.taken: Counter[str] = Counter()  # bytes, by question
        self.latest = time.monotonic() + TOTAL_SECONDS

    def ask(self, question: Question, case: Case) -> Outcome:
        """Return the outcome of a case as the sealed process tells it."""
        try:
            self._ready()
            return self._call(question, case)
        except FAULTS as error:
            self.end()
            kind, text = _told(error, self.seconds)
            return Outcome(error=kind, text=text, arguments=(None,) * len(case.arguments))

    def end(self) -> None:
        """End the process, if there is one."""
        if self.channel is not None:
            self.channel = None
            self.cpu_seconds += getattr(self.warm.end(), "cpu_seconds", 0.0)

    def _left(self, end: float) -> float:
        """Return the seconds until `end`, or until this submission has had enough. Raises TimeoutError."""
        left = min(end, self.latest) - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def _ready(self) -> None:
        """Start the process and let it execute the cells, if there is none. One that ends it is left out next time."""
        while self.channel is None:
            self._left(math.inf)
            tried = [i for i in range(len(self.cells)) if i not in self.left_out]
            self._start([tuple(self.cells[i]) for i in tried])
            for place, i in enumerate(tried):
                try:
                    error = self._cell(place)
                except FAULTS as fault:
                    self.end()
                    error = _told(fault, self.request["cell_seconds"])
                if error[0] in ("Timeout", "Crashed"):
                    self.left_out.add(i)
                self.errors[self.cells[i][0]] = ": ".join(filter(None, error))
                if self.channel is None:
                    break

    def _start(self, cells: list[tuple[str, ...]]) -> None:
        try:
            self.channel = self.warm.start(self.request | {"cells": cells})
            ready = self.channel.receive(START_SECONDS)
        except FAULTS as error:
            raise RuntimeError(f"the sealed process does not start: {error}") from error
        if ready != "ready":
            raise RuntimeError("the sealed process does not start as it should")

    def _cell(self, place: int) -> tuple[str, str]:
        """Return error and text of the cell that the process executes now."""
        assert self.channel is not None
        end = time.monotonic() + self.request["cell_seconds"] + GRACE_SECONDS
        match self.channel.receive(self._left(end)):
            case ("cell", int(number), str(error), str(text)) if number == place:
                return error[:KEPT_CHARACTERS], text[:KEPT_CHARACTERS]
        raise WireError("no report on a cell")

    def _call(self, question: Question, case: Case) -> Outcome:
        """Send a case, evaluate functions for the answer, and return the outcome. Raises FAULTS."""
        assert self.channel is not None
        self.number += 1
        functions = {place: argument for place, argument in enumerate(case.arguments) if callable(argument)}
        evaluations = {function.__name__: 0 for function in functions.values()}
        names = {place: function.__name__ for place, function in functions.items()}
        arguments = tuple(None if place in functions else argument for place, argument in enumerate(case.arguments))
        name, literal = question.names[case.answer], question.is_quiz
        end = time.monotonic() + self.seconds + GRACE_SECONDS
        asked = (self.number, name, literal, arguments, names, self.seconds, case.measure)
        self.channel.send(asked, self._left(end))
        while True:
            match self.channel.receive(self._left(end)):
                case ("ask", int(place), tuple(given)) if place in functions:
                    evaluations[names[place]] += 1
                    self._reply(functions[place], given, self._left(end))
                case ("outcome", int(number), dict(fields)) if number == self.number:
                    break
                case _:
                    raise WireError("neither a question nor an outcome")
        self.taken[question.id] += self.channel.size
        if self.taken[question.id] > QUESTION_BYTES:
            raise WireError("too many bytes")
        outcome = _believed(fields, len(arguments), evaluations)
        if outcome.error == "Missing":
            reason = self.errors.get(question.id.partition(".")[2])
            return replace(outcome, text=f"its cell ended with {reason}" if reason else "")
        return outcome

    def _reply(self, function: Callable, given: tuple, timeout: float) -> None:
        """Send what a function of the case returns or raises for the arguments given, and the generators it used."""
        assert self.channel is not None
        generators = tuple(argument for argument in given if isinstance(argument, np.random.Generator))
        try:
            reply = "", function(*given), "", generators
        except Exception as error:  # the arguments are the student's
            reply = type(error).__name__, None, str(error)[:KEPT_CHARACTERS], generators
        try:
            self.channel.send(reply, timeout)
        except WireError as error:
            self.channel.send(("OverflowError", None, str(error), generators), timeout)


def _told(error: Exception, seconds: float) -> tuple[str, str]:
    """Return kind and text of an outcome for what was lost."""
    if isinstance(error, TimeoutError):
        return "Timeout", f"no result after {seconds:g} seconds"
    return "Crashed", UNREADABLE if isinstance(error, WireError) else DIED


def _believed(fields: dict, count: int, evaluations: dict[str, int]) -> Outcome:
    """Return an outcome of right types and sizes from what the sealed process sent. Raises WireError."""
    wanted = {name: type(value) for name, value in vars(Outcome()).items() if name in CLAIMED}
    if fields.keys() != wanted.keys() or any(
        type(fields[name]) is not kind for name, kind in wanted.items() if name != "value"
    ):
        raise WireError("an outcome of other fields")
    texts = {name: fields[name] for name in ("lines", "warnings")}
    if not (
        (fields["error"] == "" or fields["error"].isidentifier())
        and len(fields["arguments"]) == count
        and all(type(text) is str for entries in texts.values() for text in entries)
        and all(type(place) is int and 0 <= place < count for place in fields["shares"])
        and 0 <= fields["seconds"] < math.inf
        and min(fields["printed_count"], fields["held"]) >= 0
    ):
        raise WireError("an outcome whose fields make no sense")
    try:
        value, arguments = plain(fields["value"]), plain(fields["arguments"])
    except NotPlainError as error:
        raise WireError(str(error)) from None
    fields |= {name: tuple(text[:KEPT_CHARACTERS] for text in texts[name][:KEPT_WARNINGS]) for name in texts}
    fields |= {name: fields[name][:KEPT_CHARACTERS] for name in ("error", "text", "printed")}
    fields |= {"value": None if fields["error"] else value, "arguments": arguments, "evaluations": evaluations}
    return Outcome(**fields)
