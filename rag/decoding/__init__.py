"""What may be written and how it is sampled: policies, automata, presets.

Importing this package does not import torch; ``rag.decoding.processor`` does.
"""

from rag.decoding.automaton import Automaton, cached_policy, compile_policy
from rag.decoding.exports import to_gbnf, to_regex
from rag.decoding.policy import JAMO, KOREAN, LATIN, CharacterPolicy, Purity, measure_purity
from rag.decoding.presets import Preset, choose_preset, load_presets
from rag.decoding.vocabulary import Vocabulary, read_vocabulary

__all__ = [
    "JAMO",
    "KOREAN",
    "LATIN",
    "Automaton",
    "CharacterPolicy",
    "Preset",
    "Purity",
    "Vocabulary",
    "cached_policy",
    "choose_preset",
    "compile_policy",
    "load_presets",
    "measure_purity",
    "read_vocabulary",
    "to_gbnf",
    "to_regex",
]
