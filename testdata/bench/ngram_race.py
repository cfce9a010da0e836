"""Race of the ngram classifier against fastText's supervised mode: the same settings, on tweets of three labels, every fifth row the test.

usage: ngram_race.py CLOZE labeled_data.csv[.gz] [ROUNDS]
CLOZE is the command (plain build). Both run on one thread, in turn, each in a process of its own. fastText's time is that of train_supervised
alone, with its file ready in lower case; ours is the whole command: start, reading the csv, training, writing the folder. Prints both times of
each round, the ratio of the medians, quality by scikit-learn (a seed of its own for each round), and whether fastText itself answers the same
from the .bin that we write.
"""
import csv, gzip, json, os, re, statistics, subprocess, sys, tempfile, time

SETTINGS = dict(dim=100, epoch=25, lr=0.5, wordNgrams=2, minn=2, maxn=5)
PEER = """
import sys, time, json, fasttext
t = time.time()
m = fasttext.train_supervised(sys.argv[1], thread=1, verbose=0, seed=int(sys.argv[4]), **json.loads(sys.argv[2]))
print(time.time() - t)
m.save_model(sys.argv[3])
"""
ASK = """
import sys, json, fasttext
m = fasttext.load_model(sys.argv[1])
for line in open(sys.argv[2], encoding="utf-8", newline="\\n"):
    print(json.dumps([[p, l] for p, l in m.f.predict(line.rstrip("\\n") + "\\n", 3, 0.0, "strict")]))
"""

cloze, data = sys.argv[1], sys.argv[2]
rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 3
opened = gzip.open if data.endswith(".gz") else open
rows = [(r["tweet"], r["class"]) for r in csv.DictReader(opened(data, "rt", encoding="utf-8", newline=""))]
train, test = [r for i, r in enumerate(rows) if i % 5], [r for i, r in enumerate(rows) if i % 5 == 0]
clean = lambda t: re.sub(r"\s+", " ", t.lower())
tmp = tempfile.mkdtemp()
path = lambda name: os.path.join(tmp, name)
with open(path("train.txt"), "w", encoding="utf-8") as o:
    o.writelines(f"__label__{c} {clean(t)}\n" for t, c in train)
with open(path("test.txt"), "w", encoding="utf-8") as o:
    o.writelines(clean(t) + "\n" for t, _ in test)
for name, part in (("train.csv", train), ("test.csv", test)):
    with open(path(name), "w", encoding="utf-8", newline="") as o:
        w = csv.writer(o)
        w.writerow(["tweet", "class"])
        w.writerows(part)

KEYS = [x for k, v in dict(dim="dim", epoch="epochs", lr="lr", wordNgrams="word_ngrams", minn="minn", maxn="maxn").items() for x in ("--set", f"ngram.{v}={SETTINGS[k]}")]
SAME = ("--set", "split.fraction=0", "--set", "ngram.shuffle=false")  # all rows are learnt, in the file's order, as the peer does


def ours(out, *more):
    t = time.time()
    subprocess.run([cloze, "finetune", "--model", "ngram", "--out", path(out), "--quiet", "--text-field", "tweet", "--label-field", "class",
                    *KEYS, *more, path("train.csv")], check=True, stdout=subprocess.DEVNULL, env=dict(os.environ, GOMAXPROCS="1"))
    return time.time() - t


def report(name, given):
    from sklearn.metrics import accuracy_score, f1_score
    y = [c for _, c in test]
    print(f"{name}: accuracy {accuracy_score(y, given):.4f} macro-F1 {f1_score(y, given, average='macro'):.4f} hate-F1 {f1_score(y, given, average=None)[0]:.4f}", flush=True)


def answers(folder):
    text = subprocess.run([cloze, "predict", path(folder), path("test.csv"), "--quiet"], check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in text.splitlines()]


def asked(model):
    text = subprocess.run([sys.executable, "-c", ASK, path(model), path("test.txt")], check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in text.splitlines()]


times = ([], [])
for i in range(1, rounds + 1):
    peer = subprocess.run([sys.executable, "-c", PEER, path("train.txt"), json.dumps(SETTINGS), path("peer.bin"), str(i)], check=True, capture_output=True, text=True)
    times[0].append(float(peer.stdout.split()[-1]))
    times[1].append(ours(f"same{i}", *SAME, "--seed", str(i)))
    print(f"round {i}: fastText {times[0][-1]:.1f} s, cloze {times[1][-1]:.1f} s", flush=True)
    report(f"fastText, seed {i}", [x[0][1].removeprefix("__label__") for x in asked("peer.bin")])
    report(f"cloze, seed {i}", [x["label"] for x in answers(f"same{i}")])
a, b = map(statistics.median, times)
print(f"medians: fastText {a:.1f} s, cloze {b:.1f} s, {a / b:.2f} times as fast")
ours("written", *SAME, "--fasttext", path("ours.bin"))
worst = 0.0
for x, y in zip(answers("written"), asked("ours.bin"), strict=True):
    for p, label in y:
        worst = max(worst, abs(min(p, 1) - x["scores"][label.removeprefix("__label__")]))
print(f"fastText on our .bin: largest difference of a probability {worst:.2g} (fastText adds 1e-5 to each)")
for seed in range(1, rounds + 1):
    ours(f"drawn{seed}", "--set", "split.fraction=0", "--seed", str(seed))
    report(f"cloze, texts shuffled, seed {seed}", [x["label"] for x in answers(f"drawn{seed}")])
    ours(f"tuned{seed}", "--set", "thresholds=true", "--seed", str(seed))
    report(f"cloze, a tenth held out for thresholds, seed {seed}", [x["label"] for x in answers(f"tuned{seed}")])
