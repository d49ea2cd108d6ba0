"""The glossary of a tiny course: where a term is found, what is refused, and the page against its sources."""

from pathlib import Path

import pytest

from authoring import pages
from authoring.__main__ import main
from authoring.course import Course
from authoring.drift import check

HEADER = "term,chinese,definition,lesson\n"
LESSON = """\
# %% [markdown] id="title"
# # 98 Tiny strategies
#
# **Promise.** No term here, whatever **else** is bold.

# %% [markdown] id="words"
# ## 1 Cold starts
#
# Without bold, momentum is passed over. **The learning
# rate** comes first, and an **orthogonal** matrix.

# %% id="code"
x = "**secret**"

# %% [markdown] id="later"
# Now **momentum**, and the **gains**. **Momentum** again.
"""


@pytest.fixture
def course(tmp_path) -> Course:
    (tmp_path / "authoring" / "lessons").mkdir(parents=True)
    (tmp_path / "authoring" / "lessons" / "98_tiny.py").write_text(LESSON)
    (tmp_path / "authoring" / "checklist.csv").write_text("id,topic,lessons\n")
    return Course(tmp_path, lambda number: [])


def write_terms(course: Course, *rows: str, encoding: str = "utf-8") -> None:
    text = HEADER + "".join(row + "\n" for row in rows)
    (course.root / "authoring" / "glossary.csv").write_text(text, encoding=encoding)


def found(course: Course) -> list[str]:
    return [str(problem) for problem in pages.drift(course) if "glossary" in problem.file]


def test_page_is_sorted_and_links_the_cell_that_introduces_the_term(course, capsys):
    write_terms(course, 'momentum,动量,"What stays, of the velocity.",98', "Learning rate,学习率,A factor.,98")
    assert main(["glossary"], course) == main(["glossary"], course) == 0
    assert capsys.readouterr().out == "docs/glossary.md  written\ndocs/glossary.md  unchanged\n"
    link = "[98 Tiny strategies](../notebooks/98_tiny.ipynb#cell-id="
    assert (course.root / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()[-2:] == [
        f"| Learning rate | 学习率 | A factor. | {link}words) |",
        f"| momentum | 动量 | What stays, of the velocity. | {link}later) |",
    ]


@pytest.mark.parametrize(
    ("term", "cell"),
    [
        ("learning rate", "words"),
        ("orthogonal matrix", "words"),
        ("gain", "later"),
        ("gain (of momentum)", "later"),
        ("cold start", "words"),
        ("tiny strategy", "title"),
    ],
)
def test_term_may_have_an_article_a_plural_a_qualifier_or_stand_in_a_title(course, term, cell):
    write_terms(course, f"{term},词,Words.,98")
    assert pages.refresh(course, "glossary")
    assert f"#cell-id={cell})" in (course.root / "docs" / "glossary.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("rows", "line", "message"),
    [
        (["momentun,动量,Words.,98"], 2, "'momentun' stands neither in bold nor in a title of lesson 98; did you mean"),
        (["secret,秘密,Words.,98"], 2, "'secret' stands neither in bold"),
        (["els,别的,Words.,98"], 2, "'els' stands neither in bold"),
        (["gain,增益,Words.,98", "Gain,增益,Words.,98"], 3, "duplicate term 'Gain', first in line 2"),
        (["gain,,Words.,98"], 2, "'gain' has no chinese"),
        (["gain,增益, ,98"], 2, "'gain' has no definition"),
        (["gain,增益,Words.,"], 2, "'gain' has no lesson"),
        ([",增益,Words.,98"], 2, "'' has no term"),
        (["gain,增益,Words.,97"], 2, "'gain' is of lesson '97'; the lessons are 98"),
        (["gain,增益,One, two.,98"], 2, "'gain,增益,One, two.,98' does not have the columns"),
    ],
)
def test_wrong_term_is_reported_with_its_line_and_leaves_the_page_alone(course, capsys, rows, line, message):
    write_terms(course, *rows)
    [problem] = [str(problem) for problem in check(course) if problem.file == "authoring/glossary.csv"]
    assert problem.startswith(f"authoring/glossary.csv:{line}: {message}")
    assert main(["glossary"], course) == 1
    assert problem in capsys.readouterr().err
    assert not (course.root / "docs").exists()


def test_other_encoding_is_reported(course):
    write_terms(course, "gain,增益,Words.,98", encoding="gbk")
    assert found(course) == ["authoring/glossary.csv:1: is not UTF-8; save the file as UTF-8"]


def test_stored_page_must_agree_with_terms_and_lessons(course):
    page: Path = course.root / "docs" / "glossary.md"
    stale = ["docs/glossary.md:1: is not current; run python -m authoring glossary"]
    assert found(course) == []
    write_terms(course, "gain,增益,Words.,98")
    assert found(course) == stale
    pages.refresh(course, "glossary")
    assert found(course) == []
    page.write_text(page.read_text(encoding="utf-8").replace("增益", "得益"), encoding="utf-8")
    assert found(course) == stale
    pages.refresh(course, "glossary")
    lesson = course.root / "authoring" / "lessons" / "98_tiny.py"
    lesson.write_text(LESSON.replace('id="later"', 'id="moved"'))
    assert found(course) == stale
    (course.root / "authoring" / "glossary.csv").unlink()
    assert found(course) == ["authoring/glossary.csv:1: is missing"]
