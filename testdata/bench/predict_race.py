"""The race of answering: a classifier over tweets, transformers beside cloze predict, the probabilities compared.

usage: CLOZE=bin/cloze CLOZE_DATA=... python testdata/bench/predict_race.py CLASSIFIER [THREADS] [TEXTS] [ROUNDS] [NAME,NAME...]
  CLASSIFIER is a folder that cloze finetune wrote from an encoder. Texts are every fifth of hate/davidson, the test part; none is printed.
Each round runs all once, or those named, in turns, each in a process of its own:
  cloze            cloze predict on a csv
  cloze int8       the same with --int8
  transformers     a bare loop as good as it gets: texts sorted by length, batches of 64 padded to their longest, no gradients
  transformers pipeline   pipeline("text-classification", batch_size=64), in the order of the file
  transformers int8       the bare loop after torch.ao.quantization.quantize_dynamic
Warm is the answering alone as each tells it (ours: texts read, cut into tokens and answered; theirs: tokens included, after a warm-up of 64 texts), whole
the process from start to end. Macro-F1 against the set's labels shows what int8 costs.
"""
import collections
import csv
import gzip
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

PEER = """
import json, sys, time, torch, transformers, warnings
warnings.filterwarnings("ignore")
threads, texts, out, folder, kind = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5]
torch.set_num_threads(threads)
texts = json.load(open(texts, encoding="utf-8"))
limit = json.load(open(folder + "/classifier.json")).get("max_length", 128)
tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
model = transformers.AutoModelForSequenceClassification.from_pretrained(folder).eval()
if kind == "int8":
    model = torch.ao.quantization.quantize_dynamic(model, {torch.nn.Linear}, dtype=torch.qint8)

def loop(texts):
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    answers = [None] * len(texts)
    with torch.inference_mode():
        for at in range(0, len(order), 64):
            some = order[at:at + 64]
            x = tokenizer([texts[i] for i in some], truncation=True, max_length=limit, padding="longest", return_tensors="pt")
            for i, row in zip(some, model(**x).logits.softmax(-1).tolist()):
                answers[i] = row
    return answers

def piped(texts):
    pipe = transformers.pipeline("text-classification", model=model, tokenizer=tokenizer, top_k=None, batch_size=64)
    names = [model.config.id2label[i] for i in range(len(model.config.id2label))]
    return [[{p["label"]: p["score"] for p in row}[n] for n in names] for row in pipe(texts, truncation=True, max_length=limit)]

run = piped if kind == "pipeline" else loop
run(texts[:64])
start = time.perf_counter()
answers = run(texts)
print("seconds", time.perf_counter() - start)
json.dump(answers, open(out, "w"))
"""
classifier = sys.argv[1]
threads, count, rounds = (int(x) for x in (sys.argv[2:5] + ["2", "1500", "3"][len(sys.argv[:5]) - 2:]))
rows = csv.DictReader(io.TextIOWrapper(gzip.open(pathlib.Path(os.environ["CLOZE_DATA"]) / "hate/davidson/labeled_data.csv.gz"), encoding="utf-8", newline=""))
rows = [r for i, r in enumerate(rows) if i % 5 == 0][:count]
count = len(rows)
folder = pathlib.Path(tempfile.mkdtemp())
with open(folder / "texts.csv", "w", encoding="utf-8", newline="") as f:
    w = csv.writer(f)
    w.writerow(["text"])
    w.writerows([r["tweet"]] for r in rows)
(folder / "texts.json").write_text(json.dumps([r["tweet"] for r in rows]))
card = json.load(open(classifier + "/classifier.json"))
thresholds = card.get("thresholds") or [1.0] * len(card["labels"])
environment = os.environ | {"OMP_NUM_THREADS": str(threads), "TOKENIZERS_PARALLELISM": "true", "HF_HUB_OFFLINE": "1"}


def theirs(kind):
    start = time.perf_counter()
    out = subprocess.run([sys.executable, "-c", PEER, str(threads), folder / "texts.json", folder / "peer.json", classifier, kind],
                         env=environment, check=True, capture_output=True, text=True)
    return time.perf_counter() - start, float(re.search(r"seconds ([\d.]+)", out.stdout).group(1)), json.load(open(folder / "peer.json"))


def ours(*flags):
    start = time.perf_counter()
    out = subprocess.run([os.environ.get("CLOZE", "bin/cloze"), "predict", classifier, folder / "texts.csv", "--text-field", "text", "--threads", str(threads), *flags],
                         env=environment, check=True, capture_output=True, text=True)
    whole = time.perf_counter() - start
    minutes, seconds, unit = re.search(r"in (?:(\d+)m)?([\d.]+)(m?s)", out.stderr).groups()
    answers = [[r["scores"][label] for label in card["labels"]] for r in map(json.loads, out.stdout.splitlines())]
    return whole, (int(minutes or 0) * 60 + float(seconds)) / (1000 if unit == "ms" else 1), answers


def macro_f1(answers):
    gold, given = [r["class"] for r in rows], [card["labels"][max(range(len(a)), key=lambda l: a[l] / thresholds[l])] for a in answers]
    pairs = collections.Counter(zip(gold, given))
    f1 = []
    for l in card["labels"]:
        hit, said, there = pairs[l, l], sum(n for (_, b), n in pairs.items() if b == l), sum(n for (a, _), n in pairs.items() if a == l)
        f1.append(2 * hit / max(said + there, 1))
    return sum(f1) / len(f1)


runs = {"cloze": ours, "transformers": lambda: theirs("loop"), "cloze int8": lambda: ours("--int8"), "transformers int8": lambda: theirs("int8"),
        "transformers pipeline": lambda: theirs("pipeline")}
if len(sys.argv) > 5:  # some of them, by name
    runs = {name: runs[name] for name in sys.argv[5].split(",")}
best, answers = {}, {}
for number in range(rounds):
    for name, run in runs.items():
        whole, warm, answers[name] = run()
        best[name] = [min(a, b) for a, b in zip(best.get(name, (whole, warm)), (whole, warm))]
        print(f"round {number + 1}: {name}: {whole:.2f} s, {warm:.2f} s of them answering, {count / warm:.0f} texts/s", flush=True)
print(f"{threads} threads, {count} texts, best of {rounds}; probabilities beside those of {next(iter(runs))}")
for name, (whole, warm) in best.items():
    off = max(abs(x - y) for a, b in zip(answers[name], answers[next(iter(runs))]) for x, y in zip(a, b))
    print(f"{name:22} whole {whole:6.2f} s  warm {warm:6.2f} s  {count / warm:4.0f} texts/s  macro-F1 {macro_f1(answers[name]):.4f}  largest difference {off:.2g}")
