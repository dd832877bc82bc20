"""Decoding presets: named sampling settings, chosen by name or by genre."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

from rag.decoding.policy import JAMO, KOREAN, LATIN, CharacterPolicy
from rag.errors import UnknownPreset

DEFAULT_PRESET = "소설"


@dataclass(frozen=True, slots=True)
class Preset:
    """Sampling settings of one kind of text; ``genres`` are those that it serves."""

    name: str
    genres: tuple[str, ...]
    temperature: float
    min_p: float
    repetition_penalty: float
    repetition_window: int
    max_tokens: int
    characters: tuple[str, ...] = ()

    @property
    def policy(self) -> CharacterPolicy:
        """What a text of this kind may hold."""
        policy = KOREAN
        for name in self.characters:
            policy = _CHARACTERS[name](policy)
        return policy


_CHARACTERS: dict[str, Callable[[CharacterPolicy], CharacterPolicy]] = {
    "자모": lambda policy: policy.with_characters(JAMO),
    "로마자": lambda policy: policy.with_characters(LATIN),
    "한자": lambda policy: replace(policy, hanja=True),
    "코드": lambda policy: replace(policy, code=True),
}


def load_presets() -> dict[str, Preset]:
    """The shipped presets by name."""
    table = tomllib.loads(files("rag.decoding").joinpath("presets.toml").read_text("utf-8"))
    return {name: _preset(name, row) for name, row in table.items()}


def _preset(name: str, row: dict[str, Any]) -> Preset:
    lists = {key: tuple(value) for key, value in row.items() if isinstance(value, list)}
    return Preset(name, **{**row, **lists})


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
