"""Greedy generation by transformers, the work of the race in models/pipeline: model.generate with its cache.

usage: generate_hf.py FOLDER|V,D,L,H,P BATCH PROMPT NEW [THREADS]
Five numbers stand for a GPT-2 of that shape with random weights. Reads a line from standard input, generates once (BATCH prompts of PROMPT
ids, NEW tokens each, no end of text), and answers with the seconds by the clock and of the processor as a line of JSON; so two programs can be measured in turns.
The prompts are (7919 * i) mod min(V, 300), one after another, so that both programs have the same.
"""
import json, sys, time
import torch
import transformers

torch.set_num_threads(int(sys.argv[5]) if len(sys.argv) > 5 else 2)
batch, prompt, new = map(int, sys.argv[2:5])
torch.manual_seed(1)
if "," in sys.argv[1]:
    V, D, L, H, P = map(int, sys.argv[1].split(","))
    model = transformers.GPT2LMHeadModel(transformers.GPT2Config(vocab_size=V, n_embd=D, n_layer=L, n_head=H, n_positions=P))
else:
    model = transformers.AutoModelForCausalLM.from_pretrained(sys.argv[1])
model.eval()
n = min(model.config.vocab_size, 300)
ids = torch.arange(batch * prompt).mul(7919).remainder(n).view(batch, prompt)
mask = torch.ones_like(ids)
print(json.dumps({"torch": torch.__version__, "transformers": transformers.__version__, "threads": torch.get_num_threads(),
                  "parameters": model.num_parameters()}), flush=True)
for line in sys.stdin:
    start, cpu = time.perf_counter(), time.process_time()
    with torch.inference_mode():
        out = model.generate(ids, attention_mask=mask, do_sample=False, use_cache=True, max_new_tokens=new, min_new_tokens=new,
                             pad_token_id=0, eos_token_id=None)
    print(json.dumps({"seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu, "ids": out[:, prompt:].tolist()}), flush=True)
