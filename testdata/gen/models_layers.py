"""Hidden states of every layer from transformers, for the encoders that models_bert.py made.

usage: python testdata/gen/models_layers.py        (from the repository root)
Reads testdata/models/encoder_tiny.json and the folders beside it; writes testdata/models/encoder_layers.json: of the first row, the output of the
embeddings and of each block, as output_hidden_states gives them.
"""
import json
import pathlib
import sys

import torch
import transformers

torch.set_num_threads(1)
HERE = pathlib.Path("testdata/models")
tiny = json.load(open(HERE / "encoder_tiny.json"))["models"]
out = {}
for name in ["bert", "roberta", "distilbert", "xlm", "modernbert"]:
    model = transformers.AutoModel.from_pretrained(HERE / "encoder_tiny" / name, attn_implementation="eager").eval()
    n = tiny[name]["rows"][0]
    given = {"input_ids": torch.tensor([tiny[name]["ids"][:n]])}
    for key, to in (("segments", "token_type_ids"), ("languages", "langs")):
        if key in tiny[name]:
            given[to] = torch.tensor([tiny[name][key][:n]])
    with torch.no_grad():
        states = model(**given, output_hidden_states=True).hidden_states
    out[name] = [[round(x, 6) for x in s[0].flatten().tolist()] for s in states]
json.dump({"versions": {"torch": torch.__version__, "transformers": transformers.__version__, "python": sys.version.split()[0]}, "models": out},
          open(HERE / "encoder_layers.json", "w"))
