"""Questions of exercise 17, reading claims: a quiz. Each wrong choice stands among the mistakes, as its reason."""

from collections.abc import Callable

from ngo_lesson.answers import Outcome
from ngo_lesson.questions.question import Case, Question, same_faults


def no_cases(rng) -> list[Case]:
    """The answer is a literal: there is nothing to call it with."""
    return [Case()]


def in_order(right: list[str]) -> Callable[[Outcome, Outcome], str | None]:
    """Compare lists of words by the first place where they are not right."""

    def faults(outcome: Outcome) -> dict[object, str]:
        given = outcome.value
        if not isinstance(given, (list, tuple)) or len(given) != len(right):
            return {"form": f"a list of {len(right)} words was expected."}
        words = (str(word).strip().lower() for word in given)
        wrong = ((i, word) for i, word in enumerate(words) if word != right[i])
        return {each: f"number {each[0] + 1} is not right." for each in list(wrong)[:1]}

    return same_faults(faults)


def as_set(right: list[str]) -> Callable[[Outcome, Outcome], str | None]:
    """Compare sets of letters by the first letter that is missing or should not be there."""

    def faults(outcome: Outcome) -> dict[object, str]:
        if not isinstance(outcome.value, (list, tuple, str)):
            return {"form": "a list of letters was expected."}
        wrong = sorted({str(letter).strip().lower() for letter in outcome.value} ^ set(right))
        return {letter: f"look at {letter} once more." for letter in wrong[:1]}

    return same_faults(faults)


def swapped(right: list[str], reasons: dict[tuple[int, str], str]) -> dict[str, list[str]]:
    """Return for each reason the right list with one wrong word, at a place that counts from 1."""
    return {f"{i}: {why}": [*right[: i - 1], word, *right[i:]] for (i, word), why in reasons.items()}


def single(right: str) -> Callable[[Outcome, Outcome], str | None]:
    """Compare single letters, capital or not."""

    def faults(outcome: Outcome) -> dict[object, str]:
        letter = str(outcome.value).strip().lower()
        return {} if letter == right else {letter: f"{outcome.value!r} is not right."}

    return same_faults(faults)


# 17.sort_claims
CLAIMS = ["wrong", "right", "wrong", "half", "half", "wrong", "wrong", "right", "half", "wrong"]
CLAIM_REASONS = {
    (1, "right"): "the averages that Adam keeps are averages of gradients",
    (1, "half"): "nothing is left of it: without a gradient Adam has nothing to average",
    (2, "wrong"): "all three compare values and nothing else",
    (2, "half"): "all three compare values and nothing else, with no exception",
    (3, "right"): "backpropagation gives all d derivatives for about the price of three evaluations",
    (
        3,
        "half",
    ): "a step may be cheaper, but it takes about d times as many: in sum it is mostly slower where a gradient exists",
    (4, "right"): "MeZO does; CMA-ES holds a matrix of d x d, a population holds many copies",
    (4, "wrong"): "MeZO does: no activations, no gradient, no moments are kept",
    (5, "right"): "the factors hold k (m + n) numbers, which may be more than m n",
    (5, "wrong"): "it does if k is small enough: k (m + n) < m n",
    (6, "right"): "a model is the same function, whoever found its parameters",
    (6, "half"): "a model is the same function, whoever found its parameters: no half of it is true",
    (7, "right"): "the listing ends with an error, and what it repairs to diverges",
    (7, "half"): "the listing fits a linear model to random numbers: GPT-3 stands in its title only",
    (8, "wrong"): "held-out parts that are used for nothing else are the fair way",
    (8, "half"): "it says: if nothing leaks. Then it is fair",
    (9, "right"): "across a steep valley it does, with a good mu; in a round bowl it makes the oscillation",
    (9, "wrong"): "it does across a steep valley, for a good choice of mu",
    (10, "right"): "the seed and the scalar tell the update exactly",
    (10, "half"): "a scalar and its seed say as much as the update itself: no half of it is true",
}

