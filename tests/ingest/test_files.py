from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest

from ingest import IngestError
from ingest.errors import FileTooLarge, UnreadableFile
from ingest.files import entries, exists, find_files, read_bytes


def archive(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path


def names(*paths: Path) -> list[str]:
    return [file.path.relative_to(file.root).as_posix() for file in find_files(paths)]


def test_a_folder_gives_what_can_be_read_in_order(tmp_path: Path) -> None:
    for name in ("나.txt", "가.md", "그림.png", ".숨김.txt", ".git/설명.md", "깊이/다.hwp"):
        (tmp_path / "자료" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "자료" / name).write_text("글")
    assert names(tmp_path / "자료") == ["자료/가.md", "자료/깊이/다.hwp", "자료/나.txt"]


def test_what_is_named_is_taken_once(tmp_path: Path) -> None:
    picture = tmp_path / "그림.png"
    picture.write_bytes(b"")
    (tmp_path / "글.txt").write_text("글")
    assert names(picture, tmp_path / "글.txt", tmp_path) == ["그림.png", "글.txt"]


def test_a_link_out_of_the_folder_is_not_followed_and_one_inside_is(tmp_path: Path) -> None:
    folder = tmp_path / "자료"
    folder.mkdir()
    (tmp_path / "비밀.txt").write_text("비밀")
    (folder / "글.txt").write_text("글")
    (folder / "밖.txt").symlink_to(tmp_path / "비밀.txt")
    (folder / "안.txt").symlink_to(folder / "글.txt")
    (folder / "끊긴.txt").symlink_to(folder / "없음.txt")
    (folder / "폴더").symlink_to(tmp_path)
    assert names(folder) == ["자료/글.txt", "자료/안.txt"]


def test_a_zip_gives_its_members_under_its_own_path(tmp_path: Path) -> None:
    path = archive(
        tmp_path / "모음.zip",
        {"글/하나.txt": "하나".encode(), "둘.md": b"# x", "그림.png": b"x", "__MACOSX/._둘.md": b"x"},
    )
    found = list(entries(find_files([path])[0]))
    assert [entry.name for entry in found] == ["모음.zip/글/하나.txt", "모음.zip/둘.md"]
    assert [entry.read() for entry in found] == ["하나".encode(), b"# x"]


def test_an_office_file_called_zip_is_one_file(tmp_path: Path) -> None:
    content = io.BytesIO()
    archive_members = {"mimetype": b"application/epub+zip", "META-INF/container.xml": b"<container/>"}
    with zipfile.ZipFile(content, "w") as file:
        for name, data in archive_members.items():
            file.writestr(name, data)
    path = tmp_path / "책.zip"
    path.write_bytes(content.getvalue())
    assert [entry.path for entry in entries(find_files([path])[0])] == [path]


def test_a_broken_zip_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "깨진.zip"
    path.write_bytes(b"PK\x03\x04" + b"x" * 100)
    with pytest.raises(IngestError, match=r"깨진\.zip"):
        [entry.read() for entry in entries(find_files([path])[0])]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "관.txt")
    with pytest.raises(UnreadableFile):
        read_bytes(tmp_path / "관.txt")


def test_an_absurd_size_is_refused_before_reading(tmp_path: Path) -> None:
    path = tmp_path / "큰.txt"
    with path.open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(FileTooLarge, match=r"큰\.txt"):
        read_bytes(path)


def test_a_member_is_there_as_long_as_its_zip(tmp_path: Path) -> None:
    path = archive(tmp_path / "모음.zip", {"하나.txt": b"x"})
    assert exists(str(path / "하나.txt"))
    path.unlink()
    assert not exists(str(path / "하나.txt"))
