"""Quick questions: a Markdown task list becomes choices that open in place and give the reason for each.

An author writes, in a Markdown cell of a lesson (first line of an item the choice, its indented lines the reason):

    **Quick question.** The learning rate is 2.1 / L. What does gradient descent do?

    - [ ] It converges, only slowly.
      Below 2 / L every step shrinks the error. Above, the steepest direction grows.
    - [x] It runs away.
      The factor along the steepest direction is 1 - 2.1 = -1.1: larger than 1 in size.

The build replaces the list by native `<details>`: no kernel, script or widget, so a choice opens before any cell is
run, also on GitHub and in exports; JupyterLab lets it through in untrusted notebooks, Tab reaches it, Enter and Space
open it (`tests/browser`). Prose stays in Markdown, where a translation fits, and the answer stands in no code cell.
"""

import re

ITEM = re.compile(r"^- \[([ x])\] (.+)\n((?:[ ]{2,}.+\n|[ ]*\n(?=[ ]{2,}\S))*)", re.MULTILINE)
START = re.compile(r"^- \[.?\] ", re.MULTILINE)


def is_quiz(text: str) -> bool:
    """Tell whether a Markdown cell holds a quick question, that is a task list."""
    return bool(START.search(text))


def fold(text: str) -> str:
    """Return the Markdown of a quick question with its choices folded; errors name the choice and what it lacks."""
    text = text.rstrip() + "\n"
    items = list(ITEM.finditer(text))
    start = START.search(text)
    head = text[: start.start()] if start else ""
    rest = ITEM.sub("", text[len(head) :]).strip()
    if rest:
        raise ValueError(
            f"quick question: cannot read {rest.splitlines()[0]!r}; write '- [ ] choice' and indent its reason"
        )
    if not head.strip():
        raise ValueError("quick question: write the question above its list of choices")
    if len(items) < 2:
        raise ValueError(f"quick question {head.strip()!r}: give at least two choices, got {len(items)}")
    if sum(item[1] == "x" for item in items) != 1:
        raise ValueError(f"quick question {head.strip()!r}: mark exactly one choice as right, '- [x]'")
    return head + "\n".join(_choice(letter, item) for letter, item in zip("ABCDEFGH", items, strict=False))


def _choice(letter: str, item: re.Match) -> str:
    reason = "\n".join(line.strip() for line in item[3].splitlines()).strip()
    if not reason:
        raise ValueError(f"quick question, choice {item[2]!r}: give its reason on indented lines below it")
    choice = re.sub(r"`([^`]+)`", r"<code>\1</code>", item[2])  # Markdown is not read inside <summary>
    verdict = "✔ **Right.**" if item[1] == "x" else "✘ **Not this one.**"
    return f"<details><summary>{letter}. {choice}</summary>\n\n{verdict} {reason}\n\n</details>\n"
