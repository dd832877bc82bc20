"""What this machine computes well in. Knows no model."""

from __future__ import annotations

import torch


def best_dtype() -> torch.dtype:
    """bfloat16 where the hardware computes in it; elsewhere it is emulated and slower than float32."""
    if torch.cuda.is_available():
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    capabilities = torch.cpu.get_capabilities()
    return torch.bfloat16 if capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") else torch.float32
