"""What a LoRA adapter says of itself, and whether it may be put on a given base.

The tuning module writes the manifest last, so its existence means that the adapter is complete. An adapter
on another base, or under another template, would load without an error and write worse: so it is refused.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from rag.errors import AdapterMismatch
from rag.prompting import Template

MANIFEST = "manifest.json"
_WEIGHTS = "adapter_model.safetensors"


@dataclass(frozen=True, slots=True)
class AdapterManifest:
    """Provenance of an adapter folder. Hashes are SHA-256; ``template`` is the template's fingerprint."""

    base: str
    base_sha256: str
    weights_sha256: str
    data_sha256: str
    template: str
    settings: dict[str, float | int | str | list[str]]
    steps: int

    def save(self, folder: Path) -> None:
        """Write the manifest into a finished adapter folder."""
        text = json.dumps(asdict(self), ensure_ascii=False, indent=2, sort_keys=True)
        (folder / MANIFEST).write_text(text + "\n", "utf-8")


def load_manifest(folder: Path) -> AdapterManifest:
    """The manifest of an adapter folder.

    Raises:
        AdapterMismatch: the folder is no finished adapter of ours.
    """
    try:
        return AdapterManifest(**json.loads((folder / MANIFEST).read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise AdapterMismatch(
            f"{folder.name}: 어댑터 명세를 읽을 수 없습니다({error}).",
            "`loopai tune run`으로 만든 폴더인지 확인하거나 --adapter none으로 끄세요.",
        ) from error


def check_adapter(folder: Path, base: Path, template: Template) -> AdapterManifest:
    """The manifest of ``folder``, if its weights are whole and belong to this base and template.

    Raises:
        AdapterMismatch: names what does not fit.
    """
    manifest = load_manifest(folder)
    found = {
        "가중치": (manifest.weights_sha256, file_sha256(folder / _WEIGHTS)),
        "바탕 모델": (manifest.base_sha256, file_sha256(base / "model.safetensors")),
        "프롬프트 틀": (manifest.template, template.fingerprint),
    }
    for what, (expected, actual) in found.items():
        if expected != actual:
            raise AdapterMismatch(
                f"{folder.name}: 어댑터를 만들 때와 {what}이 다릅니다.", "--adapter none으로 끄거나 다시 튜닝하세요."
            )
    return manifest


@contextmanager
def quiet_peft() -> Iterator[None]:
    """peft 0.21 asks transformers 5.23 by an old name; its users need not read about it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="`is_gradient_checkpointing`", category=FutureWarning)
        yield


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, streamed.

    Raises:
        AdapterMismatch: the file is not there.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise AdapterMismatch(f"{path.name}: 파일이 없습니다.", "모델과 어댑터를 다시 받으세요.") from error
