"""Fine-tuning steps of Hugging Face transformers on labelled tweets: a bare loop, batches of 32 padded to their longest.

usage: finetune_race.py MODEL labeled_data.csv[.gz] STEPS THREADS
  MODEL is a folder, STEPS how many steps are timed after 3 to warm up. Texts come from the column tweet, labels from class; every fifth row is
  left out as the test part, the others are shuffled.
A step is tokenising, forward with dropout, backward, clipping to 1.0, AdamW and the linear schedule. Prints one line of JSON: tweets a second over
the timed steps, the mean of their losses, the share of tokens that is padding, and the most memory that the process had, in kB. No text is printed.
"""
import csv
import gzip
import json
import random
import resource
import sys
import time

import torch
import transformers

model_dir, path, steps, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
torch.set_num_threads(threads)
torch.manual_seed(1)
with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8", newline="") as f:
    rows = [(r["tweet"], int(r["class"])) for i, r in enumerate(csv.DictReader(f)) if i % 5]
random.Random(1).shuffle(rows)
tokenizer = transformers.AutoTokenizer.from_pretrained(model_dir)
model = transformers.AutoModelForSequenceClassification.from_pretrained(model_dir, num_labels=3)
model.train()
opt = torch.optim.AdamW(model.parameters(), lr=5e-5, weight_decay=0.01)
schedule = transformers.get_linear_schedule_with_warmup(opt, 10, 1000)
seen = padding = 0


def step(batch):
    global seen, padding
    x = tokenizer([t for t, _ in batch], truncation=True, max_length=128, padding="longest", return_tensors="pt")
    seen, padding = seen + x.input_ids.numel(), padding + int((x.attention_mask == 0).sum())
    loss = model(**x, labels=torch.tensor([c for _, c in batch])).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    opt.step()
    schedule.step()
    opt.zero_grad()
    return loss.item()


batches = [rows[i:i + 32] for i in range(0, len(rows) - 31, 32)]
for i in range(3):
    step(batches[i])
start = time.perf_counter()
losses = [step(batches[3 + i]) for i in range(steps)]
elapsed = time.perf_counter() - start
print(json.dumps({
    "tweets_per_second": 32 * steps / elapsed, "loss": sum(losses) / steps, "padding": padding / seen,
    "peak_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, "torch": torch.__version__, "transformers": transformers.__version__,
    "threads": torch.get_num_threads()}))
