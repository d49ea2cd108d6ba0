"""Questions of exercise 15, language models. Logits are scores before the softmax, one for each token."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.special import log_softmax, softmax

from ngo_lesson.answers import Outcome, Seed
from ngo_lesson.questions.question import Case, Question, close, counted, kind


# 15.loss
def cross_entropy(logits, targets):
    """Return the mean negative log-probability of the targets; logits (n, classes), targets (n,) whole numbers."""
    return -float(np.mean(log_softmax(logits, axis=1)[np.arange(len(targets)), targets]))


def loss_cases(rng: np.random.Generator) -> list[Case]:
    """Two equal logits, several rows, a target of hardly any chance, random rows, and rows on levels far apart."""
    fixed = ([[0.0, 0.0]], [1]), ([[2.0, 0.0, 1.0], [0.0, 3.0, 0.0]], [0, 2]), ([[40.0, 0.0, 1.0]], [1])
    levels = [[400.0], [-400.0], [0.0]], [[1000.0], [-1000.0], [2000.0]]
    far = [(rng.normal(size=(3, 3)) + np.array(level), rng.integers(3, size=3)) for level in levels]
    drawn = (2 * rng.normal(size=(5, 4)), rng.integers(4, size=5)), *far
    return [*(Case((np.array(x), np.array(t))) for x, t in fixed), *(Case(case) for case in drawn)]


def _log_softmax_naive(x):
    with np.errstate(all="ignore"):
        return np.log(np.exp(x) / np.exp(x).sum(axis=1, keepdims=True))


def _loss(logs: Callable = lambda x: log_softmax(x, axis=1), give: Callable = lambda own: -np.mean(own)) -> Callable:
    """The loss with other log-probabilities, or another summary of those of the targets."""
    return lambda logits, targets: give(logs(logits)[np.arange(len(targets)), targets])


def _together(x):
    with np.errstate(all="ignore"):
        shifted = np.exp(x - x.max())
        return np.log(shifted / shifted.sum(axis=1, keepdims=True))


LOSS_MISTAKES = {
    "overflow: exp(1000) is infinite; subtract the largest logit of each row first": _loss(_log_softmax_naive),
    "the largest logit of all rows is subtracted: each row has its own": _loss(_together),
    "the sum over the rows, the mean was asked": _loss(give=lambda own: -np.sum(own)),
    "to base 2: the natural logarithm was asked": _loss(give=lambda own: -np.mean(own) / np.log(2)),
    "to base 10: the natural logarithm was asked": _loss(give=lambda own: -np.mean(own) / np.log(10)),
    "the sign is wrong: a log-probability is negative, the loss positive": _loss(give=np.mean),
    "no softmax: the logit of the target is used as it is": _loss(lambda x: x),
    "the softmax is missing its logarithm: this is minus the mean probability": _loss(lambda x: softmax(x, axis=1)),
    "one minus the mean probability is returned, its logarithm was asked": _loss(
        lambda x: softmax(x, axis=1), lambda own: 1 - np.mean(own)
    ),
    "the mean is taken before the logarithm": _loss(
        lambda x: softmax(x, axis=1), lambda own: -np.log(np.maximum(np.mean(own), 1e-300))
    ),
    "the softmax runs over the rows, each row has its own": _loss(lambda x: log_softmax(x, axis=0)),
    "every row is combined with the targets of all: use one target for each row": lambda logits, targets: (
        -np.mean(log_softmax(logits, axis=1)[:, targets])
    ),
    "divided by the number of all logits, the mean over the rows was asked": lambda logits, targets: (
        cross_entropy(logits, targets) / logits.shape[1]
    ),
    "a small number is added in the logarithm: it cuts off large losses": _loss(
        lambda x: np.log(softmax(x, axis=1) + 1e-9)
    ),
    "the loss of each row is returned, their mean was asked": _loss(give=lambda own: -own),
    "the targets are not used: this is the mean entropy": lambda logits, targets: float(
        -np.mean(np.sum(softmax(logits, axis=1) * log_softmax(logits, axis=1), axis=1))
    ),
    "exp of the loss is returned: that is the perplexity": lambda logits, targets: float(
        np.exp(min(cross_entropy(logits, targets), 700))
    ),
}


# 15.attention
def causal_attention(Q, K, V):
    """Return for each place the mean of V over this place and those before it, weighted by softmax(Q K' / sqrt(d))."""
    scores = Q @ K.T / np.sqrt(Q.shape[1])
    scores = np.where(np.tri(len(Q), dtype=bool), scores, -np.inf)
    return softmax(scores, axis=1) @ V


def attention_cases(rng: np.random.Generator) -> list[Case]:
    """One place, two by hand, then random ones, with other widths of V and with large scores."""
    two = [[1.0, 0.0], [0.0, 2.0]], [[1.0, 0.0], [1.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]]
    shapes = (5, 3, 3), (6, 4, 2), (4, 8, 5)
    drawn = [[rng.normal(size=(T, width)) for width in (d, d, v)] for T, d, v in shapes]
    drawn[-1][0] *= 3000
    return [
        Case((np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]]), np.array([[5.0, 6.0]]))),
        *(Case(tuple(map(np.array, case))) for case in (two, *drawn)),
    ]


