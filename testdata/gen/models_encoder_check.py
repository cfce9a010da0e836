"""Opens folders of encoders with transformers and prints, a line of JSON each, the hidden states of some rows and what did not fit.

usage: python testdata/gen/models_encoder_check.py GOLDEN.json NAME=FOLDER...      (GOLDEN.json: testdata/models/encoder_tiny.json)
"""
import json
import sys

import torch
import transformers

goldens = json.load(open(sys.argv[1]))["models"]
for argument in sys.argv[2:]:
    name, folder = argument.split("=", 1)
    golden = goldens[name]
    cls = getattr(transformers, json.load(open(folder + "/config.json"))["architectures"][0])
    model, info = cls.from_pretrained(folder, output_loading_info=True, attn_implementation="eager")
    model.eval()
    hidden, at = [], 0
    for n in golden["rows"]:
        part = lambda key: torch.tensor([golden[key][at:at + n]])
        batch = {"input_ids": part("ids")}
        if "segments" in golden:
            batch["token_type_ids"] = part("segments")
        if "languages" in golden:
            batch["langs"] = part("languages")
        with torch.no_grad():
            hidden += model(**batch, output_hidden_states=True).hidden_states[-1].flatten().tolist()
        at += n
    print(json.dumps({"name": name, "hidden": hidden, "missing": sorted(info["missing_keys"]), "unexpected": sorted(info["unexpected_keys"])}))
