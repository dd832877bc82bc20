"""Two small tokenizers of the two makes that spell with bytes."""

from __future__ import annotations

from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from tokenizers.trainers import BpeTrainer
from transformers import PreTrainedTokenizerFast

CORPUS = [
    "비 오는 밤의 재회를 썼다. 그는 “정말?” 하고 물었다.\n\n요청: 다음 글",
    "SolverX Fusion is fast. 서울대 서초동 강남구 2022년 3월",
    "今日は良い天気です。中国语 Привет мир 你好世界",
] * 20


def byte_level() -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = BpeTrainer(
        vocab_size=500,
        special_tokens=["<s>", "</s>", "<|im_start|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>")


def byte_fallback() -> PreTrainedTokenizerFast:
    pieces = ["<s>", "</s>", "<unk>", *(f"<0x{byte:02X}>" for byte in range(256))]
    pieces += [
        "▁",
        "\n",
        "\n\n",
        ".",
        ",",
        "“",
        "”",
        "…",
        "가",
        "나",
        "서",
        "울",
        "서울",
        "▁서울",
        "대",
        "中",
        "国",
        "中国",
    ]
    pieces += ["a", "b", "Solver", "X", "▁Fusion", "か", "Я", "ㅋ", "�", "요", "청", ":", "<td>", "1", "22"]
    tokenizer = Tokenizer(
        models.BPE(
            vocab={piece: index for index, piece in enumerate(pieces)},
            merges=[("서", "울"), ("▁", "서울"), ("中", "国")],
            byte_fallback=True,
            unk_token="<unk>",
        )
    )
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.add_special_tokens(["<s>", "</s>", "<unk>"])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>")


TOKENIZERS = {"byte-level": byte_level(), "byte-fallback": byte_fallback()}
