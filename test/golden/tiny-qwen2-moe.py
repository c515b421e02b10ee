"""Makes test/models/tiny-qwen2-moe, a small Qwen2-MoE with random weights, and tiny-qwen2-moe.json, what Transformers
computes with it in float64: experts whose weights are not divided by their sum, a gated shared expert beside them, a plain
MLP in layer 2, and widths that neither ranks nor vectors of four divide.

usage: python -P tiny-qwen2-moe.py, with torch and transformers 5.24; without -P the statistics.py beside it hides Python's own
"""
import json
import math
from contextlib import contextmanager
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, Qwen2MoeConfig

HERE = Path(__file__).parent
FOLDER = HERE.parent / "models" / "tiny-qwen2-moe"
STEPS = 24
# The numbers of a published config.json; what Transformers 5 spells otherwise is left to it to read.
CONFIG = {
    "vocab_size": 304,
    "hidden_size": 72,
    "intermediate_size": 112,
    "moe_intermediate_size": 22,
    "shared_expert_intermediate_size": 36,
    "num_hidden_layers": 4,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "num_experts": 6,
    "num_experts_per_tok": 3,
    "norm_topk_prob": False,
    "decoder_sparse_step": 1,
    "mlp_only_layers": [2],
    "max_position_embeddings": 256,
    "rms_norm_eps": 1e-6,
    "rope_theta": 1000000.0,
    "tie_word_embeddings": False,
    "eos_token_id": None,
    "bos_token_id": None,
    "pad_token_id": None,
}


@contextmanager
def float64_for_float32():
    """Modelling code that asks for float32 on the way (norms, softmax, rotary tables) gets float64."""
    kept = torch.float32, torch.float, torch.Tensor.float
    torch.float32 = torch.float = torch.float64
    torch.Tensor.float = torch.Tensor.double
    try:
        yield
    finally:
        torch.float32, torch.float, torch.Tensor.float = kept


def save_random_model(seed: int) -> None:
    """Weights of a scale at which a layer changes the stream about as much as it holds, rounded to bf16."""
    config = Qwen2MoeConfig(**json.loads(json.dumps(CONFIG)))
    model = AutoModelForCausalLM.from_config(config)
    generator = torch.Generator().manual_seed(seed)
    for name, weight in model.named_parameters():
        noise = torch.randn(weight.shape, generator=generator)
        if "norm" in name:
            noise = 1 + 0.25 * noise
        elif name.endswith("bias") or "embed_tokens" in name or "lm_head" in name:
            noise = 0.3 * noise
        else:
            noise = 1.3 * noise / math.sqrt(weight.shape[-1])
        weight.data = noise.to(weight.dtype)
    model.to(torch.bfloat16).save_pretrained(FOLDER)
    (FOLDER / "generation_config.json").unlink(missing_ok=True)
    saved = {
        "architectures": ["Qwen2MoeForCausalLM"],
        "model_type": "qwen2_moe",
        "hidden_act": "silu",
        **CONFIG,
        "use_sliding_window": False,
        "torch_dtype": "bfloat16",
        "transformers_version": "4.57.0",
    }
    (FOLDER / "config.json").write_text(json.dumps(saved, indent=2) + "\n")


def open_in_float64():
    model = AutoModelForCausalLM.from_pretrained(
        FOLDER, dtype=torch.float32, attn_implementation="eager", experts_implementation="eager"
    )
    model = model.double().eval()
    with float64_for_float32():
        model.model.rotary_emb = type(model.model.rotary_emb)(model.config)
    return model


def describe(logits: torch.Tensor) -> dict:
    logprobs = logits.log_softmax(-1)
    p = logprobs.exp()
    entropy = -(p * logprobs).sum()
    order = sorted(range(len(logits)), key=lambda token: (-logits[token].item(), token))[:5]
    return {
        "token": order[0],
        "entropy": entropy.item(),
        "varentropy": (p * (logprobs + entropy) ** 2).sum().item(),
        "logprob": logprobs[order[0]].item(),
        "margin": (p[order[0]] - p[order[1]]).item(),
        "top_ids": order,
        "top_logprobs": [logprobs[token].item() for token in order],
    }


@torch.no_grad()
def answer(model, name: str, prompt: list[int]) -> tuple[dict, float]:
    """Greedy steps, each of the whole sequence anew, and the least gap between the last expert kept and the next."""
    ids = list(prompt)
    steps = []
    for _ in range(STEPS + 1):
        with float64_for_float32():
            out = model(torch.tensor([ids]), use_cache=False, output_router_logits=True)
        assert out.logits.dtype == torch.float64
        if len(ids) == len(prompt):
            rows = [describe(row) for row in out.logits[0]]
        if len(steps) == STEPS:
            break
        steps.append(describe(out.logits[0, -1]))
        ids.append(steps[-1]["token"])
    kept = CONFIG["num_experts_per_tok"]
    sorted_logits = [logits.sort(-1, descending=True).values for logits in out.router_logits]
    gap = min((logits[:, kept - 1] - logits[:, kept]).min().item() for logits in sorted_logits)
    prompt_rows = [{"entropy": row["entropy"], "top_ids": row["top_ids"]} for row in rows]
    return {"name": name, "prompt_ids": prompt, "prompt": prompt_rows, "steps": steps}, gap


def main() -> None:
    torch.set_num_threads(1)
    for seed in range(1, 40):
        save_random_model(seed)
        model = open_in_float64()
        generator = torch.Generator().manual_seed(1000 + seed)
        sequences, gaps = [], []
        for length in (1, 7, 75):
            prompt = torch.randint(CONFIG["vocab_size"], (length,), generator=generator).tolist()
            sequence, gap = answer(model, f"random-{length}", prompt)
            sequences.append(sequence)
            gaps.append(gap)
        margin = min(step["margin"] for sequence in sequences for step in sequence["steps"])
        distinct = min(len({step["token"] for step in sequence["steps"]}) for sequence in sequences)
        print(f"seed {seed}: least margin {margin:.1e}, router gap {min(gaps):.1e}, distinct tokens {distinct}", flush=True)
        # No step and no router has a near tie, and no answer is one token again and again.
        if margin > 2e-3 and min(gaps) > 2e-4 and distinct >= 10:
            golden = {"model": "tiny-qwen2-moe", "dtype": "float64", "seed": seed, "sequences": sequences}
            (HERE / "tiny-qwen2-moe.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
            return
    raise SystemExit("every seed met a near tie")


main()
