"""Asks a chat model a question on passages. Any LangChain chat model serves; llama.cpp can be constrained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from rag.decoding import CharacterPolicy, to_gbnf
from rag.types import Message, Prompt


@dataclass(frozen=True)
class Answerer:
    """A chat model. ``takes_grammar`` says whether it accepts a GBNF grammar."""

    name: str
    model: BaseChatModel
    takes_grammar: bool = False

    def reply(self, prompt: Prompt, policy: CharacterPolicy) -> str:
        """The model's whole reply, within ``policy`` where the model can be constrained."""
        model = self.model.bind(grammar=to_gbnf(policy)) if self.takes_grammar else self.model
        return model.invoke(to_langchain(prompt.messages)).text.strip()


def to_langchain(messages: Sequence[Message]) -> list[BaseMessage]:
    """Our turns as LangChain's."""
    return [_message(message) for message in messages]


def _message(message: Message) -> BaseMessage:
    match message.role:
        case "system":
            return SystemMessage(message.content)
        case "user":
            return HumanMessage(message.content)
        case "assistant":
            return AIMessage(message.content)
