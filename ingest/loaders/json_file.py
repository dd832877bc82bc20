"""JSON files: rows of examples, dialogues as lines of speech, all else as readable lines. Never JSON again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ingest.errors import DamagedFile, EmptyDocument, FileTooLarge, MalformedRecord
from ingest.loaders.jsonl import load_jsonl
from ingest.loaders.parts import Loaded, Part
from ingest.loaders.text import decode

MAX_BYTES = 20_000_000
MAX_DEPTH = 60

_TEXT_KEYS = ("text", "completion", "answer")
_TITLE_KEYS = ("title", "제목", "name", "이름")
# Keys that can only mean a turn of speech, and such that also name other things and count only beside a sure one.
_SPEAKER_KEYS = ("speaker", "화자", "화자명", "발화자", "speaker_name", "speaker_id", "speakerId", "participantID")
_SPEAKER_KEYS_TOO = ("role", "from", "author", "인물", "이름", "name")
_SPEECH_KEYS = ("utterance", "발화", "발화문", "대사", "말")
_SPEECH_KEYS_TOO = ("text", "content", "message", "value", "form", "sentence", "내용", "문장")
# Metadata of the Korean dialogue sets (AI Hub, 모두의 말뭉치), which is written with English keys.
_KOREAN = {
    "title": "제목",
    "topic": "주제",
    "subject": "주제",
    "genre": "장르",
    "category": "분류",
    "domain": "분야",
    "date": "날짜",
    "time": "시간",
    "place": "장소",
    "location": "장소",
    "setting": "배경",
    "situation": "상황",
    "relation": "관계",
    "relationship": "관계",
    "emotion": "감정",
    "mood": "분위기",
    "author": "지은이",
    "source": "출처",
    "speakers": "말하는 사람",
    "participants": "말하는 사람",
    "age": "나이",
    "gender": "성별",
    "sex": "성별",
}
_SHORT = 40


def load_json(path: Path, data: bytes) -> Loaded:
    """An array or an object: rows as in JSONL, dialogues as ``이름: 말``, other things as ``key: value``.

    Raises:
        UndecodableText: neither UTF-8 nor CP949.
        DamagedFile: no JSON; names the line.
        MalformedRecord: a row of examples lacks its text (names the row), or an integer of more than 4,300 digits.
        EmptyDocument: no value holds anything.
        FileTooLarge: over the limits on bytes or depth.
    """
    if len(data) > MAX_BYTES:
        raise FileTooLarge(f"{path}: {MAX_BYTES // 1_000_000}MB가 넘는 JSON입니다.", "여러 파일로 나누어 넣어 주세요.")
    value = _value(path, decode(path, data).removeprefix("\ufeff"))
    _check_depth(path, value)
    if _holds_examples(value):
        return _examples(path, value)
    text = "\n\n".join(_written(value, _speaking(value)))
    if not text.strip():
        raise EmptyDocument(f"{path}: JSON에 읽을 값이 없습니다.", "빈 파일이 아닌지 확인하세요.")
    return Loaded(_title(value) or path.stem, (Part(text),))


def _value(path: Path, text: str) -> Any:
    if not text.strip():
        raise EmptyDocument(f"{path}: 빈 파일입니다.", "내용이 있는 파일인지 확인하세요.")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        rows = _lines_of_json(text)
        if rows is not None:
            return rows
        raise DamagedFile(
            f"{path}: {error.lineno}번째 줄 {error.colno}번째 글자에서 JSON 형식이 깨졌습니다.",
            "괄호와 쉼표, 따옴표를 확인하거나 원래 프로그램에서 다시 내보내 주세요.",
        ) from error
    except RecursionError as error:
        raise _too_deep(path) from error
    except ValueError as error:
        # Integers of more than 4,300 digits.
        raise MalformedRecord(f"{path}: JSON의 수가 너무 깁니다.", "값을 따옴표로 감싸거나 줄여 주세요.") from error


def _lines_of_json(text: str) -> list[Any] | None:
    """The rows of JSON Lines saved under the name of JSON."""
    try:
        rows = [json.loads(line) for line in text.split("\n") if line.strip()]
    except (ValueError, RecursionError):
        return None
    return rows if all(isinstance(row, dict) for row in rows) else None


def _holds_examples(value: Any) -> bool:
    if not isinstance(value, list) or not value or not all(isinstance(row, dict) for row in value):
        return False
    return not _is_dialogue(value) and any(isinstance(row.get(key), str) for row in value for key in _TEXT_KEYS)


def _examples(path: Path, rows: Sequence[Mapping[str, Any]]) -> Loaded:
    """Rows by way of JSONL, so that both formats mean the same."""
    try:
        return load_jsonl(path, "\n".join(map(json.dumps, rows)).encode())
    except MalformedRecord as error:
        raise MalformedRecord(str(error).replace("번째 줄", "번째 항목"), error.hint) from error


def _check_depth(path: Path, value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return
    raise _too_deep(path)


def _children(value: Any) -> Sequence[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else ()


def _too_deep(path: Path) -> FileTooLarge:
    return FileTooLarge(f"{path}: JSON이 너무 깊이 겹쳐 있습니다.", "필요한 부분만 따로 저장해 넣어 주세요.")


def _title(value: Any) -> str:
    if not isinstance(value, dict):
        return ""
    return next((value[key].strip() for key in _TITLE_KEYS if isinstance(value.get(key), str)), "")


def _speaking(value: Any) -> set[int]:
    """The ids of all values that are a dialogue or hold one."""
    found: set[int] = set()
    _find_speaking(value, found)
    return found


def _find_speaking(value: Any, found: set[int]) -> bool:
    speaks = _is_dialogue(value)
    for child in () if speaks else _children(value):
        if isinstance(child, dict | list) and _find_speaking(child, found):
            speaks = True
    if speaks:
        found.add(id(value))
    return speaks


def _written(value: Any, speaking: set[int]) -> Iterator[str]:
    """The blocks of a top-level value, one per record."""
    if isinstance(value, dict):
        yield from _object(value, speaking)
    elif not isinstance(value, list):
        yield _scalar(value)
    elif _is_dialogue(value):
        yield _speech(value)
    else:
        for item in value:
            yield from _written(item, speaking) if isinstance(item, dict | list) else filter(None, [_scalar(item)])


def _object(value: Mapping[str, Any], speaking: set[int]) -> Iterator[str]:
    """An object with dialogues in it: a sentence of what is known, then each of them. Else its lines."""
    dialogues = [child for child in value.values() if id(child) in speaking]
    if not dialogues:
        yield from filter(None, ["\n".join(_lines(value))])
        return
    known = {key: child for key, child in value.items() if id(child) not in speaking}
    yield from filter(None, [_sentence(known), *_remainder(known)])
    for child in dialogues:
        yield from _written(child, speaking)


def _is_dialogue(value: Any) -> bool:
    """Whether a value is an array of turns: every object speaks and at least one names its speaker."""
    if not isinstance(value, list) or not value or not all(isinstance(turn, dict) for turn in value):
        return False
    return all(_spoken(turn) is not None for turn in value) and any(_speaker(turn) for turn in value)


def _spoken(turn: Mapping[str, Any]) -> str | None:
    sure = any(key in turn for key in _SPEAKER_KEYS) or "role" in turn or "from" in turn
    for key in (*_SPEECH_KEYS, *(_SPEECH_KEYS_TOO if sure else ())):
        if isinstance(turn.get(key), str):
            return str(turn[key])
    return None


def _speaker(turn: Mapping[str, Any]) -> str:
    for key in (*_SPEAKER_KEYS, *_SPEAKER_KEYS_TOO):
        speaker = turn.get(key)
        if isinstance(speaker, dict):
            speaker = next((speaker[name] for name in ("name", "이름", "id") if name in speaker), None)
        if isinstance(speaker, str | int) and str(speaker).strip():
            return str(speaker).strip()
    return ""


def _speech(turns: Sequence[Mapping[str, Any]]) -> str:
    lines = []
    for turn in turns:
        words = " ".join((_spoken(turn) or "").split())
        if words:
            lines.append(f"{speaker}: {words}" if (speaker := _speaker(turn)) else words)
    return "\n".join(lines)


def _sentence(known: Mapping[str, Any]) -> str:
    """What is known of a dialogue in one sentence: '이 대화의 주제는 여행, 장소는 카페입니다.'"""
    facts = []
    for key, value in _facts(known):
        name = _KOREAN.get(key.lower(), key)
        facts.append(f"{name}{_topic_particle(name)} {value}")
    return f"이 대화의 {', '.join(facts)}입니다." if facts else ""


def _facts(known: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Short values of metadata, those of nested objects too."""
    for key, value in known.items():
        if isinstance(value, dict):
            yield from _facts(value)
        elif _is_short_list(value):
            yield key, ", ".join(filter(None, map(_scalar, value)))
        elif not isinstance(value, list) and (text := _scalar(value)) and _is_short(text):
            yield key, text


