"""Opens model folders with transformers as any user would and prints what each computes, as a line of JSON.

usage: python testdata/gen/models_hf_check.py TEXT FOLDER...
A line holds the ids of TEXT, the logits of each token, those of a batch of its beginnings of unequal lengths, padded at
the end, what greedy decoding adds (20 tokens), and the text of that.
"""
import json
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

text = sys.argv[1]
torch.set_num_threads(2)
for folder in sys.argv[2:]:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model, info = AutoModelForCausalLM.from_pretrained(folder, output_loading_info=True)
    model.eval()
    ids = tokenizer(text, return_tensors="pt")
    with torch.no_grad():
        logits = model(**ids).logits[0]
        row = ids["input_ids"][0]
        lengths = [5, len(row), 1, 9]
        batch = torch.stack([torch.cat([row[:n], torch.zeros(len(row) - n, dtype=torch.long)]) for n in lengths])
        mask = torch.tensor([[1] * n + [0] * (len(row) - n) for n in lengths])
        padded = model(input_ids=batch, attention_mask=mask).logits
        out = model.generate(**ids, do_sample=False, max_new_tokens=20, pad_token_id=tokenizer.eos_token_id)[0]
    new = out[ids["input_ids"].shape[1]:]
    print(json.dumps({
        "ids": ids["input_ids"][0].tolist(),
        "logits": logits.flatten().tolist(),
        "lengths": lengths, "batch": torch.cat([padded[i, :n] for i, n in enumerate(lengths)]).flatten().tolist(),
        "generated": new.tolist(),
        "text": tokenizer.decode(new, skip_special_tokens=True, clean_up_tokenization_spaces=False),
        "eos": tokenizer.eos_token,
        "missing": sorted(info["missing_keys"]), "unexpected": sorted(info["unexpected_keys"]),
    }))
