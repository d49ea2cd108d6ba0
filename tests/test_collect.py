"""Finding what students handed in, in folders and zip files."""

import io
import os
import re
import struct
import unicodedata
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ngo_lesson.grading.collect import EXAMPLE, MOST_BYTES, MOST_MEMBERS, CollectError, collect, slug

NOTEBOOK = b'{"cells": []}'


def put(folder, name, content=NOTEBOOK, time=1_700_000_000):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (time, time))
    return path


def zipped(*members, year=2024):
    """A zip file of names, or of pairs of a name (or ZipInfo) and its content."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in members:
            name, content = member if isinstance(member, tuple) else (member, NOTEBOOK)
            info = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name, (year, 1, 1, 12, 0, 0))
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def short(submissions):
    return {(each.student, each.exercise): each.file for each in submissions}


def only(folder, exercise="05", **options):
    (submission,) = collect(folder, exercise, **options)
    return submission


def tree(folder):
    return {path: path.lstat().st_mtime for path in folder.rglob("*")}


def test_one_folder_a_student(tmp_path):
    for name in ("ann/05_steps.ipynb", "ann/06_other.ipynb", "王 芳/deep/05.IPYNB", "bob/05_a/too/deep/05.ipynb"):
        put(tmp_path, name)
    for name in (".git/05.ipynb", "cid/.ipynb_checkpoints/05.ipynb", "cid/__MACOSX/._05.ipynb", "dan/hw5.ipynb"):
        put(tmp_path, name)
    put(tmp_path, "eve/0512.ipynb")
    found = collect(tmp_path, "5")
    assert short(found) == {
        **{("ann", "05"): "05_steps.ipynb", ("bob", "05"): "", ("cid", "05"): "", ("dan", "05"): ""},
        **{("eve", "05"): "", ("王 芳", "05"): "deep/05.IPYNB"},
    }
    contents = [each.content for each in found]
    assert contents == [NOTEBOOK, None, None, None, None, NOTEBOOK]
    assert found[3].notes == ("no file 05*.ipynb; there is hw5.ipynb",)
    assert found[0].modified == 1_700_000_000
    assert short(collect(tmp_path, "all")) == {
        (student, number): {"ann05": "05_steps.ipynb", "ann06": "06_other.ipynb", "王 芳05": "deep/05.IPYNB"}.get(
            student + number, ""
        )
        for student in ("ann", "bob", "cid", "dan", "eve", "王 芳")
        for number in ("05", "06")
    }


def test_the_newest_counts_and_the_others_are_listed(tmp_path):
    put(tmp_path, "ann/05_new.ipynb", b"new", 3_000)
    put(tmp_path, "ann/05_old.ipynb", b"old", 1_000)
    put(tmp_path, "ann/sub/05_mid.ipynb", b"mid", 2_000)
    put(tmp_path, "bob/05_a.ipynb", b"a", 1_000)
    put(tmp_path, "bob/05_b.ipynb", b"b", 1_000)
    put(tmp_path, "cid/05.ipynb", b"plain", 1_700_000_000)  # of 2023
    put(tmp_path, "cid/hw.zip", zipped(("05.ipynb", b"zipped"), year=2024), 1_000)
    ann, bob, cid = collect(tmp_path, "05")
    assert ann.content == b"new"
    assert ann.notes == tuple(f"an older file was not graded: {name}" for name in ("05_old.ipynb", "sub/05_mid.ipynb"))
    assert bob.content == b"b"
    assert (cid.content, cid.file) == (b"zipped", "hw.zip/05.ipynb")
    assert cid.notes == ("an older file was not graded: 05.ipynb",)


def test_zip_files_wherever_they_lie(tmp_path):
    folder = tmp_path / "class"
    put(folder, "ann/hw.zip", zipped("05.ipynb"))
    put(folder, "bob.ZIP", zipped("homework/05.ipynb", "__MACOSX/homework/._05.ipynb"))
    put(folder, "cid/05.ipynb")
    expected = {("ann", "05"): "hw.zip/05.ipynb", ("bob", "05"): "homework/05.ipynb", ("cid", "05"): "05.ipynb"}
    before = tree(tmp_path)
    assert short(collect(folder, "05")) == expected
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for top in ("", "class/", "course 2024/"):
        whole = zipped(*((top + name, content) for name, content in files.items()))
        assert short(collect(put(tmp_path / "all", "class.zip", whole), "05")) == expected
    (tmp_path / "all" / "class.zip").unlink()
    (tmp_path / "all").rmdir()
    assert tree(tmp_path).keys() == before.keys()


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_chinese_names_and_backslashes_of_windows(tmp_path, encoding):
    name = "王喆\\05_自适应.ipynb"
    raw = name.encode(encoding)
    content = zipped("x" * len(raw)).replace(b"x" * len(raw), raw)
    assert not zipfile.ZipFile(io.BytesIO(content)).infolist()[0].flag_bits & 0x800
    path = put(tmp_path, "class.zip", content)
    assert collect(path, "05")[0].student == "王喆"


def test_other_names_of_old_zip_files_stay(tmp_path):
    content = zipped("JosX/05_a.ipynb").replace(b"JosX", "José".encode("cp437"))
    assert only(put(tmp_path, "class.zip", content)).student == "José"


def member(name, **fields):
    info = zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0))
    for field, value in fields.items():
        setattr(info, field, value)
    return info


def encrypted():
    content = bytearray(zipped("05.ipynb"))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    return bytes(content)


def lying(size):
    """A zip file that declares a size its member has not."""
    content = bytearray(zipped(("05.ipynb", b" " * (MOST_BYTES + 1))))
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", content, content.index(mark) + offset, size)
    return bytes(content)


@pytest.mark.parametrize(
    ("name", "content", "note"),
    [
        ("hw.zip", b"no zip", "hw.zip: not a whole zip file"),
        ("hw.zip", zipped("05.ipynb")[:-30], "hw.zip: not a whole zip file"),
        ("hw.zip", encrypted(), "hw.zip/05.ipynb: encrypted"),
        ("hw.zip", zipped(("05.ipynb", b" " * (MOST_BYTES + 1))), "hw.zip/05.ipynb: larger than 10 MB"),
        ("hw.zip", lying(100), "hw.zip/05.ipynb: damaged in the zip file"),
        ("hw.zip", lying(2**32 - 2), "hw.zip/05.ipynb: larger than 10 MB"),
        ("hw.zip", zipped(*(f"{i}" for i in range(MOST_MEMBERS + 1))), "hw.zip: a zip file with more than 1000 files"),
        ("hw.zip", zipped(("in.zip", zipped("05.ipynb"))), "hw.zip/in.zip: a zip file in a zip file, not opened"),
        ("hw.zip", zipped("../bob/05.ipynb"), "hw.zip: has a file with a forbidden name: '../bob/05.ipynb'"),
        ("hw.zip", zipped("/tmp/05.ipynb"), "hw.zip: has a file with a forbidden name: '/tmp/05.ipynb'"),
        ("hw.zip", zipped("C:\\05.ipynb"), "hw.zip: has a file with a forbidden name: 'C:/05.ipynb'"),
        ("hw.zip", zipped((member("05.ipynb", external_attr=0o120777 << 16), b"/etc/passwd")), "a symbolic link"),
        ("05.ipynb", b" " * (MOST_BYTES + 1), "05.ipynb: larger than 10 MB"),
    ],
)
def test_what_cannot_be_read_is_reported(tmp_path, name, content, note):
    put(tmp_path / "class", f"ann/{name}", content)
    put(tmp_path / "class", "bob/05.ipynb")
    before = tree(tmp_path)
    ann, bob = collect(tmp_path / "class", "05")
    assert ann.content is None
    assert ann.file.startswith(name)
    assert note in ann.notes[0]
    assert bob.content == NOTEBOOK
    assert tree(tmp_path) == before
    put(tmp_path / "class", "ann/05_small.ipynb", time=1)
    ann = collect(tmp_path / "class", "05")[0]
    assert (ann.file, ann.content) == ("05_small.ipynb", NOTEBOOK)
    assert note in ann.notes[0]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs links and FIFOs")
def test_links_and_devices_are_not_opened(tmp_path):
    secret = put(tmp_path, "secret/05.ipynb", b"secret")
    for student in ("ann", "bob"):
        (tmp_path / "class" / student).mkdir(parents=True)
    (tmp_path / "class/ann/05.ipynb").symlink_to(secret)
    (tmp_path / "class/ann/hw.zip").symlink_to(secret)
    os.mkfifo(tmp_path / "class/bob/05.ipynb")
    os.mkfifo(tmp_path / "class/bob/hw.zip")
    (tmp_path / "class/cid").symlink_to(secret.parent)
    (tmp_path / "class/ann/loop").symlink_to(tmp_path / "class")
    ann, bob, cid = collect(tmp_path / "class", "05")
    assert [each.content for each in (ann, bob, cid)] == [None] * 3
    assert [each.file for each in (ann, bob, cid)] == ["05.ipynb", "05.ipynb", "cid"]
    assert {note.partition(": ")[2] for note in (*ann.notes, *cid.notes)} == {"a symbolic link, not followed"}
    assert set(bob.notes) == {"05.ipynb: not a regular file", "hw.zip: not a regular file"}


def test_names_that_look_the_same_are_two_students(tmp_path):
    nfc, nfd = (unicodedata.normalize(form, "josé") for form in ("NFC", "NFD"))
    for student in ("Ann", "ann", nfc, nfd, "bob"):
        put(tmp_path, f"{student}/05.ipynb", student.encode())
    if len(list(tmp_path.iterdir())) < 5:
        pytest.skip("this file system takes them for the same")
    found = {each.student: each for each in collect(tmp_path, "05")}
    assert {name: each.content.decode() for name, each in found.items()} == {name: name for name in found}
    assert found["Ann"].notes == ("another student's name looks the same: 'ann'",)
    assert "jose" in found[nfc].notes[0]
    assert found["bob"].notes == ()


@pytest.mark.skipif(os.name != "posix", reason="needs names that are not Unicode")
def test_a_name_that_is_not_unicode(tmp_path):
    try:
        os.mkdir(os.fsencode(tmp_path) + b"/\xcd\xf5")
    except OSError:
        pytest.skip("this file system has Unicode names only")
    assert only(tmp_path).student == "\\xcd\\xf5"


def test_a_pattern_for_a_flat_download(tmp_path):
    put(tmp_path, "ann lee_123_assignsubmission_file_steps.ipynb", b"1", 1)
    put(tmp_path, "ann lee_124_assignsubmission_file_steps.ipynb", b"2", 2)
    put(tmp_path, "bob_5_hw.zip", zipped("my/solution.ipynb"))
    put(tmp_path, "cid_6_hw.zip", b"broken")
    put(tmp_path, "roster.csv")
    ann, bob, cid = collect(tmp_path, "05", pattern=EXAMPLE)
    assert (ann.student, ann.content, len(ann.notes)) == ("ann lee", b"2", 1)
    assert (bob.student, bob.file) == ("bob", "bob_5_hw.zip/my/solution.ipynb")
    assert (cid.student, cid.content, cid.file) == ("cid_6_hw.zip", None, "cid_6_hw.zip")
    pattern = r"(?P<exercise>\d+)/(?P<student>.+)\.ipynb"
    for name in ("5/ann.ipynb", "06/ann.ipynb", "06/bob.ipynb"):
        put(tmp_path / "by", name)
    by = {("ann", "05"): "5/ann.ipynb", ("bob", "05"): ""}
    assert short(collect(tmp_path / "by", "05", pattern)) == by
    assert len(collect(tmp_path / "by", "all", pattern)) == 4


@pytest.mark.parametrize(
    ("folder", "options", "text"),
    [
        ("class", {"pattern": "("}, "--pattern='(' is no regular expression"),
        ("class", {"pattern": ".*"}, r"has no group (?P<student>...); one that has is '(?P<student>[^_/]+)_"),
        ("class", {"pattern": "(?P<student>x)", "exercise": "all"}, "needs a group (?P<exercise>...)"),
        ("class", {"pattern": "(?P<student>x)"}, "matches none of the 1 notebooks in FOLDER="),
        ("class", {}, "for notebooks side by side give --pattern, such as"),
        ("empty", {"exercise": "all"}, "holds no submission (FOLDER/<student>/NN*.ipynb)"),
        ("nowhere", {}, "is no folder and no zip file"),
        ("broken.zip", {}, "is no folder and no zip file that can be read"),
    ],
)
def test_wrong_arguments_are_named(tmp_path, folder, options, text):
    put(tmp_path, "class/ann_05.ipynb")
    put(tmp_path, "empty/ann/roster.csv")
    put(tmp_path, "broken.zip", b"PK")
    with pytest.raises(CollectError, match=re.escape(text)):
        collect(tmp_path / folder, **({"exercise": "05"} | options))


@pytest.mark.parametrize("student", ["con", "com1", "../x", "", "a" * 300, "<script>", "x\0y", "Ann", "王 芳", "a~b"])
def test_slugs_are_file_names(tmp_path, student):
    name = slug(student)
    assert re.fullmatch(r"\w+~[0-9a-f]{10}", name)
    (tmp_path / name).write_text("")
    assert slug("ann-lee_2") == "ann-lee_2"


@given(st.lists(st.text(), unique=True))
def test_slugs_differ_on_every_file_system(students):
    slugs = {unicodedata.normalize("NFKC", slug(student)).casefold() for student in students}
    assert len(slugs) == len(students)


NAMES = st.text(st.sampled_from("ab05./\\王é:\0"), min_size=1, max_size=12).map(lambda name: name + ".ipynb")


@settings(max_examples=150)
@given(
    st.lists(st.tuples(NAMES, st.binary(max_size=40)), max_size=5),
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=6),
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_no_zip_file_stops_the_class(tmp_path_factory, members, damage):
    folder = tmp_path_factory.mktemp("class")
    content = bytearray(zipped(*members))
    for place, byte in damage:
        content[place % len(content)] = byte
    put(folder, "ann/hw.zip", bytes(content))
    put(folder, "bob/05.ipynb")
    before = tree(folder)
    found = collect(folder, "05")
    assert [each.student for each in found] == ["ann", "bob"]
    assert found[1].content == NOTEBOOK
    assert found[0].notes or found[0].content in [content for _, content in members]
    assert tree(folder) == before