def _remainder(known: Mapping[str, Any]) -> Iterator[str]:
    """Of the metadata, what a sentence cannot hold: long texts and lists of objects."""
    for key, value in known.items():
        if isinstance(value, dict):
            yield from _remainder(value)
            continue
        short = _is_short_list(value) if isinstance(value, list) else _is_short(_scalar(value))
        if not short:
            yield "\n".join(_entry(_KOREAN.get(key.lower(), key), value))


def _lines(value: Mapping[str, Any]) -> list[str]:
    """``key: value`` lines; what is nested comes as list items below its key."""
    return [line for key, child in value.items() for line in _entry(str(key), child)]


def _entry(key: str, value: Any) -> list[str]:
    if _is_short_list(value):
        text = ", ".join(filter(None, map(_scalar, value)))
        return [f"{key}: {text}"] if text else []
    if isinstance(value, dict | list):
        below = _below(value)
        return [f"{key}:", *below] if below else []
    text = _scalar(value)
    return f"{key}: {text}".split("\n") if text else []


def _below(value: Any) -> list[str]:
    """What stands below a key: an item per entry of an object, per value of an array, per turn of a dialogue."""
    if _is_dialogue(value):
        return [f"- {line}" for line in _speech(value).split("\n")]
    if isinstance(value, dict):
        return [line for key, child in value.items() for line in _bulleted(_entry(str(key), child))]
    return [line for child in value for line in _item(child)]


def _item(value: Any) -> list[str]:
    if isinstance(value, dict):
        return _bulleted(_lines(value))
    if isinstance(value, list):
        return [line for child in value for line in _item(child)]
    return _bulleted(_scalar(value).split("\n"))


def _bulleted(lines: Sequence[str]) -> list[str]:
    if not lines or not lines[0]:
        return []
    return [f"- {lines[0]}", *(f"  {line}".rstrip() for line in lines[1:])]


def _scalar(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "예" if value else "아니요"
    return str(value).replace("\r\n", "\n").strip()


def _is_short(text: str) -> bool:
    return len(text) <= _SHORT and "\n" not in text and not text.endswith((".", "!", "?", "…", "。"))


def _is_short_list(value: Any) -> bool:
    if not isinstance(value, list) or any(isinstance(item, dict | list) for item in value):
        return False
    return all(_is_short(_scalar(item)) for item in value)


def _topic_particle(word: str) -> str:
    """은 after a closed syllable, 는 after an open one and after anything but Hangul."""
    last = word[-1:]
    return "은" if "가" <= last <= "힣" and (ord(last) - ord("가")) % 28 else "는"
