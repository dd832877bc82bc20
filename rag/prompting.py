"""Everything that a model is shown. Pure: values in, prompt out; the words stand in ``prompts/*.md``.

Training renders its examples with the same functions as serving, so the two cannot drift apart.
"""

from __future__ import annotations

import hashlib
import re
import string
from collections.abc import Sequence
from importlib.resources import files
from typing import Any, Protocol

from ingest import Chunk
from rag.errors import PromptError
from rag.types import Hit, Message, Prompt

# Control tokens of the usual chat templates. In a request or a passage they are data and must not act.
_CONTROL_TOKENS = re.compile(
    r"<\|[^|<>\n]{1,40}\|>|</?(?:start|end)_of_turn>|</?s>|<(?:bos|eos|pad|unk)>|\[/?INST\]|<</?SYS>>"
)


def fill(name: str, /, **values: str) -> str:
    """The prompt file ``name`` with its holes filled.

    Raises:
        PromptError: a hole has no value, or a value no hole.
    """
    text = files("rag").joinpath("prompts", f"{name}.md").read_text("utf-8").rstrip("\n")
    holes = {hole for _, hole, _, _ in string.Formatter().parse(text) if hole}
    if holes != set(values):
        raise PromptError(f"prompts/{name}.md: holes {sorted(holes)}, values {sorted(values)}")
    return text.format(**values)


def write_prompt(request: str, genre: str, examples: Sequence[Chunk], so_far: str = "") -> Prompt:
    """A request for a piece of writing, with worked examples as earlier turns.

    ``so_far`` is text that the reply carries on from.
    """
    turns = [Message("system", fill("write_system"))]
    for example in examples:
        known = example.example
        turns.append(_request(known.request if known else "", known.genre if known else ""))
        turns.append(Message("assistant", _inert(example.text)))
    return Prompt((*turns, _request(request, genre)), _inert(so_far))


def answer_prompt(question: str, hits: Sequence[Hit]) -> Prompt:
    """A question with numbered passages. Passages are data: they stand in the user's turn only."""
    passages = "\n\n".join(f"[{number}] {_inert(hit.chunk.text)}" for number, hit in enumerate(hits, start=1))
    request = fill("answer_request", passages=passages, question=_inert(question))
    return Prompt((Message("system", fill("answer_system")), Message("user", request)))


def _request(request: str, genre: str) -> Message:
    label = f"({genre}) " if genre else ""
    return Message("user", fill("write_request", genre=label, request=_inert(request).strip()))


def _inert(text: str) -> str:
    return _CONTROL_TOKENS.sub("", text)


class Template(Protocol):
    """Turns a prompt into a model's own text."""

    @property
    def end(self) -> str:
        """What closes a reply, in training as in worked examples."""
        ...

    @property
    def stops(self) -> tuple[str, ...]:
        """Signs in the written text that the reply is over (besides the end token)."""
        ...

    @property
    def fingerprint(self) -> str:
        """SHA-256 over all that decides the rendering; an adapter is bound to it."""
        ...

    def render(self, prompt: Prompt) -> str:
        """The text up to where the reply begins."""
        ...


class PlainTemplate:
    """For base models that know no chat: labelled turns, as a book of exercises shows them."""

    end = "\n\n요청:"
    stops = ("\n\n요청:", "\n요청:")

    def render(self, prompt: Prompt) -> str:
        """System text first, then '요청: … 글: …' turns separated by blank lines."""
        parts = []
        for message in prompt.messages:
            match message.role:
                case "system":
                    parts.append(f"{message.content}\n\n")
                case "user":
                    parts.append(f"요청: {message.content}\n글:\n")
                case "assistant":
                    parts.append(f"{message.content}\n\n")
        return "".join(parts) + prompt.prefix

    @property
    def fingerprint(self) -> str:
        """Of this class's rendering of a fixed prompt."""
        return _fingerprint(self)


class ChatTemplate:
    """For models that bring a chat template in their tokenizer."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self.end: str = tokenizer.eos_token
        self.stops: tuple[str, ...] = ()

    def render(self, prompt: Prompt) -> str:
        """By the tokenizer's own template, with the opening of the reply."""
        turns = [{"role": message.role, "content": message.content} for message in prompt.messages]
        text: str = self._tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
        return text + prompt.prefix

    @property
    def fingerprint(self) -> str:
        """Of the tokenizer's rendering of a fixed prompt."""
        return _fingerprint(self)


def template_for(tokenizer: Any) -> Template:
    """The tokenizer's own chat template where there is one, else the plain one."""
    return ChatTemplate(tokenizer) if getattr(tokenizer, "chat_template", None) else PlainTemplate()


def _fingerprint(template: Template) -> str:
    probe = Prompt(
        (
            Message("system", fill("write_system")),
            _request("첫 요청", "장르"),
            Message("assistant", "첫 글"),
            _request("둘째 요청", ""),
        )
    )
    return hashlib.sha256((template.render(probe) + template.end).encode()).hexdigest()