def _attended(
    scores_of: Callable = lambda Q, K, V: Q @ K.T / np.sqrt(Q.shape[1]),
    seen: Callable = lambda T: np.tri(T, dtype=bool),
    weigh: Callable = lambda scores: softmax(scores, axis=1),
    hidden: float = -np.inf,
    give: Callable = lambda weights, V: weights @ V,
) -> Callable:
    """Attention with one part of it done in another way."""

    def attend(Q, K, V):
        with np.errstate(all="ignore"):
            scores = scores_of(Q, K, V)
            return give(weigh(np.where(seen(len(scores)), scores, hidden)), V)

    return attend


def _everything(T):
    return np.ones((T, T), dtype=bool)


def _mask_after(Q, K, V):
    return softmax(Q @ K.T / np.sqrt(Q.shape[1]), axis=1) * np.tri(len(Q)) @ V


def _softmax_naive(scores):
    return np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)


ATTENTION_MISTAKES = {
    "the future is seen: a place may only look at itself and at those before it": _attended(seen=_everything),
    "the mask is the wrong way round: only the future is seen": _attended(seen=lambda T: np.tri(T, dtype=bool).T),
    "a place cannot see itself: the first one sees nothing": _attended(seen=lambda T: np.tri(T, k=-1, dtype=bool)),
    "one place of the future is seen: the mask is shifted by one": _attended(seen=lambda T: np.tri(T, k=1, dtype=bool)),
    "the scale is missing: divide by the root of the width": _attended(lambda Q, K, V: Q @ K.T),
    "divided by the width, its root was asked": _attended(lambda Q, K, V: Q @ K.T / Q.shape[1]),
    "divided by the root of the number of places, not of the width": _attended(
        lambda Q, K, V: Q @ K.T / np.sqrt(len(Q))
    ),
    "multiplied by the root of the width, not divided": _attended(lambda Q, K, V: Q @ K.T * np.sqrt(Q.shape[1])),
    "divided by the root of the width of V: that of Q and K was asked": _attended(
        lambda Q, K, V: Q @ K.T / np.sqrt(V.shape[1])
    ),
    "masked after the softmax: the weights no longer sum to one": _mask_after,
    "hidden scores are set to 0: exp(0) is 1, use minus infinity": _attended(hidden=0.0),
    "the softmax runs over the columns: each row of weights must sum to one": _attended(
        weigh=lambda scores: np.nan_to_num(softmax(scores, axis=0))
    ),
    "Q and K are exchanged": _attended(lambda Q, K, V: K @ Q.T / np.sqrt(Q.shape[1])),
    "overflow: subtract the largest score of each row before exp": _attended(weigh=_softmax_naive),
    "no softmax: the scores are used as weights": _attended(weigh=lambda scores: scores, hidden=0.0),
    "the weights are returned, the mean of V was asked": _attended(give=lambda weights, V: weights),
    "every place before counts the same: the scores are not used": _attended(lambda Q, K, V: np.zeros((len(Q),) * 2)),
}


