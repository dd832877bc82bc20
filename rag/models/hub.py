"""Files of a pinned commit from a Hugging Face hub: safetensors and plain text only, no remote code."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath

from rag.models.catalog import ModelEntry, ModelFile
from rag.models.errors import DownloadFailed, HashMismatch, UnsafeModel
from rag.models.files import Advance, sha256_of

_SAFE = (".safetensors", ".json", ".txt", ".model", ".gguf", ".jinja")


def check_safe(entry: ModelEntry) -> None:
    """Refuse files that would be unpickled or run.

    Raises:
        UnsafeModel: names the file.
    """
    for file in entry.files:
        if PurePosixPath(file.name).suffix not in _SAFE:
            raise UnsafeModel(
                f"{entry.name}: {file.name}은 안전하게 읽을 수 없는 형식입니다.", "safetensors로 된 판을 고르세요."
            )


def download(entry: ModelEntry, file: ModelFile, target: Path, advance: Advance, endpoint: str | None = None) -> None:
    """Fetch one file of the pinned commit into ``target``; partial downloads are resumed by the hub's library.

    Raises:
        DownloadFailed: the hub did not give it.
        HashMismatch: it is not the pinned file.
        UnsafeModel: its configuration asks for remote code.
    """
    import httpx
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        fetched = hf_hub_download(
            entry.repo,
            file.name,
            revision=entry.revision,
            local_dir=target.parent / "hub",
            endpoint=endpoint,
        )
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, httpx.HTTPError, OSError) as error:
        raise DownloadFailed(
            f"{entry.repo}: {file.name}을 받지 못했습니다({type(error).__name__}).",
            "저장소 이름과 커밋, 인터넷 연결을 확인하고 다시 실행하세요.",
        ) from error
    if sha256_of(Path(fetched), advance) != file.sha256:
        Path(fetched).unlink()
        raise HashMismatch(f"{file.name}: 내용이 약속된 것과 다릅니다(SHA-256).", "목록의 해시를 확인하세요.")
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.suffix == ".json":
        _refuse_remote_code(entry, Path(fetched))
    Path(fetched).replace(target)


def _refuse_remote_code(entry: ModelEntry, path: Path) -> None:
    try:
        settings = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        path.unlink()
        raise UnsafeModel(f"{entry.name}: {path.name}은 JSON이 아닙니다.", "목록의 파일을 확인하세요.") from error
    if isinstance(settings, dict) and "auto_map" in settings:
        path.unlink()
        raise UnsafeModel(
            f"{entry.name}: {path.name}이 원격 코드를 요구합니다(auto_map).", "원격 코드가 필요 없는 모델을 고르세요."
        )
