"""Finds questions: one module an exercise, `exercise_NN.py`, with its `QUESTIONS` in order."""

import difflib
import importlib
import pkgutil
from pathlib import Path

from ngo_lesson.questions.question import Question

PREFIX = "exercise_"


def exercises() -> list[str]:
    """Return the numbers of all exercises that have questions, such as "02"."""
    names = (module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    return sorted(name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX))


def exercise(number: str) -> tuple[Question, ...]:
    """Return the questions of one exercise in order. An unknown number is a ValueError."""
    if number not in exercises():
        raise ValueError(f"exercise={number!r} has no questions; there are {', '.join(exercises())}")
    return importlib.import_module(f"ngo_lesson.questions.{PREFIX}{number}").QUESTIONS


def find(id: str) -> Question:
    """Return the question with this id, such as "02.half_mse". An unknown id is a ValueError."""
    number = str(id).partition(".")[0]
    known = {question.id: question for question in exercise(number)}
    if id not in known:
        near = difflib.get_close_matches(id, known, n=1, cutoff=0)[0]
        raise ValueError(f"id={id!r} is no question of exercise {number}; did you mean {near!r}?")
    return known[id]
