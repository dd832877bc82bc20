"""Errors of retrieval and generation, each with a hint that can be shown to people (Korean).

    RagError
    ├── PromptError            a prompt file is missing a hole's value, or has a hole too many
    ├── UnsupportedTokenizer   the bytes of its tokens cannot be known, so nothing can be guaranteed
    ├── UnknownPreset          no such preset
    ├── AdapterMismatch        an adapter is damaged or belongs to another base or template
    ├── PromptTooLong          the request alone does not fit the model's context
    ├── IndexUnavailable       an index can be neither brought up to date nor built anew
    └── GenerationError        the model or its server failed

``rag.models`` has a tree of its own below ``ModelError``.
"""

from __future__ import annotations


class RagError(Exception):
    """Something that a person can act on. ``str(error)`` names the thing and the reason."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class PromptError(RagError):
    """A prompt and its values do not match: a mistake of ours, never of the user."""


class UnsupportedTokenizer(RagError):
    """The tokenizer's bytes are not known; masking with it would be a guess."""


class UnknownPreset(RagError):
    """No preset of that name."""


class AdapterMismatch(RagError):
    """The adapter cannot be put on this base."""


class PromptTooLong(RagError):
    """What must be said does not fit the model's context."""


class IndexUnavailable(RagError):
    """An index can be neither brought up to date nor built anew: no space, no permission, a busy disk."""


class GenerationError(RagError):
    """The model or its server failed."""
