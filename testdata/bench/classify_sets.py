"""Labelled sets as csv files with the columns text and label, for the tables of docs/bench/classify.md.

usage: classify_sets.py DATA FOLDER
DATA is the folder that holds hate/. Writes davidson_train.csv (rows whose number, from 0, is no multiple of 5), davidson_test.csv, olid_test.csv,
hateval_test.csv (labels hate, not), forum_test.csv, hatecheck.csv (with functionality and group), germeval_train.csv, germeval_test.csv, and
tweets.txt, the texts of training parts without labels, one a line. Prints counts only.
"""
import csv, gzip, os, sys

data, out = os.path.join(sys.argv[1], "hate"), sys.argv[2]
os.makedirs(out, exist_ok=True)


def opened(*p):
    return (gzip.open if p[-1].endswith(".gz") else open)(os.path.join(data, *p), "rt", encoding="utf-8", newline="\n")


def lines(*p):
    return [line.rstrip("\r\n") for line in opened(*p)]


def table(*p, **k):
    return list(csv.DictReader(opened(*p), **k))


def write(name, rows, columns=("text", "label")):
    with open(os.path.join(out, name), "w", encoding="utf-8", newline="") as f:
        w = csv.writer(f)
        w.writerow(columns)
        w.writerows(rows)
    counts = {}
    for r in rows:
        counts[r[1]] = counts.get(r[1], 0) + 1
    print(f"{name}: {len(rows)} records, {dict(sorted(counts.items()))}")


davidson = [(r["tweet"], r["class"]) for r in table("davidson", "labeled_data.csv.gz")]
write("davidson_train.csv", [r for i, r in enumerate(davidson) if i % 5])
write("davidson_test.csv", [r for i, r in enumerate(davidson) if i % 5 == 0])
labels = dict(l.split(",") for l in lines("olid", "labels-levela.csv"))
write("olid_test.csv", [(r["tweet"], labels[r["id"]]) for r in table("olid", "testset-levela.tsv", delimiter="\t", quoting=csv.QUOTE_NONE)])
write("hateval_test.csv", list(zip(lines("tweeteval", "hate", "test_text.txt.gz"), [{"1": "hate", "0": "not"}[l.strip()] for l in lines("tweeteval", "hate", "test_labels.txt")])))
write("forum_test.csv", [(r["text"], r["label"]) for r in table("forum_sentences", "sentences.tsv.gz", delimiter="\t", quoting=csv.QUOTE_NONE) if r["split"] == "test"])
write("hatecheck.csv", [(r["test_case"], r["label_gold"], r["functionality"], r["target_ident"]) for r in table("hatecheck", "test_suite_cases.csv.gz")],
      ("text", "label", "functionality", "group"))
for part, name in (("training", "train"), ("test", "test")):
    write(f"germeval_{name}.csv", [tuple(l.split("\t")[:2]) for l in lines("germeval2018", f"germeval2018.{part}.txt.gz")])
tweets = [t for i, (t, _) in enumerate(davidson) if i % 5]
for part in ("hate/train_text.txt.gz", "hate/val_text.txt", "offensive/train_text.txt.gz", "offensive/val_text.txt", "emotion/train_text.txt.gz", "emotion/val_text.txt", "emoji/val_text.txt.gz"):
    tweets += lines("tweeteval", *part.split("/"))
tweets += [r["text"] for r in table("forum_sentences", "sentences.tsv.gz", delimiter="\t", quoting=csv.QUOTE_NONE) if r["split"] != "test"]
tweets = [" ".join(t.split()) for t in tweets]
with open(os.path.join(out, "tweets.txt"), "w", encoding="utf-8") as f:
    f.writelines(t + "\n" for t in tweets if t)
print(f"tweets.txt: {sum(t != '' for t in tweets)} texts")