# 15.mezo
def mezo_step(loss, theta, seed, eps, lr):
    """Change theta in place by one step of MeZO; return the projected gradient (Malladi et al. 2023, algorithm 1)."""

    def move(by):
        np.add(theta, by * np.random.default_rng(seed).standard_normal(theta.shape), out=theta)

    move(eps)
    up = loss(theta)
    move(-2 * eps)
    projected = (up - loss(theta)) / (2 * eps)
    move(eps)
    move(-lr * projected)
    return projected


LARGE = 200_000  # parameters, where memory is measured: z would take 1.6 MB


def total(theta):
    """the sum of all entries"""
    return float(np.sum(theta))


def mezo_cases(rng: np.random.Generator) -> list[Case]:
    """A sum, a bowl, a matrix of parameters and another rate, then many parameters, whose memory is measured."""

    def waves(d: int) -> Callable:
        weights = rng.normal(size=d)

        def waves(theta):
            return float(np.sum(weights * np.sin(theta.ravel())) + np.sum(np.exp(theta / 2)))

        waves.__doc__ = f"of {d} parameters"
        return waves

    seeds = [int(seed) for seed in rng.integers(1, 10**6, size=4)]
    return [
        Case((total, np.array([1.0, 2.0]), 3, 0.1, 0.5)),
        Case((waves(3), rng.normal(size=3), seeds[0], 0.2, 0.1)),
        Case((waves(12), rng.normal(size=(3, 4)), seeds[1], 0.3, 1.0)),
        Case((waves(5), rng.normal(size=5), seeds[2], 1e-3, 0.01)),
        Case((total, rng.normal(size=LARGE), seeds[3], 1e-2, 1e-6), measure=True),
    ]


def mezo_same(expected: Outcome, got: Outcome) -> str | None:
    """Compare the result, the number of evaluations, and whether an array like theta was held during them."""
    differs = close(expected.value, got.value) or counted(expected, got)
    if differs or expected.arguments[1].size < LARGE:
        return differs
    kept = [outcome.held > expected.arguments[1].nbytes / 2 for outcome in (expected, got)]
    if kept[0] == kept[1]:
        return None
    return f"{got.held / 1e6:.1f} MB were held while `loss` ran; theta itself, which is not counted, has 1.6 MB."


def _mezo(
    draw: Callable = lambda seed, shape: np.random.default_rng(seed).standard_normal(shape),
    moves: tuple = (1, -2, 1),
    gradient: Callable = lambda up, down, eps: (up - down) / (2 * eps),
    step: Callable = lambda projected, lr: -lr * projected,
    update: Callable | None = None,
    give: Callable = lambda projected, up, down: projected,
) -> Callable:
    """MeZO with other draws, moves in units of eps, quotient, step, direction of the update, or result."""

    def run(loss, theta, seed, eps, lr):
        def move(by, draw=draw):
            theta[...] += by * draw(seed, theta.shape)

        move(moves[0] * eps)
        up = loss(theta)
        move(moves[1] * eps)
        down = loss(theta)
        move(moves[2] * eps)
        projected = gradient(up, down, eps)
        move(step(projected, lr), update or draw)
        return give(projected, up, down)

    return run


def _z_kept(loss, theta, seed, eps, lr):
    z = np.random.default_rng(seed).standard_normal(theta.shape)
    return _mezo(lambda seed, shape: z)(loss, theta, seed, eps, lr)


def _one_stream(loss, theta, seed, eps, lr):
    rng = np.random.default_rng(seed)
    return _mezo(lambda seed, shape: rng.standard_normal(shape))(loss, theta, seed, eps, lr)


