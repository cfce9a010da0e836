"""Masked-token training steps of Hugging Face transformers, the work of objectives/train/masked_bench_test.go.

usage: masked_race.py V D L H T B STEPS THREADS FOLDER [pad]
  V vocabulary, D width, L layers, H heads, T tokens a row, B rows a batch; FOLDER gets the fresh weights and the batch, for the other side.
  With pad, row lengths are uniform in [T/4, T], as real sentences are, and rows are padded: transformers' way.
A step is forward, backward, clipping to 1.0 and fused AdamW, on the same batch each time. Prints one line of JSON: the first losses, the median
milliseconds of a step, the tokens that are no padding, and the most memory that the process had, in kB.
"""
import json
import pathlib
import resource
import statistics
import sys
import time

import torch
import transformers

V, D, L, H, T, B, STEPS, THREADS = map(int, sys.argv[1:9])
folder, pad = pathlib.Path(sys.argv[9]), len(sys.argv) > 10
torch.set_num_threads(THREADS)
torch.manual_seed(0)
model = transformers.BertForMaskedLM(transformers.BertConfig(
    vocab_size=V, hidden_size=D, num_hidden_layers=L, num_attention_heads=H, intermediate_size=4 * D, max_position_embeddings=T,
    hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0))
opt = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)
lengths = torch.randint(T // 4, T + 1, (B,)) if pad else torch.full((B,), T)
mask = (torch.arange(T)[None] < lengths[:, None]).long()
ids = torch.randint(5, V, (B, T)) * mask
labels = torch.where((torch.rand(B, T) < 0.15) & mask.bool(), ids, -100)
model.save_pretrained(folder)
rows = [{"ids": ids[i, :n].tolist(), "labels": labels[i, :n].tolist()} for i, n in enumerate(lengths.tolist())]
(folder / "batch.json").write_text(json.dumps(rows))


def step():
    loss = model(input_ids=ids, attention_mask=mask, labels=labels).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    opt.step()
    opt.zero_grad(set_to_none=True)
    return loss.item()  # as a loop does that shows its loss


losses = [step() for _ in range(3)]
times = []
for _ in range(STEPS):
    start = time.perf_counter()
    step()
    times.append(time.perf_counter() - start)
print(json.dumps({
    "losses": losses, "ms": 1000 * statistics.median(times), "tokens": int(mask.sum()), "peak_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    "torch": torch.__version__, "transformers": transformers.__version__, "threads": torch.get_num_threads()}))
