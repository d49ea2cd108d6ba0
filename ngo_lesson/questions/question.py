"""The form of a question, and the comparison of what an answer did with what it should have done."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from ngo_lesson.answers import Outcome, Seed

RTOL = 1e-6
ATOL = 1e-9  # times the largest expected entry, for entries that cancel to nearly zero
SHOWN = 12  # entries of an array or list that is shown whole


@dataclass(frozen=True)
class Case:
    """One call of an answer on plain data, functions (counted, known by their `__name__`), and Seed for a generator.

    A function must depend on its arguments alone. In grading it is called with whatever a student's code sends.
    """

    arguments: tuple = ()
    answer: int = 0  # which one, where a question asks for several
    measure: bool = False  # whether its outcome tells the memory held during calls of functions


def same(expected: Outcome, got: Outcome) -> str | None:
    """Compare values by tolerance, then numbers of evaluations. Return None or a sentence that says what differs."""
    return close(expected.value, got.value) or counted(expected, got)


@dataclass(frozen=True, eq=False)
class Question:
    """A question is data, written once: it serves the check cell, the tests of the checks and the sealed grading.

    `reference` is a function, a tuple of functions where several answers are asked, or a literal for a quiz;
    `mistakes` maps what was done wrong to a wrong answer of the same form. `compare` gets the outcomes of two calls
    without errors. It also tells whether an answer made a listed mistake: where only a property counts, it compares
    that property of both values. Once every call agrees, `compare_all` gets the outcomes of all of them, for what one
    call cannot show. In sealed grading answers may import parts of this package that `allows` names, such as
    "ngo_lesson.optimize", and no package that `forbids` names, such as "sklearn"; in the check cell both do nothing.
    `changes` names the parameters that an answer is asked to change in place.
    """

    id: str
    points: int
    difficulty: int  # 1 to 3
    minutes: int
    cases: Callable[[np.random.Generator], list[Case]]  # from simple to full
    reference: Any
    mistakes: dict[str, Any]
    hints: tuple[str, ...]  # Markdown, opened one after the other
    compare: Callable[[Outcome, Outcome], str | None] = same
    compare_all: Callable[[Sequence[Outcome], Sequence[Outcome]], str | None] | None = None
    allows: tuple[str, ...] = ()
    forbids: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()

    @property
    def references(self) -> tuple[Callable, ...]:
        """The reference as a tuple of functions."""
        return functions(self.reference)

    @property
    def names(self) -> tuple[str, ...]:
        """The names under which a notebook holds the answers."""
        return (self.id.partition(".")[2],) if self.is_quiz else tuple(answer.__name__ for answer in self.references)

    @property
    def is_quiz(self) -> bool:
        """Whether the answer is a literal."""
        return not (callable(self.reference) or _are_functions(self.reference))


def functions(answer: Any) -> tuple[Callable, ...]:
    """Return an answer as a tuple of functions: one that returns it, where it is a literal."""
    if callable(answer):
        return (answer,)
    return answer if _are_functions(answer) else (lambda: answer,)


def _are_functions(answer: Any) -> bool:
    return isinstance(answer, tuple) and bool(answer) and all(map(callable, answer))


def counted(expected: Outcome, got: Outcome) -> str | None:
    """Return None or a sentence, where a function argument was not evaluated as often as expected."""
    for name, count in expected.evaluations.items():
        if got.evaluations[name] != count:
            were = "was" if count == 1 else "were"
            return f"`{name}` was evaluated {got.evaluations[name]} times; {count} {were} expected."
    return None


def same_faults(faults: Callable[[Outcome], dict[object, str]]) -> Callable[[Outcome, Outcome], str | None]:
    """Return the comparison for results that are free but for some faults: kinds to compare, with a sentence each."""

    def compare(expected: Outcome, got: Outcome) -> str | None:
        expects, has = faults(expected), faults(got)
        return None if expects.keys() == has.keys() else next(iter(has.values()), "this result is right.")

    return compare


def follows_seed(expected: Sequence[Outcome], got: Sequence[Outcome]) -> str | None:
    """Compare which calls had the same result: those with the same seed, and no others. For `compare_all`.

    Cases must be such that two seeds never give the same result by chance.
    """
    for i, j in combinations(range(len(got)), 2):
        expects, has = (close(calls[i].value, calls[j].value) is None for calls in (expected, got))
        if expects and not has:
            return "the same seed gave two different results: take every random number from `rng`."
        if has and not expects:
            return "two different seeds gave the same result: take the random numbers from `rng`."
    return None


def close(expected: Any, got: Any, what: str = "the result") -> str | None:
    """Compare nested plain values by tolerance. Return None or a sentence that says what differs.

    Whole numbers must agree exactly where whole numbers are expected. A list serves as an array or a tuple.
    """
    if isinstance(expected, np.ndarray):
        return _close_arrays(expected, got, what)
    if isinstance(expected, (list, tuple)):
        return _close_sequences(expected, got, what)
    if isinstance(expected, dict) and isinstance(got, dict):
        if expected.keys() != got.keys():
            return f"{what} has the keys {list(got)}; {list(expected)} were expected."
        return _first(close(expected[key], got[key], f"part [{key!r}] of {what}") for key in expected)
    if _is_number(expected) and _is_number(got):
        return _close_numbers(np.asarray(expected), np.asarray(got), what)
    if type(expected) is not type(got):
        return _other_kind(expected, got, what)
    return None if expected == got else f"{what} is {show(got)}; {show(expected)} was expected."


def kind(value: Any) -> str:
    """Say in words what a plain value is."""
    if value is None:
        return "None"
    if isinstance(value, bool):
        return "True or False"
    if isinstance(value, np.ndarray):
        entries = {"b": " of True and False", "U": " of text"}.get(value.dtype.kind, "")
        return f"an array{entries} of shape {value.shape}"
    if isinstance(value, (list, tuple)):
        return f"a {type(value).__name__} of {len(value)}"
    names: dict[type, str] = {str: "text", dict: "a dict"}
    return names.get(type(value), "a number")


def _close_arrays(expected: np.ndarray, got: Any, what: str) -> str | None:
    if isinstance(got, (list, tuple)):
        got = _as_array(got)
    if not isinstance(got, np.ndarray) or _family(expected) != _family(got):
        return _other_kind(expected, got, what)
    if expected.shape != got.shape:
        return f"{what} has shape {got.shape}; {expected.shape} was expected."
    return _close_numbers(expected, got, what)


def _close_sequences(expected: list | tuple, got: Any, what: str) -> str | None:
    parts = got
    if isinstance(got, np.ndarray):
        parts = got.tolist() if got.ndim == 1 else list(got)
    if not isinstance(parts, (list, tuple)) or len(parts) != len(expected):
        return _other_kind(expected, got, what)
    return _first(close(a, b, f"part [{i}] of {what}") for i, (a, b) in enumerate(zip(expected, parts, strict=True)))


def _close_numbers(expected: np.ndarray, got: np.ndarray, what: str) -> str | None:
    """Compare arrays of the same shape and family; 0-d arrays are numbers."""
    if np.iscomplexobj(got) and not np.iscomplexobj(expected):
        if got.imag.any():
            return f"{what} is complex; a real value was expected."
        got = got.real
    equal = expected == got
    if expected.dtype.kind not in "biuU" and not equal.all():
        finite = np.abs(expected[np.isfinite(expected)])
        atol = ATOL * (finite.max(initial=0) or 1)
        equal = np.isclose(got, expected, rtol=RTOL, atol=max(atol, 1e-12), equal_nan=True)
    if equal.all():
        return None
    first = tuple(int(i) for i in np.argwhere(~equal)[0])
    place = f"entry [{', '.join(map(str, first))}] of {what}" if first else what
    a, b = expected[first].item(), got[first].item()
    if b != b:
        return f"{place} is NaN (not a number)."
    return f"{place} is {show(b)}; {show(a)} was expected."


def show(value: Any) -> str:
    """Return a value or an argument as short text: small arrays whole, large ones by their shape."""
    if isinstance(value, np.ndarray):
        if value.size > SHOWN:
            return kind(value).removeprefix("an ")
        return np.array2string(value, precision=6, separator=", ", max_line_width=100)
    if isinstance(value, (list, tuple)):
        if len(value) > SHOWN:
            return kind(value).removeprefix("a ")
        inner = ", ".join(map(show, value))
        return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' * (len(value) == 1)})"
    if isinstance(value, float):
        return f"{value:.8g}"
    if isinstance(value, Seed):
        return f"numpy.random.default_rng({value.value})"
    if callable(value):
        return f"the function {value.__name__}" + (f", {value.__doc__}" if value.__doc__ else "")
    return repr(value) if len(repr(value)) < 80 else repr(value)[:76] + " ..."


def _other_kind(expected: Any, got: Any, what: str) -> str:
    if got is None:
        return f"{what} is None: did you forget `return`?"
    return f"{what} is {kind(got)}; {kind(expected)} was expected."


def _as_array(values: list | tuple) -> Any:
    try:
        array = np.array(values)
    except ValueError:  # rows of different lengths
        return values
    return values if array.dtype == object else array


def _family(array: np.ndarray) -> str:
    return "number" if array.dtype.kind in "iufc" else array.dtype.kind


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, complex)) and not isinstance(value, bool)


def _first(sentences: Any) -> str | None:
    return next((sentence for sentence in sentences if sentence), None)
