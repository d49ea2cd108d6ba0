"""What is asked: the questions of the exercises, and the check cell's `check` and `score`."""

from ngo_lesson.questions.check import check, score
from ngo_lesson.questions.question import Question
from ngo_lesson.questions.registry import exercise, exercises, find

__all__ = ["Question", "check", "exercise", "exercises", "find", "score"]
