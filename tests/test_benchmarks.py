"""The benchmarks' rows and their file. No timing is asserted."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import VERDICTS, main, shown
from benchmarks.lms import lms
from benchmarks.matrices import nmf_rows, ratings_rows, svd_rows, text_rows
from benchmarks.search import OURS, final_values, search
from benchmarks.start import start
from benchmarks.timing import fresh, medians, row
from benchmarks.updates import updates

KEYS = {"name", "ours", "peer", "ratio", "goal", "met", "how"}
ROOT = Path(__file__).parents[1]


def test_goals_decide_whether_a_row_is_met():
    assert row("a", 2.0, at_most=3, how="") == {
        "name": "a", "ours": 2.0, "peer": None, "ratio": None, "goal": "at most 3", "met": True, "how": ""
    }  # fmt: skip
    assert not row("a", 4.0, at_most=3, how="")["met"]
    assert row("a", 2.0, 8.0, at_least=4, how="")["ratio"] == 4.0
    assert row("a", 2.0, 8.0, at_least=4, how="")["met"]
    assert not row("a", 2.0, 8.0, at_least=4.1, how="")["met"]
    assert not row("a", 2.0, 8.0, at_most=1, at_least=4, how="")["met"]
    assert row("a", 2.0, 8.0, at_most=1, at_least=4, how="")["goal"] == "at most 1, ratio at least 4"


def test_a_goal_without_its_peer_is_not_measured():
    assert row("a", 2.0, at_least=4, how="")["met"] is None
    assert row("a", 2.0, at_most=3, at_least=4, how="")["met"] is None
    assert VERDICTS[None] == "not measured"


def test_functions_take_turns():
    calls = []
    first, second = medians(lambda: calls.append("a"), lambda: calls.append("b"), repeats=3)
    assert calls == ["a", "b"] * (len(calls) // 2)
    assert 0 <= first < 1
    assert 0 <= second < 1


def test_fresh_reads_what_a_process_prints():
    assert fresh("import os; print('[1, ' + os.environ['SIZE'] + ']')", SIZE="2") == [1, 2]
    with pytest.raises(subprocess.CalledProcessError):
        fresh("raise SystemExit(1)")


SLOW = pytest.mark.slow  # it compiles every kernel


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(lambda: lms(samples=50, epochs=2, repeats=2), id="lms"),
        pytest.param(lambda: updates(sizes=(1000, 100_000), repeats=1), id="updates"),
        pytest.param(
            lambda: (
                pytest.importorskip("tzdata")
                and search(1, 1, moves=1000, cases=(("sphere", "schwefel"), (2,), (100, 300)), budgets=(1000, 500))
            ),
            id="search",
        ),
        pytest.param(lambda: start(repeats=1, cold_repeats=1), id="start", marks=SLOW),
        pytest.param(lambda: [*svd_rows(1), *nmf_rows((1, 1))], id="svd and nmf", marks=SLOW),
        pytest.param(lambda: [*ratings_rows(3000, 1, 1, 1), *text_rows(1, 300_000)], id="ratings and text", marks=SLOW),
    ],
)
def test_rows_are_complete(rows):
    for found in rows():
        assert set(found) == KEYS
        assert found["goal"]
        assert found["how"]
        assert found["ours"] > 0
        assert isinstance(found["met"], bool) or (found["peer"] is None and "not installed" in found["how"])
        assert (found["ratio"] is None) == (found["peer"] is None)


def test_stored_runs_are_not_done_again(tmp_path):
    file = tmp_path / "runs.jsonl"
    first = final_values(1, ("sphere",), (2,), (100, 300), file)
    assert all(found.keys() == first["sphere", 2, 100].keys() for found in first.values())
    runs = [json.loads(line) for line in file.read_text().splitlines()]
    for each in runs:
        assert each["values"][1] <= each["values"][0] or each["method"] in OURS
        each["values"] = [7.0, 5.0]
    kept = "".join(json.dumps(each) + "\n" for each in runs[1:])
    file.write_text(kept)
    again = final_values(1, ("sphere",), (2,), (100, 300), file)
    assert again["sphere", 2, 300] == dict.fromkeys(again["sphere", 2, 300], 5.0) | {
        runs[0]["method"]: first["sphere", 2, 300][runs[0]["method"]]
    }
    assert file.read_text().startswith(kept)
    assert len(file.read_text().splitlines()) == len(runs)


def test_the_command_prints_a_table_and_stores_it(tmp_path):
    file = tmp_path / "figures.json"
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", "lms", "--json", str(file)],
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=True,
    )
    rows = json.loads(file.read_text())
    lines = run.stdout.splitlines()[1:]
    assert len(rows) == len(lines) == 3
    for found, line in zip(rows, lines, strict=True):
        assert line.startswith(found["name"])
        assert line.endswith(": met" if found["met"] else ": MISSED")


def test_an_unknown_group_is_named(capsys):
    with pytest.raises(SystemExit):
        main(["lsm"])
    error = capsys.readouterr().err
    assert "unknown group 'lsm'" in error
    assert "lms" in error.partition("known: ")[2]


@pytest.mark.parametrize(
    ("number", "text"), [(None, "-"), (1.23456, "1.23"), (0.00012345, "0.000123"), (12345.6, "12,346")]
)
def test_numbers_have_three_digits(number, text):
    assert shown(number) == text
