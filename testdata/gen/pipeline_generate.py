"""Generation goldens from transformers: greedy text of the tiny GPT-2 and Llama of testdata/models, with and without repetition penalty.

usage: python testdata/gen/pipeline_generate.py        (from the repository root)
Writes testdata/models/generate.json. Prompts have unequal lengths; each is continued alone, so that nothing of padding is in the ids.
"""
import json
import pathlib

import torch
import transformers

torch.set_num_threads(1)
ROOT = pathlib.Path("testdata/models")
PROMPTS = [[5, 9, 1], [44], [1, 17, 3, 21, 22, 23]]
cases = []
for folder in ("gpt2_tiny", "llama_tiny/grouped", "llama_tiny/scaled"):
    model = transformers.AutoModelForCausalLM.from_pretrained(ROOT / folder).eval()
    room = min(getattr(model.config, "n_positions", 0) or model.config.max_position_embeddings, 40)
    for penalty in (1.0, 1.3, 0.8):
        for prompt in PROMPTS:
            with torch.no_grad():
                out = model.generate(torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt), dtype=torch.long), do_sample=False,
                                     repetition_penalty=penalty, max_new_tokens=room - len(prompt), pad_token_id=0, eos_token_id=None)
            cases.append({"folder": folder, "penalty": penalty, "prompt": prompt, "ids": out[0, len(prompt):].tolist()})
golden = {"versions": {"torch": torch.__version__, "transformers": transformers.__version__}, "cases": cases}
(ROOT / "generate.json").write_text(json.dumps(golden) + "\n")
