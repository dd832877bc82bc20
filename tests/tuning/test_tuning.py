"""The mechanics of tuning on a tiny model: what is learned, what is not touched, what resumes."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from rag import KOREAN, AdapterMismatch, Generated, PlainTemplate, choose_preset, write_prompt
from rag.generation.adapter import check_adapter, load_manifest
from rag.generation.local import LocalWriter, encode_prompt, load_base
from tests.tuning.tiny import make_tiny_model
from tuning.evaluate import evaluate, summarise
from tuning.examples import load_pieces, split, tokens, worked_examples
from tuning.loss import ServedLoss, completion_nats
from tuning.train import CHECKPOINT, Result, Step, TrainSettings, schedule, train

SETTINGS = TrainSettings(rank=2, alpha=4, learning_rate=3e-2, epochs=2, batch=2, limit=2048)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    rows = [
        {
            "request": f"{n}번째 비",
            "text": f"비가 {n}번 왔다. 비가 또 왔다.",
            "genre": "시",
            "split": "heldout" if n > 6 else "train",
        }
        for n in range(1, 9)
    ]
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (folder / "비.jsonl").write_text(text, "utf-8")
    return folder


def run(base: Path, corpus: Path, folder: Path, settings: TrainSettings = SETTINGS, stop_at: int = -1) -> Result:
    steps: list[Step] = []
    return train(base, corpus, folder, settings, steps.append, lambda: len(steps) == stop_at, save_every=1)


@pytest.fixture(scope="module")
def adapter(base: Path, corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    result = run(base, corpus, tmp_path_factory.mktemp("adapters") / "비")
    assert result.finished
    assert result.steps == 6
    return result.folder


def test_training_sees_what_serving_shows(base: Path, corpus: Path) -> None:
    _, tokenizer, template = load_base(base)
    pool, _ = split(load_pieces(corpus))
    shown = worked_examples(pool[0], pool, 2, seed=0)
    example = tokens(pool[0], shown, template, tokenizer, 4096)
    assert example is not None
    assert pool[0].example is not None
    served = encode_prompt(tokenizer, template.render(write_prompt(pool[0].example.request, "시", shown)))
    assert list(example.ids[: example.prompt_length]) == served
    assert tokenizer.decode(example.ids[example.prompt_length :]) == pool[0].text + template.end
    assert example.ids.count(tokenizer.bos_token_id) == 1
    assert pool[0] not in shown


def test_the_loss_counts_the_completion_only(base: Path, corpus: Path) -> None:
    model, tokenizer, template = load_base(base)
    example = tokens(load_pieces(corpus)[0], [], template, tokenizer, 4096)
    assert example is not None
    ids = torch.tensor([example.ids])
    with torch.inference_mode():
        logits = model(input_ids=ids).logits[0].float().log_softmax(-1)
        expected = -sum(
            float(logits[position - 1, ids[0, position]]) for position in range(example.prompt_length, ids.shape[1])
        )
        assert float(completion_nats(model, example)) == pytest.approx(expected, rel=1e-4)


def test_an_example_that_does_not_fit_is_left_out(base: Path, corpus: Path) -> None:
    _, tokenizer, template = load_base(base)
    assert tokens(load_pieces(corpus)[0], [], template, tokenizer, 10) is None


def test_the_adapter_helps_and_without_it_the_base_is_untouched(base: Path, corpus: Path, adapter: Path) -> None:
    figures = evaluate(base, adapter, corpus, 0, lambda *_: None)
    assert figures.n == 2
    assert figures.gain > 0.1
    model, tokenizer, template = load_base(base)
    example = tokens(split(load_pieces(corpus))[1][0], [], template, tokenizer, 4096)
    assert example is not None
    with torch.inference_mode():
        bare = float(completion_nats(model, example))
    from peft import PeftModel

    wrapped = PeftModel.from_pretrained(model, adapter)
    with torch.inference_mode(), wrapped.disable_adapter():
        assert float(completion_nats(wrapped, example)) == bare


def test_the_manifest_says_what_the_adapter_is_made_of(base: Path, adapter: Path) -> None:
    manifest = check_adapter(adapter, base, PlainTemplate())
    assert manifest.base == base.name
    assert manifest.steps == 6
    assert manifest.settings["rank"] == 2
    assert sorted(path.name for path in adapter.iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
        "manifest.json",
    ]
    assert str(base.parent) not in (adapter / "adapter_config.json").read_text()


def test_a_stopped_run_ends_with_the_same_weights(base: Path, corpus: Path, adapter: Path, tmp_path: Path) -> None:
    stopped = run(base, corpus, tmp_path / "비", stop_at=2)
    assert (stopped.steps, stopped.finished) == (2, False)
    assert (tmp_path / "비" / CHECKPOINT).is_dir()
    with pytest.raises(AdapterMismatch):
        load_manifest(tmp_path / "비")
    resumed = run(base, corpus, tmp_path / "비")
    assert resumed.finished
    assert load_manifest(tmp_path / "비").weights_sha256 == load_manifest(adapter).weights_sha256


def test_a_checkpoint_of_other_settings_is_not_mixed_in(base: Path, corpus: Path, tmp_path: Path) -> None:
    run(base, corpus, tmp_path / "비", stop_at=1)
    with pytest.raises(ValueError, match="--out"):
        run(base, corpus, tmp_path / "비", TrainSettings(rank=2, alpha=4, learning_rate=1e-3, epochs=2, batch=2))


@pytest.mark.parametrize("damage", ["weights", "template", "base"])
def test_an_adapter_that_does_not_belong_is_refused(
    base: Path, adapter: Path, tmp_path: Path, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    copy = Path(shutil.copytree(adapter, tmp_path / "copy"))
    other = base
    match damage:
        case "weights":
            weights = copy / "adapter_model.safetensors"
            weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
        case "template":
            monkeypatch.setattr(PlainTemplate, "end", "\n끝")
        case "base":
            other = make_tiny_model(tmp_path / "other", seed=1)
    with pytest.raises(AdapterMismatch) as caught:
        LocalWriter(other, copy)
    assert "--adapter none" in caught.value.hint


def test_a_writer_with_an_adapter_writes_within_the_policy(base: Path, adapter: Path) -> None:
    writer = LocalWriter(base, adapter)
    preset = choose_preset("시")
    *pieces, last = writer.write(write_prompt("비", "시", []), preset, KOREAN, 3, threading.Event())
    assert isinstance(last, Generated)
    assert writer.adapter == adapter.name
    assert last.text
    assert KOREAN.disallowed(last.text) == []
    assert "".join(map(str, pieces)).strip() == last.text


def test_drafts_side_by_side_are_those_that_are_written_alone(base: Path) -> None:
    writer = LocalWriter(base)
    preset = replace(choose_preset("시"), max_tokens=30)
    prompt = write_prompt("비", "시", [])

    def drafts(seed: int, count: int) -> list[str]:
        stop = threading.Event()
        items = list(writer.write(prompt, preset, KOREAN, seed, stop, count))
        return [item.text for item in items if isinstance(item, Generated)]

    together = drafts(3, 3)
    assert len(set(together)) == 3
    assert together == [drafts(seed, 1)[0] for seed in (3, 4, 5)]


def test_constrained_logits_are_the_full_ones_where_they_are_allowed(base: Path) -> None:
    from rag.generation.head import only_rows

    model, _, _ = load_base(base)
    ids = torch.tensor([[0, 5, 9]])
    rows = torch.tensor([1, 7, 30])
    with torch.inference_mode():
        full = model(input_ids=ids).logits
        with only_rows(model, rows):
            some = model(input_ids=ids).logits
        again = model(input_ids=ids).logits
    assert some.shape == full.shape
    assert torch.allclose(some[..., rows], full[..., rows])
    assert torch.isneginf(some).sum() == some.numel() - some.shape[1] * len(rows)
    assert torch.equal(full, again)


def test_summary_weighs_by_characters_and_brackets_the_gain() -> None:
    figures = summarise([(100, 200.0, 100.0), (300, 300.0, 300.0)])
    assert (figures.base, figures.adapter) == (pytest.approx(1.25), pytest.approx(1.0))
    assert figures.low <= figures.gain <= figures.high
    same = summarise([(100, 200.0, 200.0)] * 5)
    assert (same.gain, same.low, same.high) == (0.0, 0.0, 0.0)


def test_the_loss_over_writable_tokens_is_the_full_one_where_the_rest_has_no_mass(base: Path, corpus: Path) -> None:
    model, tokenizer, template = load_base(base)
    example = tokens(load_pieces(corpus)[0], [], template, tokenizer, 4096)
    assert example is not None
    with torch.inference_mode():
        full = float(completion_nats(model, example))
        everything = torch.arange(model.get_output_embeddings().weight.shape[0])
        assert float(ServedLoss(model, everything)(example)) == pytest.approx(full, rel=1e-5)
        used = torch.tensor(sorted(set(example.ids[example.prompt_length :])))
        assert float(ServedLoss(model, used)(example)) < full
        # A completion with a token that may not be written is counted over the whole vocabulary.
        assert float(ServedLoss(model, used[1:])(example)) == pytest.approx(full, rel=1e-5)


def test_epochs_vary_the_wording_of_a_request_and_the_genre_label(base: Path, tmp_path: Path) -> None:
    row = {"request": "비 오는 밤", "other_requests": ["밤비"], "text": "비가 왔다.", "genre": "시"}
    (tmp_path / "비.jsonl").write_text(json.dumps(row, ensure_ascii=False), "utf-8")
    _, tokenizer, template = load_base(base)
    batches = schedule(load_pieces(tmp_path), template, tokenizer, TrainSettings(epochs=4, limit=2048))
    prompts = [tokenizer.decode(example.ids[: example.prompt_length]) for (example,) in batches]
    assert ["밤비" in prompt for prompt in prompts] == [False, True, False, True]
    assert ["(시)" in prompt for prompt in prompts] == [False, True, True, False]
