"""A language model: characters as tokens, a Transformer, what it writes, its files, and its training. Lesson 15."""

import json
import math
import os
import warnings
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np

from ngo_lesson.models.sampling import choose
from ngo_lesson.models.transformer import Config, Transformer
from ngo_lesson.optimize.updates import UpdateRule

FORMAT = "ngo-lesson language model 1"
PRETRAINED = Path(__file__).with_name("pretrained.npz")


class CharTokenizer:
    """One token for each character, and token 0 for all it does not know, which is written as UNKNOWN."""

    UNKNOWN = "\N{REPLACEMENT CHARACTER}"

    def __init__(self, characters: str):
        if not characters or len(set(characters)) < len(characters) or self.UNKNOWN in characters:
            raise ValueError(f"characters={characters!r:.40} must be distinct, at least one, without {self.UNKNOWN!r}")
        self.characters = characters
        self._table = np.array([ord(each) for each in self.UNKNOWN + characters], np.uint32)
        self._order = np.argsort(self._table)

    @classmethod
    def of(cls, text: str) -> "CharTokenizer":
        """Return the tokenizer that knows the characters of the text."""
        return cls("".join(sorted(set(text) - {cls.UNKNOWN})))

    def __len__(self) -> int:
        return len(self._table)

    def encode(self, text: str) -> np.ndarray:
        """Return the tokens of the text, int64 of shape (characters,)."""
        points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        place = self._order[np.searchsorted(self._table, points, sorter=self._order).clip(max=len(self) - 1)]
        return np.where(self._table[place] == points, place, 0)

    def decode(self, tokens) -> str:
        """Return the text of the tokens."""
        return "".join(map(chr, self._table[np.asarray(tokens, np.int64)]))


class LanguageModel(Transformer):
    """A Transformer with its tokenizer and its parameters theta (d,); new ones are drawn by rng if none are given."""

    def __init__(self, tokenizer: CharTokenizer, config: Config, theta: np.ndarray | None = None, rng=0):
        if config.vocabulary != len(tokenizer):
            raise ValueError(f"vocabulary={config.vocabulary} must be {len(tokenizer)}, what the tokenizer has")
        super().__init__(config)
        self.tokenizer, self.theta = tokenizer, config.initialize(rng) if theta is None else theta
        config.unpack(self.theta)  # it must fit

    def sample(self, prompt: str, length: int, *, temperature: float = 1.0, top_k: int | None = None, rng=None) -> str:
        """Return the prompt with `length` more characters, each drawn as `choose` says, given the last ones in context.

        A longer prompt is kept, but read from where the context begins. A warning names what the tokenizer does not
        know: it is read as UNKNOWN, which is never written.
        """
        if not prompt:
            raise ValueError('prompt is empty; give at least one character, as "\\n" for the beginning of a line')
        unknown = "".join(dict.fromkeys(each for each in prompt if each not in self.tokenizer.characters))
        if unknown:
            warnings.warn(f"the model does not know {unknown!r} of the prompt and reads it as unknown", stacklevel=2)
        rng, tokens = np.random.default_rng(rng), self.tokenizer.encode(prompt).tolist()
        for _ in range(length):
            z = self.logits(self.theta, tokens[-self.config.context :])
            tokens.append(1 + choose(z[1:], temperature, top_k, rng))
        return prompt + self.tokenizer.decode(tokens[len(prompt) :])

    def save(self, path: str | os.PathLike) -> None:
        """Write a checkpoint: sizes and characters as JSON, theta as an array. A file is there whole or not at all."""
        header = {"format": FORMAT, "config": asdict(self.config), "characters": self.tokenizer.characters}
        path = Path(path)
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            with open(part, "wb") as file:
                np.savez(
                    file, header=np.frombuffer(json.dumps(header, default=int).encode(), np.uint8), theta=self.theta
                )
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: str | os.PathLike) -> "LanguageModel":
        """Read a checkpoint. Nothing in it is run, as a pickle would be. ValueError if it is damaged or foreign."""
        with open(path, "rb") as file:
            try:
                with np.load(file, allow_pickle=False) as arrays:
                    header, theta = json.loads(bytes(arrays["header"])), arrays["theta"]
                if header["format"] != FORMAT:
                    raise ValueError(f"its format is {header['format']!r}")
                if theta.dtype not in (np.float32, np.float64) or not np.isfinite(theta).all():
                    raise ValueError("its parameters are not finite numbers")
                return cls(CharTokenizer(header["characters"]), Config(**header["config"]), theta)
            except Exception as error:  # zipfile raises six types, NotImplementedError and RuntimeError among them
                raise ValueError(
                    f"{path} is damaged, or not a checkpoint that LanguageModel.save of this course wrote ({error}); "
                    "get the file again, or train and save the model again"
                ) from error