MEZO_MISTAKES = {
    "the perturbation is not restored: theta stays at - eps z": _mezo(moves=(1, -2, 0)),
    "the way back is only eps long: go from + eps z to - eps z by - 2 eps": _mezo(moves=(1, -1, 0)),
    "a new seed is used for the update: it must go along the same z": _mezo(
        update=lambda seed, shape: np.random.default_rng(seed + 1).standard_normal(shape)
    ),
    "one generator serves all moves: make it anew from the seed each time, or z is another one": _one_stream,
    "divided by eps: the two points are 2 eps apart": _mezo(gradient=lambda up, down, eps: (up - down) / eps),
    "not divided by 2 eps": _mezo(gradient=lambda up, down, eps: up - down),
    "multiplied by 2 eps, not divided": _mezo(gradient=lambda up, down, eps: (up - down) * 2 * eps),
    "z, or a copy of theta, is kept while `loss` runs: draw z again each time, that is what saves the memory": _z_kept,
    "the sign of the update is wrong: theta climbs": _mezo(step=lambda projected, lr: lr * projected),
    "the sign of the projected gradient is wrong": _mezo(gradient=lambda up, down, eps: (down - up) / (2 * eps)),
    "theta is not updated: it is as it was": _mezo(step=lambda projected, lr: 0.0),
    "theta of the caller is not changed: work in place, as in theta += ...": lambda loss, theta, seed, eps, lr: (
        mezo_step(loss, theta.copy(), seed, eps, lr)
    ),
    "the rate is not used in the update": _mezo(step=lambda projected, lr: -projected),
    "the projected gradient is not used in the update": _mezo(step=lambda projected, lr: -lr),
    "z is uniform, a normal one was asked": _mezo(lambda seed, shape: np.random.default_rng(seed).random(shape)),
    "one random number serves all parameters": _mezo(
        lambda seed, shape: np.full(shape, np.random.default_rng(seed).standard_normal())
    ),
    "the loss is returned, the projected gradient was asked": _mezo(give=lambda projected, up, down: up),
    "the mean of both losses is returned, the projected gradient was asked": _mezo(
        give=lambda projected, up, down: (up + down) / 2
    ),
    "nothing is returned": _mezo(give=lambda *_: None),
}


# 15.memory
def training_memory(parameters, activations, optimizer, bytes_per_number=4):
    """Return the bytes held by "sgd" (weights, gradients, activations), "adam" (two moments more), "mezo" (weights)."""
    copies = {"sgd": 2, "adam": 4, "mezo": 1}[optimizer]
    return bytes_per_number * (copies * parameters + (activations if optimizer != "mezo" else 0))


def memory_cases(rng: np.random.Generator) -> list[Case]:
    """Each optimizer by hand, then numbers of two and four bytes."""
    drawn = [(int(rng.integers(10**5, 10**6)), int(rng.integers(10**6, 10**7))) for _ in range(4)]
    names = ("sgd", "adam", "mezo")
    return [
        *(Case((1000, 300, name)) for name in names),
        *(Case((*numbers, name)) for numbers, name in zip(drawn, names, strict=False)),
        *(Case((*drawn[3], name, 2)) for name in names),
    ]


def _counted(sgd: tuple, adam: tuple, mezo: tuple, size: Callable = lambda given: given) -> Callable:
    """Memory by other numbers of copies of (parameters, activations)."""
    table = {"sgd": sgd, "adam": adam, "mezo": mezo}

    def count(parameters, activations, optimizer, bytes_per_number=4):
        p, a = table[optimizer]
        return size(bytes_per_number) * (p * parameters + a * activations)

    return count


