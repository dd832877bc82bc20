"""What may be written and how it is sampled: policies, automata, presets.

Importing this package does not import torch; ``rag.decoding.processor`` does.
"""

from rag.decoding.automaton import Automaton, compile_policy
from rag.decoding.policy import KOREAN, CharacterPolicy, Purity, measure_purity
from rag.decoding.presets import Preset, choose_preset, load_presets
from rag.decoding.vocabulary import Vocabulary, read_vocabulary

__all__ = [
    "KOREAN",
    "Automaton",
    "CharacterPolicy",
    "Preset",
    "Purity",
    "Vocabulary",
    "choose_preset",
    "compile_policy",
    "load_presets",
    "measure_purity",
    "read_vocabulary",
]