def pretrained() -> LanguageModel:
    """Return a new copy of the checkpoint that comes with the course. Lessons 15 and 16.

    `make checkpoint` made it, from Python's documentation topics and the Chinese strings of JupyterLab, without those
    that `is_held_out` tells; pretrained.md beside the file states origin and licenses.
    """
    return LanguageModel.load(PRETRAINED)


def is_held_out(text: str) -> bool:
    """Return whether this paragraph, or this Chinese string, was kept from `pretrained`: one in ten was.

    It depends on the words alone, so that copies of a text are on one side.
    """
    return zlib.crc32(" ".join(text.split()).encode()) % 10 == 0


def windows(tokens: np.ndarray, starts: np.ndarray, context: int) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs and targets (B, context), cut out of tokens (n,) at B starts; a target is the next token."""
    if len(tokens) <= context:
        raise ValueError(f"the text has {len(tokens)} tokens; it must have more than the context, {context}")
    rows = tokens[np.asarray(starts)[:, None] + np.arange(context + 1)]
    return np.ascontiguousarray(rows[:, :-1]), np.ascontiguousarray(rows[:, 1:])


def batches(tokens: np.ndarray, context: int, batch_size: int, steps: int, rng) -> Iterator[tuple]:
    """Yield `windows` at random places, `steps` times."""
    rng = np.random.default_rng(rng)
    for _ in range(steps):
        yield windows(tokens, rng.integers(0, max(1, len(tokens) - context), batch_size), context)


def held_out_loss(model: LanguageModel, tokens: np.ndarray, batch_size: int = 16) -> float:
    """Return the mean loss in nats over windows side by side; what is left at the end is not used."""
    if len(tokens) < 2:
        raise ValueError(f"the text has {len(tokens)} tokens; it must have at least 2, one to go by and one to guess")
    context = min(model.config.context, len(tokens) - 1)
    starts = np.arange(0, len(tokens) - context, context)
    parts = [starts[i : i + batch_size] for i in range(0, len(starts), batch_size)]
    losses = [model.loss(model.theta, *windows(tokens, part, context)) for part in parts]
    return float(np.average(losses, weights=[len(part) for part in parts]))


def train_(
    model: LanguageModel, data: Iterable[tuple], rule: UpdateRule, callback: Callable[[int, float], None] | None = None
) -> np.ndarray:
    """Train model.theta in place, by backprop, one step of the rule for each (inputs, targets); return the losses.

    callback(step, loss) is called after each step, counted from 1. ValueError, with the step, if a loss is not finite.
    """
    losses: list[float] = []
    for inputs, targets in data:
        value, gradient = model.loss_and_gradient(model.theta, inputs, targets)
        if not math.isfinite(value):
            raise ValueError(f"the loss is {value} at step {len(losses) + 1}: the run has diverged; try a smaller lr")
        rule.step_(model.theta, gradient)
        losses.append(value)
        if callback:
            callback(len(losses), value)
    return np.array(losses)
