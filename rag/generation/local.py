"""A writer model in this process through transformers, with an optional LoRA adapter through peft.

Knows neither retrieval nor files other than the model's and the adapter's folders.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    LogitsProcessorList,
    StoppingCriteria,
    StoppingCriteriaList,
)
from transformers.generation.streamers import BaseStreamer
from transformers.utils.logging import disable_progress_bar

from rag.decoding import KOREAN, CharacterPolicy, Preset, cached_policy, read_vocabulary
from rag.decoding.processor import KoreanLogitsProcessor, RepetitionPenalty, TokenTables
from rag.errors import GenerationError, PromptTooLong
from rag.generation.adapter import check_adapter, file_sha256, quiet_peft
from rag.generation.head import can_restrict, only_rows
from rag.generation.sampling import SeededSampling
from rag.generation.writer import Generated
from rag.hardware import best_dtype
from rag.prompting import Template, template_for
from rag.types import Prompt

_BROKEN = "\ufffd"
# Beside the models' folders: tables of compiled policies, see ``cached_policy``.
POLICIES = ".policies"


def load_base(folder: Path, dtype: torch.dtype | None = None) -> tuple[Any, Any, Template]:
    """(model, tokenizer, template) of a model folder, in evaluation mode, on the GPU if there is one."""
    disable_progress_bar()  # type: ignore[no-untyped-call]  # of loading weights, which takes a second
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    model: Any = AutoModelForCausalLM.from_pretrained(
        folder, dtype=dtype or best_dtype(), local_files_only=True, trust_remote_code=False, use_safetensors=True
    )
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return model.to(device).eval(), tokenizer, template_for(tokenizer)


class LocalWriter:
    """A transformers causal language model. ``adapter`` is a peft folder, or None for the bare base."""

    drafts = 8  # side by side: behind the restricted head a step of eight takes as long as a step of one

    def __init__(self, folder: Path, adapter: Path | None = None, dtype: torch.dtype | None = None) -> None:
        self.name = folder.name
        self.adapter = adapter.name if adapter else "none"
        self._model, self._tokenizer, self.template = load_base(folder, dtype)
        if adapter:
            from peft import PeftModel

            check_adapter(adapter, folder, self.template)
            with quiet_peft():
                # In memory the adapter is added into the weights: no further work at every token.
                adapted = PeftModel.from_pretrained(self._model, adapter, local_files_only=True)
                self._model = adapted.merge_and_unload().eval()
        self._vocabulary = cache(lambda: read_vocabulary(self._tokenizer))
        self._tokenizer_sha256 = file_sha256(folder / "tokenizer.json")
        self._policies = folder.parent / POLICIES
        self._tables = lru_cache(maxsize=8)(self._compile)
        self._busy = threading.Lock()

    def fits(self, prompt: Prompt, max_tokens: int) -> bool:
        """Whether prompt and reply fit the model's context."""
        return len(self._encode(prompt)) + max_tokens <= self._context

    def write(
        self,
        prompt: Prompt,
        preset: Preset,
        policy: CharacterPolicy | None,
        seed: int,
        stop: threading.Event,
        drafts: int = 1,
    ) -> Iterator[str | Generated]:
        """Stream a reply; see ``Writer.write``. The same seed gives the same text on the same machine.

        Drafts are written side by side: prompt and weights are read once for all of them.

        Raises:
            PromptTooLong: prompt and reply do not fit the context.
            GenerationError: the model failed.
        """
        if not self.fits(prompt, preset.max_tokens):
            raise PromptTooLong("요청과 예시가 모델의 문맥보다 깁니다.", "예시 수나 이어 쓸 글의 길이를 줄이세요.")
        with self._busy:
            yield from self._stream(self._encode(prompt), preset, policy, range(seed, seed + drafts), stop)

    def _stream(
        self, prompt_ids: list[int], preset: Preset, policy: CharacterPolicy | None, seeds: range, stop: threading.Event
    ) -> Iterator[str | Generated]:
        stream = _TextStream(self._tokenizer, self.template.stops, len(seeds))
        criterion = _Stopped(stop, stream)
        failure: list[BaseException] = []

        def work() -> None:
            try:
                self._generate(prompt_ids, preset, policy, seeds, stream, criterion)
            except BaseException as error:  # noqa: BLE001 (handed to the reading thread)
                failure.append(error)
            finally:
                stream.end()

        started = time.monotonic()
        thread = threading.Thread(target=work, name="writer", daemon=True)
        thread.start()
        try:
            yield from stream
        finally:
            criterion.abandon()
            thread.join()
        if failure:
            raise GenerationError(
                f"글을 쓰다가 모델이 멈췄습니다: {failure[0]}", "메모리 여유를 확인하세요."
            ) from failure[0]
        seconds = time.monotonic() - started
        for row in stream.rows:
            reason = "end" if row.over else "stop" if stop.is_set() else "length"
            yield Generated(row.text.rstrip(), len(row.ids), seconds, reason)

    def _generate(
        self,
        prompt_ids: list[int],
        preset: Preset,
        policy: CharacterPolicy | None,
        seeds: range,
        stream: _TextStream,
        criterion: _Stopped,
    ) -> None:
        length = len(prompt_ids)
        tables = self._tables(policy or KOREAN)
        columns = tables.tokens if policy else None
        end, restricted = length + preset.max_tokens, can_restrict(self._model)
        processors = [
            RepetitionPenalty(preset.repetition_penalty, length, preset.repetition_window, tables.character_pieces),
            *([KoreanLogitsProcessor(tables, length, end, rest_is_excluded=restricted)] if policy else []),
            *([SeededSampling(seeds, preset.temperature, preset.min_p, columns)] if preset.temperature else []),
        ]
        with torch.inference_mode(), only_rows(self._model, columns):
            input_ids = torch.tensor([prompt_ids], device=self._model.device)
            self._model.generate(
                input_ids=input_ids.repeat(len(seeds), 1),
                attention_mask=torch.ones_like(input_ids).repeat(len(seeds), 1),
                past_key_values=self._read_once(input_ids, len(seeds)),
                max_new_tokens=preset.max_tokens,
                do_sample=False,
                pad_token_id=self._pad_token,
                eos_token_id=self._end_tokens,
                begin_suppress_tokens=self._label_tokens,
                logits_processor=LogitsProcessorList(processors),
                stopping_criteria=StoppingCriteriaList([criterion]),
                streamer=stream,
            )

    def _read_once(self, input_ids: torch.Tensor, copies: int) -> Any:
        """The keys and values of a prompt up to its last token, computed once and handed to every draft."""
        if copies == 1 or input_ids.shape[1] == 1:
            return None
        held = self._model(input_ids=input_ids[:, :-1], use_cache=True, logits_to_keep=1).past_key_values
        held.batch_repeat_interleave(copies)
        return held

    def _compile(self, policy: CharacterPolicy) -> TokenTables:
        width = self._model.get_output_embeddings().weight.shape[0]
        automaton = cached_policy(policy, self._tokenizer_sha256, self._vocabulary, self._policies)
        return TokenTables(automaton, self._end_tokens, width, self._model.device)

    def _encode(self, prompt: Prompt) -> list[int]:
        return encode_prompt(self._tokenizer, self.template.render(prompt))

    @property
    def _end_tokens(self) -> list[int]:
        declared = self._model.generation_config.eos_token_id
        tokens = declared if isinstance(declared, list) else [declared]
        return sorted({token for token in (*tokens, self._tokenizer.eos_token_id) if token is not None})

    @property
    def _pad_token(self) -> int:
        declared = self._tokenizer.pad_token_id
        return self._end_tokens[0] if declared is None else int(declared)

    @property
    def _label_tokens(self) -> list[int] | None:
        """First tokens of the signs that a reply is over: a reply must not begin with one."""
        labels = (stop.strip() for stop in self.template.stops)
        return sorted({self._tokenizer(label, add_special_tokens=False)["input_ids"][0] for label in labels}) or None

    @property
    def _context(self) -> int:
        return int(self._model.config.get_text_config().max_position_embeddings)


