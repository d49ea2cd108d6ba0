"""Train the checkpoint that lessons fine-tune: `python -m authoring.checkpoint`, or `make checkpoint`.

English from Python's documentation topics and Chinese from the language pack of JupyterLab (`pip install -e
'.[checkpoint]'`). The same machine and number of threads give the same file. It takes 4 to 8 minutes on one core.
"""

import json
import math
import sys
import time
import zlib
from collections.abc import Iterator
from importlib.resources import files

import numpy as np

from ngo_lesson import data
from ngo_lesson.models.language_model import (
    PRETRAINED,
    CharTokenizer,
    Config,
    LanguageModel,
    batches,
    held_out_loss,
    is_held_out,
    train_,
)
from ngo_lesson.models.text import WittenBell
from ngo_lesson.optimize.schedules import cosine
from ngo_lesson.optimize.updates import AdamW

STEPS, ENGLISH, CHINESE = 15_000, 12, 4  # steps, and windows of each language in a batch
RATE, WARM_UP = 4e-3, 300


def chinese_strings() -> list[str]:
    """Return the distinct translations of the language pack, in a fixed order that mixes its parts."""
    folder = files("jupyterlab_language_pack_zh_CN") / "locale" / "zh_CN" / "LC_MESSAGES"
    found: set[str] = set()
    for file in folder.iterdir():
        if file.name.endswith(".json"):
            for key, forms in json.loads(file.read_text("utf-8")).items():
                found.update(form for form in forms if key and form)
    return sorted(found, key=lambda text: (zlib.crc32(text.encode()), text))


def corpora() -> tuple[list[str], list[str]]:
    """Return the English and the Chinese text, each as two: to train on and held out. A paragraph counts once."""
    paragraphs = dict.fromkeys("\n\n".join(data.python_topics().texts).split("\n\n"))
    english = ["\n\n".join(part for part in paragraphs if is_held_out(part) == out) for out in (False, True)]
    strings = chinese_strings()
    chinese = ["\n".join(text for text in strings if is_held_out(text) == out) for out in (False, True)]
    return english, chinese


def mixed(english: np.ndarray, chinese: np.ndarray, context: int) -> Iterator[tuple]:
    """Yield batches with windows of both languages."""
    parts = batches(english, context, ENGLISH, STEPS, 1), batches(chinese, context, CHINESE, STEPS, 2)
    for (x, y), (more_x, more_y) in zip(*parts, strict=True):
        yield np.concatenate([x, more_x]), np.concatenate([y, more_y])


def report(model: LanguageModel, language: str, text: str, held_out: str) -> None:
    """Print what pretrained.md states of a language: characters, and the bits of the model and of a trigram model."""
    bits = held_out_loss(model, model.tokenizer.encode(held_out)) / math.log(2)
    trigram = WittenBell(3).fit([text]).bits([held_out])
    print(f"{language}: {len(text):,} characters; held out {bits:.2f} bits a character, a trigram model {trigram:.2f}")


def main() -> None:
    """Train, write the file, and print the figures that pretrained.md beside it states."""
    english, chinese = corpora()
    tokenizer = CharTokenizer.of("".join(english + chinese))
    model = LanguageModel(tokenizer, Config(len(tokenizer), context=64, width=64, heads=4, layers=2), rng=0)
    start = time.perf_counter()

    def progress(step, loss):
        if step % 250 == 0:
            left = (time.perf_counter() - start) * (STEPS / step - 1)
            print(f"step {step:6,} of {STEPS:,}   loss {loss:.3f}   {left:4.0f} s left", file=sys.stderr)

    tokens = tokenizer.encode(english[0]), tokenizer.encode(chinese[0])
    train_(
        model,
        mixed(*tokens, model.config.context),
        AdamW(cosine(RATE, STEPS, WARM_UP), betas=(0.9, 0.99), weight_decay=0.05),
        progress,
    )
    model.save(PRETRAINED)
    print(f"{PRETRAINED}: {PRETRAINED.stat().st_size:,} bytes, {model.config.size:,} parameters, {STEPS:,} steps")
    report(model, "English", *english)
    report(model, "Chinese", *chinese)


if __name__ == "__main__":
    main()
