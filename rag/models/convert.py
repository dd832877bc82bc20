"""Fetched files into a folder that is served. Heavy libraries are loaded inside the functions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rag.models.catalog import ModelEntry
from rag.models.e5 import convert as convert_e5
from rag.models.errors import ConversionFailed


def convert(entry: ModelEntry, fetched: Path, target: Path) -> None:
    """Make the model folder ``target`` from the files in ``fetched``.

    Raises:
        ConversionFailed: what came out would not be usable.
    """
    target.mkdir(parents=True)
    if entry.licence_notice:
        (target / "NOTICE").write_text(f"{entry.description}\n{entry.licence}\n\n{entry.licence_notice}\n", "utf-8")
    match entry.format:
        case "gguf" | "safetensors":
            for file in entry.files:
                (target / file.name).parent.mkdir(parents=True, exist_ok=True)
                (fetched / file.name).replace(target / file.name)
        case "gguf-transformers":
            _gguf_to_safetensors(fetched, entry.files[0].name, target)
        case "e5-q4":
            weights, tokenizer = (fetched / file.name for file in entry.files)
            convert_e5(weights, tokenizer, target)


def _gguf_to_safetensors(fetched: Path, name: str, target: Path) -> None:
    """transformers reads GGUF but takes a minute each time; safetensors load in seconds."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # ours is shown
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # advice on computing with GGUF, which we do not
    try:
        model: Any = AutoModelForCausalLM.from_pretrained(str(fetched), gguf_file=name, dtype=torch.bfloat16)
        tokenizer = AutoTokenizer.from_pretrained(str(fetched), gguf_file=name)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ConversionFailed(
            f"{name}: 변환하지 못했습니다({error}).", "메모리 여유를 확인하고 `loopai models pull`을 다시 실행하세요."
        ) from error
    # The weights are dequantised by now; what is left of the quantiser would be saved and then refused.
    model.hf_quantizer = None
    model.is_quantized = False
    del model.config.quantization_config
    broken = [key for key, values in model.named_parameters() if not torch.isfinite(values).all()]
    if broken:
        raise ConversionFailed(f"{name}: 가중치가 유한하지 않습니다({broken[0]}).", "다른 판의 GGUF를 고르세요.")
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)