MEMORY_MISTAKES = {
    "the gradients are forgotten: they are as many numbers as the parameters": _counted((1, 1), (3, 1), (1, 0)),
    "the moments of Adam are forgotten": _counted((2, 1), (2, 1), (1, 0)),
    "Adam holds four numbers a parameter: itself, its gradient and two moments": _counted((2, 1), (3, 1), (1, 0)),
    "activations are counted for MeZO: its forward passes need not keep them": _counted((2, 1), (4, 1), (1, 1)),
    "the activations are forgotten: backpropagation needs them": _counted((2, 0), (4, 0), (1, 0)),
    "z is counted for MeZO: it is drawn again from the seed, number by number": _counted((2, 1), (4, 1), (2, 0)),
    "MeZO has no gradient and no activations: it holds the parameters": _counted((2, 1), (4, 1), (2, 1)),
    "plain SGD has no velocity: two copies of the parameters are enough": _counted((3, 1), (4, 1), (1, 0)),
    "only the activations are counted twice: gradients belong to the parameters": _counted((1, 2), (3, 2), (1, 0)),
    "numbers are returned, bytes were asked": _counted((2, 1), (4, 1), (1, 0), lambda given: 1),
    "4 bytes are used for every number: it is an argument": _counted((2, 1), (4, 1), (1, 0), lambda given: 4),
    "bits are returned, bytes were asked": _counted((2, 1), (4, 1), (1, 0), lambda given: 8 * given),
    "everything is the same for all three": _counted((2, 1), (2, 1), (2, 1)),
}


# 15.sample
def sample(logits, temperature, rng):
    """Return one token, drawn from softmax(logits / temperature), or the largest at temperature 0; logits (n,)."""
    if temperature == 0:
        return int(np.argmax(logits))
    return int(rng.choice(len(logits), p=softmax(logits / temperature)))


OFTEN, AGAIN = 250, 12  # draws from one distribution, and of these with the same seed once more
SPREADS = ((0.5, [2.0, 0.5, 1.0, 0.0]), (1.0, [1000.0, 997.0, 0.0]), (2.0, [3.0, 0.0, 1.5, 2.0]))


def sample_cases(rng: np.random.Generator) -> list[Case]:
    """Greedy ones, many draws from each of three distributions, and some from the last of them again."""
    seeds = [Seed(int(seed)) for seed in rng.choice(10**6, size=3 * OFTEN + 2, replace=False)]
    greedy = Case((np.array([1.0, 3.0, 2.0]), 0.0, seeds[-1])), Case((rng.permutation(np.arange(9.0)), 0.0, seeds[-2]))
    often = [
        Case((np.array(logits), temperature, seed))
        for i, (temperature, logits) in enumerate(SPREADS)
        for seed in seeds[i * OFTEN : (i + 1) * OFTEN]
    ]
    return [*greedy, *often, *often[-AGAIN:]]


def a_token(expected: Outcome, got: Outcome) -> str | None:
    """Compare whether both results are a token, or how they are none; which one counts at temperature 0 only."""
    if got.arguments[1] == 0:
        return close(expected.value, got.value)
    kinds = [_token_kind(outcome) for outcome in (expected, got)]
    if kinds[0] == kinds[1]:
        return None
    return f"the result is {kinds[1]}; a token was expected, from 0 to {len(got.arguments[0]) - 1}."


def _token_kind(outcome: Outcome) -> str:
    value = outcome.value
    if type(value) is int and 0 <= value < len(outcome.arguments[0]):
        return "a token"
    return "a number that is no token" if isinstance(value, (int, float)) else kind(value)


def same_frequencies(expected: Sequence[Outcome], got: Sequence[Outcome]) -> str | None:
    """Compare how often each token was drawn, up to chance, and whether the draws follow the seed."""
    if any(_token_kind(outcome) != "a token" for outcome in (*expected, *got)):
        return None
    tokens = np.array([[outcome.value for outcome in outcomes[2:]] for outcomes in (expected, got)])
    for i, (temperature, logits) in enumerate(SPREADS):
        part = tokens[:, i * OFTEN : (i + 1) * OFTEN]
        shares = np.array([np.bincount(row, minlength=len(logits)) / OFTEN for row in part])
        mean = shares.mean(axis=0)
        if np.any(np.abs(shares[0] - shares[1]) > 4 * np.sqrt(2 * mean * (1 - mean) / OFTEN) + 0.01):
            chances = softmax(np.array(logits) / temperature).round(2)
            return f"{OFTEN} draws at temperature {temperature} gave the shares {shares[1]}; the chances are {chances}."
    repeats = [(row[-AGAIN:] == row[-2 * AGAIN : -AGAIN]).all() for row in tokens]
    if repeats[0] != repeats[1]:
        return "the same seed gave two different tokens: take every random number from `rng`."
    return None