def encode_prompt(tokenizer: Any, text: str) -> list[int]:
    """Token ids of a rendered prompt, with exactly one beginning-of-text token where the model has one."""
    ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    start = tokenizer.bos_token_id
    if start is not None and ids[:1] != [start]:
        ids = [start, *ids]
    return ids


class _Row:
    """One draft as it grows. ``text`` is the whole characters that are sure to stay."""

    def __init__(self, tokenizer: Any, stops: tuple[str, ...]) -> None:
        self._tokenizer = tokenizer
        self._stops = stops
        self.ids: list[int] = []
        self.text = ""
        self.over = False

    def add(self, token: int) -> None:
        """Take one more token, unless the draft is over."""
        if self.over:
            return
        self.ids.append(token)
        decoded = self._decoded()
        cut = min((place for stop in self._stops if (place := decoded.find(stop)) >= 0), default=-1)
        self.over = cut >= 0 or token in self._tokenizer.all_special_ids
        self._grow(decoded[:cut] if cut >= 0 else self._safe(decoded), final=self.over)

    def end(self) -> None:
        """Generation is over: whatever is a whole character counts."""
        if not self.over:
            self._grow(self._decoded(), final=True)

    def _decoded(self) -> str:
        text: str = self._tokenizer.decode(self.ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text

    def _safe(self, decoded: str) -> str:
        """Without an end that may turn out to be the beginning of a stop sign."""
        for stop in self._stops:
            for length in range(len(stop) - 1, 0, -1):
                if decoded.endswith(stop[:length]):
                    return decoded[:-length]
        return decoded

    def _grow(self, decoded: str, *, final: bool) -> None:
        decoded = decoded.lstrip().rstrip(_BROKEN)
        if final:
            decoded = decoded.rstrip()
        if len(decoded) > len(self.text):
            self.text = decoded


class _TextStream(BaseStreamer):
    """Collects the drafts' tokens in the generating thread and hands the first one's text to the reading one."""

    def __init__(self, tokenizer: Any, stops: tuple[str, ...], drafts: int) -> None:
        self.rows = [_Row(tokenizer, stops) for _ in range(drafts)]
        self._items: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._sent = 0
        self._prompt_seen = False

    def put(self, value: torch.Tensor) -> None:
        """Called by ``generate``: first with the prompts, then with one new token for each row."""
        if not self._prompt_seen:
            self._prompt_seen = True
            return
        for row, token in zip(self.rows, value.reshape(-1).tolist(), strict=True):
            row.add(token)
        self._send()

    def end(self) -> None:
        """Called when generation is over."""
        for row in self.rows:
            row.end()
        self._send()
        self._items.put(None)

    def __iter__(self) -> Iterator[str]:
        while (item := self._items.get()) is not None:
            yield item

    def _send(self) -> None:
        text = self.rows[0].text
        if len(text) > self._sent:
            self._items.put(text[self._sent :])
            self._sent = len(text)


class _Stopped(StoppingCriteria):
    """Ends generation when the reader asked for it or left; ends a row when a stop sign was written in it."""

    def __init__(self, stop: threading.Event, stream: _TextStream) -> None:
        self._stop = stop
        self._stream = stream
        self._left = threading.Event()

    def abandon(self) -> None:
        self._left.set()

    def __call__(self, input_ids: torch.LongTensor, *_: Any, **__: Any) -> torch.BoolTensor:
        everything = self._stop.is_set() or self._left.is_set()
        over = [everything or row.over for row in self._stream.rows]
        return torch.tensor(over, device=input_ids.device)  # type: ignore[return-value]