# 17.interview_1 to 17.interview_5
INTERVIEW = (
    (
        "c",
        {
            "a": "all of these rules are fed with a gradient",
            "b": "it only stops the recording: then there is no gradient, and nothing else in its place",
            "d": "the factors are found by linear algebra or by gradients; it is a model, not an optimizer",
        },
        (
            "Which of the four asks for values of the objective alone?",
            "Look for the loop: propose, evaluate, update the state.",
        ),
    ),
    (
        "a",
        {
            "b": "inside or outside, it is the same gradient",
            "c": "an error has no direction of its own: multiplied by the features it is the gradient",
            "d": "both kinds draw random numbers: SGD does, and a grid or Nelder-Mead does not",
        },
        ("Think of lesson 01: an optimizer is what it may ask times how it moves.", "What does each of them ask for?"),
    ),
    (
        "d",
        {
            "a": "it takes two evaluations for any d",
            "b": "it points the right way on average only: each single one is nearly perpendicular",
            "c": "the variance grows with d; a smaller step changes the bias, and rounding",
        },
        (
            "Lesson 10: what is the mean of the estimate, and how far is one estimate from it?",
            "The relative squared error of the mean of n two-point estimates is (d + 1) / n.",
        ),
    ),
    (
        "b",
        {
            "a": "backpropagation gets there in far fewer evaluations",
            "c": "least squares has a solution in closed form",
            "d": "from random weights gradients win by far; what works without them is mostly fine-tuning",
        },
        (
            "Where is there no gradient to be had?",
            "Where it can be had, it mostly wins: lessons 10, 11 and 15 measure it.",
        ),
    ),
    (
        "c",
        {
            "a": "one seed is an anecdote: the order may change with the next one",
            "b": "steps of different methods cost different numbers of evaluations",
            "d": "that measures both the model and the luck of the split, and not the optimizer",
        },
        ("What is equal in a fair race?", "Start, number of evaluations, effort of tuning; and more than one seed."),
    ),
)

# 17.decide
NEEDS = {
    "least squares": "it needs a model that is linear in its parameters and squared errors",
    "adam": "it needs a gradient, and the memory of backpropagation",
    "mezo": "it is for many parameters, a good start, and no memory for backpropagation",
    "cma-es": "it is for some ten to a few hundred continuous parameters and thousands of evaluations",
    "annealing": "it is for states with neighbors, such as orders, and moves that are cheap to evaluate",
    "random search": "it is for a few dozen evaluations at the same time, where each is dear",
    "integer program": "it needs an objective and limits that are linear in choices, and gives a proof",
    "svd": "it gives the best approximation of a full matrix by one of rank k, and nothing else",
}
DECISIONS = ["mezo", "svd", "annealing", "least squares", "random search", "adam", "cma-es", "integer program"]

# 17.protocol
UNFAIR = ["a", "c", "d", "f", "g", "i"]
PROTOCOL_REASONS = {
    "a": "the effort of tuning must be equal for both",
    "b": "starting at the same points is fair",
    "c": "the best of many seeds must not stand beside a median",
    "d": "a step of one costs 40 evaluations, a step of the other three",
    "e": "choosing on validation data and testing once is fair",
    "f": "a start at the optimum wins without a search",
    "g": "runs that fail belong to the result",
    "h": "a median with a band is what a reader needs",
    "i": "data that chose something cannot judge it any more",
}

QUESTIONS = (
    Question(
        id="17.sort_claims",
        points=5,
        difficulty=2,
        minutes=15,
        cases=no_cases,
        reference=CLAIMS,
        mistakes=swapped(CLAIMS, CLAIM_REASONS),
        hints=(
            "Half right means: true under a condition that the claim leaves out.",
            "Lesson 01 has a cell for nearly every one of them; for 4 and 10 see lessons 15 and 11, for 5 lesson 12.",
        ),
        compare=in_order(CLAIMS),
    ),
    *(
        Question(
            id=f"17.interview_{number}",
            points=2,
            difficulty=1,
            minutes=4,
            cases=no_cases,
            reference=right,
            mistakes={why: letter for letter, why in reasons.items()},
            hints=hints,
            compare=single(right),
        )
        for number, (right, reasons, hints) in enumerate(INTERVIEW, 1)
    ),
    Question(
        id="17.decide",
        points=4,
        difficulty=2,
        minutes=12,
        cases=no_cases,
        reference=DECISIONS,
        mistakes=swapped(
            DECISIONS,
            {
                (i, method): f"{method} does not fit best: {NEEDS[method]}"
                for i, right in enumerate(DECISIONS, 1)
                for method in NEEDS
                if method != right
            },
        ),
        hints=(
            "Ask first: is there a gradient? Is there a closed form or an exact method?",
            "Then: how many parameters, and how many evaluations can you pay for? Each method fits one problem best.",
        ),
        compare=in_order(DECISIONS),
    ),
    Question(
        id="17.protocol",
        points=4,
        difficulty=2,
        minutes=10,
        cases=no_cases,
        reference=UNFAIR,
        mistakes={f"{letter}: {why}": sorted({letter} ^ set(UNFAIR)) for letter, why in PROTOCOL_REASONS.items()},
        hints=(
            "Six of the nine are unfair.",
            "In a fair comparison only the method differs: start, evaluations, tuning and report are equal.",
        ),
        compare=as_set(UNFAIR),
    ),
)