def _sampled(chances: Callable, greedy: Callable = np.argmax, draw: Callable | None = None) -> Callable:
    """Sampling with other chances, another greedy choice or another draw."""

    def run(logits, temperature, rng):
        if temperature == 0:
            return int(greedy(logits))
        with np.errstate(all="ignore"):
            p = chances(logits, temperature)
        return draw(rng, p) if draw else int(rng.choice(len(p), p=p))

    return run


def _right(logits, temperature):
    return softmax(logits / temperature)


SAMPLE_MISTAKES = {
    "multiplied by the temperature: divide, so that a low one sharpens": _sampled(
        lambda logits, temperature: softmax(logits * temperature)
    ),
    "the temperature is not used, or divides the chances, where it cancels: divide the logits": _sampled(
        lambda logits, temperature: softmax(logits)
    ),
    "the logits have the wrong sign: the least likely token comes most often": _sampled(
        lambda logits, temperature: softmax(-logits / temperature)
    ),
    "all tokens are drawn with the same chance": _sampled(
        lambda logits, temperature: np.full(logits.size, 1 / logits.size)
    ),
    "always the most likely token: draw one": lambda logits, temperature, rng: int(np.argmax(logits)),
    "at temperature 0 the smallest logit wins, the largest was asked": _sampled(_right, np.argmin),
    "the chances are the logits over their sum, exp is missing": _sampled(
        lambda logits, temperature: (logits / temperature) / np.sum(logits / temperature)
    ),
    "the chances are returned, one token was asked": lambda logits, temperature, rng: (
        _right(logits, temperature) if temperature else np.eye(logits.size)[np.argmax(logits)]
    ),
    "rng is not used: the draws cannot be repeated": lambda logits, temperature, rng: sample(
        logits, temperature, np.random.default_rng()
    ),
    "rng is not used: the draws have a seed of their own": lambda logits, temperature, rng: sample(
        logits, temperature, np.random.default_rng(0)
    ),
}


# 15.perplexity
def perplexity(log_probabilities):
    """Return exp of the mean negative log-likelihood; natural logarithms (n,)."""
    return float(np.exp(-np.mean(log_probabilities)))


def perplexity_cases(rng: np.random.Generator) -> list[Case]:
    """Four equal chances, a sure thing, unequal ones, random ones, and a long text whose product would be zero."""
    fixed = np.log([0.25, 0.25]), np.array([0.0]), np.log([0.5, 0.125])
    return [Case((logs,)) for logs in (*fixed, np.log(rng.uniform(0.05, 1, 9)), np.log(rng.uniform(0.01, 0.5, 3000)))]


def _quiet(function: Callable) -> Callable:
    def run(logs):
        with np.errstate(all="ignore"):
            return function(logs)

    return run


