"""A class of hostile, damaged and honest submissions, graded at once: nobody gets more than deserved, nothing leaks."""

import copy
import csv
import gzip
import io
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STUB = "def half_mse(theta, X, y):\n    return 0.0"
CANARY = "canary-" + secrets.token_hex(8)  # stands in every place that must not be read
FULL, ATTACKED = 12, 2  # points of exercise 02 and of its question half_mse

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3000)]


def solved():
    return json.loads((ROOT / "solutions" / "02_linear_regression.ipynb").read_text(encoding="utf-8"))


def cell(notebook, id):
    return next(cell for cell in notebook["cells"] if cell["id"] == id)


def with_answer(source):
    """The solved notebook with another answer to half_mse, without outputs, as a student saves it."""
    notebook = solved()
    cell(notebook, "half_mse")["source"] = source
    return notebook


def dumped(notebook):
    return json.dumps(notebook, ensure_ascii=False).encode()


def answers():
    """Return the attacks by name, as text."""
    text = (ROOT / "tests" / "hostile" / "answers.txt").read_text(encoding="utf-8")
    blocks = re.split(r"^# %% (.*)\n", text, flags=re.MULTILINE)
    found = dict(zip(blocks[1::2], (re.split(r"^####", block, flags=re.M)[0] for block in blocks[2::2]), strict=True))
    return {name: block.replace("STUB\n", STUB + "\n").strip() for name, block in found.items()}


# Notebooks whose cells were tampered with: half_mse is wrong in all of them.


def tampered(change):
    def make():
        notebook = with_answer(STUB)
        change(notebook)
        return dumped(notebook)

    return make


def _check(notebook):
    return cell(notebook, "half_mse-check")


def _insert(notebook, source, before):
    place = next(i for i, cell in enumerate(notebook["cells"]) if cell["id"] == before)
    extra = {
        "cell_type": "code",
        "id": "mine",
        "metadata": {},
        "execution_count": None,
        "outputs": [],
        "source": source,
    }
    notebook["cells"].insert(place, extra)


def _duplicate(notebook):
    twin = copy.deepcopy(cell(notebook, "half_mse"))
    notebook["cells"].append(twin)


TAMPERED = {
    "the check is replaced": lambda nb: _check(nb).update(source="print('02.half_mse: passed, 2 of 2 points')"),
    "the check is removed": lambda nb: nb["cells"].remove(_check(nb)),
    "the check is worth 100": lambda nb: _check(nb)["metadata"]["nbgrader"].update(points=100),
    "the check is skipped by a tag": lambda nb: _check(nb)["metadata"].update(tags=["nbval-skip"]),
    "the check may raise by a tag": lambda nb: _check(nb)["metadata"].update(tags=["raises-exception"]),
    "the answer is tagged": lambda nb: cell(nb, "half_mse")["metadata"].update(tags=["nbval-skip"]),
    "another kernel": lambda nb: nb["metadata"].update(
        kernelspec={"name": "evil", "display_name": "x", "language": "x"}
    ),
    "an extra cell cheats": lambda nb: _insert(
        nb, "check = lambda *_: print('02.half_mse: passed, 2 of 2 points')", "half_mse"
    ),
    "an extra cell ends the kernel": lambda nb: _insert(nb, "import os; os._exit(0)", "half_mse"),
    "an extra cell never ends": lambda nb: _insert(nb, "while True: pass", "half_mse"),
    "an extra cell fails": lambda nb: _insert(nb, "1 / 0", "half_mse"),
    "the answer stands twice": _duplicate,
    "the answer is Markdown": lambda nb: cell(nb, "half_mse").update(cell_type="markdown"),
    "the answer is removed": lambda nb: nb["cells"].remove(cell(nb, "half_mse")),
    "the answer is renamed": lambda nb: cell(nb, "half_mse").update(id="x", metadata={}),
    "a forged output is stored": lambda nb: _check(nb).update(
        outputs=[{"output_type": "stream", "name": "stdout", "text": "02.half_mse: passed, 2 of 2 points"}]
    ),
}

