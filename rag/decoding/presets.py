"""Decoding presets: named sampling settings, chosen by name or by genre."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files

from rag.errors import UnknownPreset

DEFAULT_PRESET = "소설"


@dataclass(frozen=True, slots=True)
class Preset:
    """Sampling settings of one kind of text; ``genres`` are those that it serves.

    ``guidance`` says how many times the request counts (1: once, as usual), see ``rag.generation.sampling``.
    """

    name: str
    genres: tuple[str, ...]
    temperature: float
    min_p: float
    repetition_penalty: float
    repetition_window: int
    max_tokens: int
    guidance: float = 1.0


def load_presets() -> dict[str, Preset]:
    """The shipped presets by name."""
    table = tomllib.loads(files("rag.decoding").joinpath("presets.toml").read_text("utf-8"))
    return {name: Preset(name, tuple(row.pop("genres")), **row) for name, row in table.items()}


def choose_preset(name: str = "", genre: str = "") -> Preset:
    """The preset of that name, else the one that serves the genre, else the default.

    Raises:
        UnknownPreset: ``name`` is given and unknown.
    """
    presets = load_presets()
    if name and name not in presets:
        raise UnknownPreset(f"'{name}'이라는 프리셋이 없습니다.", f"쓸 수 있는 프리셋: {', '.join(presets)}")
    if name:
        return presets[name]
    return next((preset for preset in presets.values() if genre in preset.genres), presets[DEFAULT_PRESET])