PERPLEXITY_MISTAKES = {
    "the sum of the logarithms, their mean was asked": _quiet(lambda logs: np.exp(-np.sum(logs))),
    "to base 2: the logarithms are natural, so take exp": _quiet(lambda logs: 2 ** -np.mean(logs)),
    "to base 10: the logarithms are natural, so take exp": _quiet(lambda logs: 10 ** -np.mean(logs)),
    "the sign is wrong: this is one over the perplexity": lambda logs: float(np.exp(np.mean(logs))),
    "the mean of 1 / p is taken, which one small chance rules: take the mean of the logarithms": lambda logs: float(
        np.mean(np.exp(-logs))
    ),
    "one over the mean chance: take the mean of the logarithms": lambda logs: float(1 / np.mean(np.exp(logs))),
    "exp is missing: this is the cross entropy": lambda logs: float(-np.mean(logs)),
    "bits are returned, the perplexity was asked": lambda logs: float(-np.mean(logs) / np.log(2)),
    "the product of the chances is computed first, and becomes 0": _quiet(
        lambda logs: np.prod(np.exp(logs)) ** (-1 / len(logs))
    ),
    "the logarithm is taken a second time": _quiet(lambda logs: np.exp(-np.mean(np.log(-logs)))),
    "one number for each token is returned": lambda logs: np.exp(-logs),
    "the number of tokens is left out: divide by how many there are, not by their root": _quiet(
        lambda logs: np.exp(-np.sum(logs) / np.sqrt(len(logs)))
    ),
}


QUESTIONS = (
    Question(
        id="15.loss",
        points=2,
        difficulty=2,
        minutes=12,
        cases=loss_cases,
        reference=cross_entropy,
        mistakes=LOSS_MISTAKES,
        hints=(
            "Subtract the largest logit of each row first, `logits.max(axis=1, keepdims=True)`: the softmax stays.",
            "log softmax is `z - log(sum(exp(z)))`, row by row. No division of exponentials is needed.",
            "`logs[np.arange(n), targets]` takes one entry of each row: that of its target.",
        ),
    ),
    Question(
        id="15.attention",
        points=3,
        difficulty=3,
        minutes=15,
        cases=attention_cases,
        reference=causal_attention,
        mistakes=ATTENTION_MISTAKES,
        hints=(
            "`Q @ K.T` holds the score of each place (row) with each place (column). Divide by `np.sqrt(Q.shape[1])`.",
            "`np.tri(T, dtype=bool)` is True where the column is not later than the row. Elsewhere set `-np.inf`.",
            "Subtract the largest score of each row, take exp, divide by the sum of the row, and multiply by V.",
        ),
    ),
    Question(
        id="15.mezo",
        points=4,
        difficulty=3,
        minutes=20,
        cases=mezo_cases,
        reference=mezo_step,
        mistakes=MEZO_MISTAKES,
        hints=(
            "Write a small function that adds `by * z` to theta in place, and draws z from a new generator each time.",
            "From `+ eps z` the way to `- eps z` is `- 2 eps z`, and from there back to the start `+ eps z`.",
            "`theta += ...` inside of an inner function would make theta a local name; `theta[...] += ...` does not.",
        ),
        compare=mezo_same,
        changes=("theta",),
    ),
    Question(
        id="15.memory",
        points=2,
        difficulty=1,
        minutes=8,
        cases=memory_cases,
        reference=training_memory,
        mistakes=MEMORY_MISTAKES,
        hints=(
            "List what is held at the same time: parameters, one gradient for each, two moments for each, activations.",
            "MeZO runs forward only, so no activation has to wait for a backward pass.",
        ),
    ),
    Question(
        id="15.sample",
        points=2,
        difficulty=2,
        minutes=12,
        cases=sample_cases,
        reference=sample,
        mistakes=SAMPLE_MISTAKES,
        hints=(
            "Treat temperature 0 first: no division, only `np.argmax`.",
            "Divide by the temperature, subtract the largest, take exp, divide by the sum: these are the chances.",
            "`rng.choice(len(p), p=p)` draws one number with these chances.",
        ),
        compare=a_token,
        compare_all=same_frequencies,
    ),
    Question(
        id="15.perplexity",
        points=1,
        difficulty=1,
        minutes=5,
        cases=perplexity_cases,
        reference=perplexity,
        mistakes=PERPLEXITY_MISTAKES,
        hints=(
            "The mean negative log-likelihood is the cross entropy. exp undoes the natural logarithm.",
            "A model that gives every token the chance 1/4 has the perplexity 4.",
        ),
    ),
)