# Files that are no such notebook at all.
DAMAGED = {
    "empty": b"",
    "not JSON": b"{",
    "cut off": dumped(solved())[:5000],
    "UTF-16": json.dumps(solved()).encode("utf-16"),
    "GBK": json.dumps(solved(), ensure_ascii=False).encode().replace(b"loss", "损失".encode("gbk")),
    "a list": b"[]",
    "no cells": b'{"nbformat": 4, "metadata": {}}',
    "cells are a number": b'{"cells": 3}',
    "cells are numbers": b'{"cells": [1, 2, null, [], {}]}',
    "deep": b"[" * 200_000,
    "NUL": b"\x00" * 1000,
    "huge": b'{"cells": [], "x": "' + b"x" * 20_000_000 + b'"}',
    "a PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
    "gzip": gzip.compress(dumped(solved())),
    "another exercise": b'{"cells": [{"cell_type": "code", "id": "momentum", "metadata": {}, "source": "1"}]}',
}


def _honest(**cells):
    notebook = solved()
    for id, source in cells.items():
        cell(notebook, id)["source"] = source
    return notebook


def _helped():
    answer = "%matplotlib inline\ndef half_mse(theta, X, y):\n    return halved(((X @ theta - y) ** 2).mean())"
    notebook = _honest(half_mse=answer)
    _insert(notebook, "import matplotlib.pyplot as plt\n\ndef halved(x):\n    return x / 2", "half_mse")
    return dumped(notebook)


def _version_3():
    import nbformat

    return nbformat.writes(nbformat.from_dict(solved()), version=3).encode()


# Right answers in unusual clothes: full marks.
HONEST = {
    "control": lambda: dumped(solved()),
    "with a byte order mark": lambda: b"\xef\xbb\xbf" + dumped(solved()),
    "Windows line ends": lambda: json.dumps(solved(), indent=1).replace("\n", "\r\n").encode(),
    "an extra cell helps": _helped,
    "warns and prints": lambda: dumped(
        _honest(
            half_mse="import sys, warnings\ndef half_mse(theta, X, y):\n    warnings.warn('careful')\n"
            "    print('hello')\n    print('well', file=sys.stderr)\n    return ((X @ theta - y) ** 2).mean() / 2"
        )
    ),
    "王 芳 (李)": lambda: dumped(solved()),
    "O'Neil & <b>": lambda: dumped(solved()),
    "=1+1": lambda: dumped(solved()),
    "in version 3": _version_3,
}


class Listener:
    """Sockets that must not be reached, and what reached them."""

    def __init__(self, folder):
        self.heard = []
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.path = str(folder / "listening")
        self.unix = socket.socket(socket.AF_UNIX)
        self.unix.bind(self.path)
        self.unix.listen()
        for link, name in ((self.tcp, "TCP"), (self.udp, "UDP"), (self.unix, "Unix")):
            threading.Thread(target=self._listen, args=(link, name), daemon=True).start()

    def _listen(self, link, name):
        while True:
            link.recv(100) if link.type == socket.SOCK_DGRAM else link.accept()
            self.heard.append(name)


def processes():
    """Return the numbers of all processes but zombies."""
    found = set()
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                state = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if state != "Z":
                found.add(int(entry))
    return found


