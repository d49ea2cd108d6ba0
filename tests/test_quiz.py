import pytest

from authoring.quiz import fold, is_quiz

QUESTION = """\
**Quick question.** The learning rate is 2.1 / L. What happens?

- [ ] `theta` converges, only slowly.
  Below 2 / L every step shrinks the error.

  Above, the steepest direction grows.
- [x] It runs away.
  The factor is -1.1.
"""


def test_choices_open_to_their_reasons():
    assert (
        fold(QUESTION)
        == """\
**Quick question.** The learning rate is 2.1 / L. What happens?

<details><summary>A. <code>theta</code> converges, only slowly.</summary>

✘ **Not this one.** Below 2 / L every step shrinks the error.

Above, the steepest direction grows.

</details>

<details><summary>B. It runs away.</summary>

✔ **Right.** The factor is -1.1.

</details>
"""
    )


def test_only_a_task_list_is_a_question():
    assert is_quiz(QUESTION)
    assert not is_quiz("# Title\n\n- a list\n- of words\n")
    assert not is_quiz(fold(QUESTION))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("- [x]", "- [ ]", "mark exactly one choice as right"),
        ("- [ ]", "- [x]", "mark exactly one choice as right"),
        ("  The factor is -1.1.\n", "", "choice 'It runs away.': give its reason"),
        ("  The factor is -1.1.", "The factor is -1.1.", "cannot read 'The factor is -1.1.'"),
        ("- [x] It", "- [X] It", r"cannot read '- \[X\] It runs away.'"),
        ("**Quick question.** The learning rate is 2.1 / L. What happens?", "", "write the question above"),
    ],
)
def test_what_a_question_lacks_is_named(old, new, message):
    with pytest.raises(ValueError, match=message):
        fold(QUESTION.replace(old, new))


def test_one_choice_is_no_choice():
    with pytest.raises(ValueError, match="at least two choices, got 1"):
        fold("Why?\n\n- [x] So.\n  Because.\n")
