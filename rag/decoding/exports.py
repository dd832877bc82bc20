"""The same policy in the languages of other engines; tests check that each accepts the same strings.

GBNF serves llama.cpp and, as EBNF, xgrammar; the regular expression serves llguidance and vLLM.
"""

from __future__ import annotations

import re

from rag.decoding.policy import (
    CODE,
    FENCE,
    FIRST_HAN,
    FIRST_SYLLABLE,
    LAST_HAN,
    LAST_SYLLABLE,
    MOST_HANJA,
    CharacterPolicy,
)

_GBNF_ESCAPES = {"\n": "\\n", "\t": "\\t", "-": "\\-", "]": "\\]", "[": "\\[", "\\": "\\\\", "^": "\\^", '"': '\\"'}


def to_gbnf(policy: CharacterPolicy) -> str:
    """A llama.cpp grammar for one or more parts."""
    options = [_gbnf_class(policy.others), *map(_gbnf_string, policy.literals)]
    rules = []
    if policy.hanja:
        options.append("hanja")
        rules.append(f'hanja ::= "(" [{FIRST_HAN}-{LAST_HAN}]{{1,{MOST_HANJA}}} ")"')
    if policy.code:
        options.append("code")
        inside = _gbnf_class(_code_characters(policy))
        rules.append(f'code ::= "{FENCE}" ({inside} | "`" {inside} | "``" {inside})* "{FENCE}"')
    return "\n".join(["root ::= part+", f"part ::= {' | '.join(options)}", *rules]) + "\n"


def to_regex(policy: CharacterPolicy) -> str:
    """A regular expression for zero or more parts, in the syntax that Python and Rust share."""
    options = [f"[{policy.character_class}]", *map(re.escape, policy.literals)]
    if policy.hanja:
        options.append(rf"\([{FIRST_HAN}-{LAST_HAN}]{{1,{MOST_HANJA}}}\)")
    if policy.code:
        inside = "".join(re.escape(character) for character in sorted(_code_characters(policy)))
        inside = f"[{FIRST_SYLLABLE}-{LAST_SYLLABLE}{inside}]"
        options.append(f"{FENCE}(?:{inside}|`{inside}|``{inside})*{FENCE}")
    return f"(?:{'|'.join(options)})*"


def _code_characters(policy: CharacterPolicy) -> str:
    return "".join(sorted(set(policy.others + CODE) - {"`"}))


def _gbnf_class(characters: str) -> str:
    escaped = "".join(_GBNF_ESCAPES.get(character, character) for character in sorted(set(characters)))
    return f"[{FIRST_SYLLABLE}-{LAST_SYLLABLE}{escaped}]"


def _gbnf_string(literal: str) -> str:
    return '"' + literal.replace("\\", "\\\\").replace('"', '\\"') + '"'
