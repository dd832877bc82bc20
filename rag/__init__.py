"""Retrieval, prompts, constrained generation and answers. Imports ``ingest`` only; needs no graph.

Read ``rag.answer`` and ``rag.write`` first. Importing this face does not import torch.
"""

from rag.answer import ABSTENTION, Answering, abstain, answer
from rag.decoding import KOREAN, CharacterPolicy, Preset, Purity, choose_preset, load_presets, measure_purity
from rag.embedding import LocalEmbedder
from rag.errors import (
    AdapterMismatch,
    GenerationError,
    PromptError,
    PromptTooLong,
    RagError,
    UnknownPreset,
    UnsupportedTokenizer,
)
from rag.generation.answerer import Answerer
from rag.generation.writer import Generated, Writer
from rag.langchain import LoopRetriever, document_of
from rag.projections import Projections
from rag.prompting import ChatTemplate, PlainTemplate, Template, answer_prompt, template_for, write_prompt
from rag.retrieval import Retriever
from rag.types import VOICES, Answer, Citation, Hit, Message, Prompt, ProofStep, Scope, Voice
from rag.write import Draft, Request, find_examples, write

__all__ = [
    "ABSTENTION",
    "KOREAN",
    "VOICES",
    "AdapterMismatch",
    "Answer",
    "Answerer",
    "Answering",
    "CharacterPolicy",
    "ChatTemplate",
    "Citation",
    "Draft",
    "Generated",
    "GenerationError",
    "Hit",
    "LocalEmbedder",
    "LoopRetriever",
    "Message",
    "PlainTemplate",
    "Preset",
    "Projections",
    "Prompt",
    "PromptError",
    "PromptTooLong",
    "ProofStep",
    "Purity",
    "RagError",
    "Request",
    "Retriever",
    "Scope",
    "Template",
    "UnknownPreset",
    "UnsupportedTokenizer",
    "Voice",
    "Writer",
    "abstain",
    "answer",
    "answer_prompt",
    "choose_preset",
    "document_of",
    "find_examples",
    "load_presets",
    "measure_purity",
    "template_for",
    "write",
    "write_prompt",
]