def snapshot(*folders):
    return {
        path: (path.read_bytes() if path.is_file() and not path.is_symlink() else None)
        for folder in folders
        for path in folder.rglob("*")
        if not path.is_fifo() and not path.is_socket() and "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The class, graded by the command in a process of its own, with what was there before and after."""
    place = tmp_path_factory.mktemp("hostile")
    class_, out, outside = place / "class", place / "out", place / "outside"
    outside.mkdir()
    (outside / "secret").write_text(CANARY)
    listener = Listener(outside)
    places = {
        "UDP_PORT": str(listener.udp.getsockname()[1]),
        "PORT": str(listener.tcp.getsockname()[1]),
        "SOCKET": listener.path,
        "OUTSIDE": str(outside),
        "OUT": str(out),
        "CLASS": str(class_),
        "COURSE": str(ROOT),
    }
    handed = {}
    for name, source in answers().items():
        for word, value in places.items():
            source = re.sub(rf"\b{word}\b", lambda _, value=value: value, source)
        handed[f"attack {name}"] = dumped(with_answer(source))
    handed |= {f"tampered {name}": tampered(change)() for name, change in TAMPERED.items()}
    handed |= {f"damaged {name}": content for name, content in DAMAGED.items()}
    handed |= {f"honest {name}": make() for name, make in HONEST.items()}
    for student, content in handed.items():
        path = class_ / student.replace("/", "_") / "02_linear_regression.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    (class_ / "damaged directory" / "02.ipynb").mkdir(parents=True)
    (class_ / "damaged missing").mkdir()
    (class_ / "damaged link").mkdir()
    (class_ / "damaged link" / "02.ipynb").symlink_to(outside / "secret")
    (class_ / "damaged pipe").mkdir()
    os.mkfifo(class_ / "damaged pipe" / "02.ipynb")
    (class_ / "honest zipped").mkdir()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("my folder/02 线性回归.ipynb", dumped(solved()))
    (class_ / "honest zipped" / "homework.zip").write_bytes(packed.getvalue())
    before, running = snapshot(class_, outside, ROOT / "ngo_lesson", ROOT / "solutions"), processes()
    command = [sys.executable, "-m", "ngo_lesson.grading", str(class_), "--exercise", "02", "--out", str(out)]
    command += ["--jobs", "2", "--cell-seconds", "8", "--notebook-seconds", "40", "--seed", f"{CANARY}-seed"]
    environment = os.environ | {"CANARY": CANARY}
    with (place / "log.txt").open("wb") as log:
        code = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log).returncode
    after = snapshot(class_, outside, ROOT / "ngo_lesson", ROOT / "solutions")
    assert code == 0, (place / "log.txt").read_text()
    with (out / "gradebook.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["student"].lstrip("'"): row for row in csv.DictReader(file)}
    yield {"rows": rows, "out": out, "listener": listener, "before": before, "after": after, "running": running}
    shutil.rmtree(place, ignore_errors=True)


def test_the_class_is_large_enough():
    assert len(answers()) + len(TAMPERED) + len(DAMAGED) >= 60


@pytest.mark.parametrize("name", [f"attack {name}".replace("/", "_") for name in answers()])
def test_an_attack_gets_no_point(graded, name):
    row = graded["rows"][name]
    assert float(row["02.half_mse"] or 0) == 0
    assert float(row["points"]) <= FULL - ATTACKED
    assert row["notes"] or row["status"] == "graded"


@pytest.mark.parametrize("name", list(TAMPERED))
def test_tampering_gets_no_point(graded, name):
    row = graded["rows"][f"tampered {name}"]
    assert float(row["02.half_mse"] or 0) == 0
    cheated = name == "an extra cell cheats"  # which breaks the other checks of the notebook as well
    assert float(row["points"]) == FULL - ATTACKED or cheated, row["notes"]
    assert row["max_points"] == str(FULL)


@pytest.mark.parametrize("name", [*DAMAGED, "directory", "missing", "link", "pipe"])
def test_a_damaged_file_gets_a_row_and_a_reason(graded, name):
    row = graded["rows"][f"damaged {name}"]
    assert float(row["points"]) == 0
    assert row["status"] in ("unreadable", "missing")
    assert row["notes"]


@pytest.mark.parametrize("name", [*HONEST, "zipped"])
def test_honest_work_gets_full_marks(graded, name):
    row = graded["rows"][f"honest {name}"]
    assert (float(row["points"]), row["status"]) == (FULL, "graded"), row["notes"]


def test_everybody_has_a_row(graded):
    assert len(graded["rows"]) == len(answers()) + len(TAMPERED) + len(DAMAGED) + len(HONEST) + 5


def test_nobody_was_reached(graded):
    assert graded["listener"].heard == []


def test_nothing_was_touched(graded):
    assert graded["after"] == graded["before"]


def test_nothing_is_left_running(graded):
    left = processes() - graded["running"]
    lines = {
        number: Path(f"/proc/{number}/cmdline").read_bytes() for number in left if Path(f"/proc/{number}").exists()
    }
    assert not {number: line for number, line in lines.items() if b"ngo_lesson" in line or b"sleep\x001000" in line}


def test_nothing_has_leaked(graded):
    for path in graded["out"].rglob("*"):
        if path.is_file() and "private" not in path.relative_to(graded["out"]).parts:
            content = path.read_bytes()
            assert CANARY.encode() not in content, path
            assert b"root:x:0:0" not in content, path
