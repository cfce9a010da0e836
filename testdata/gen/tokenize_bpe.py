"""Golden numbers for byte-level BPE from the packages `tokenizers` and `transformers`.

usage: python testdata/gen/tokenize_bpe.py     writes testdata/tokenize/bpe.json and testdata/tokenize/train.json
"""
import json, os, random, tempfile, tokenizers, transformers
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tokenize")

TRAIN = [
    "The quick brown fox's tail isn't long; they've said it'll grow, we'd agree. I'm sure you're right.",
    "the green tea and the green tree: 12 trees, 345 teas, 6.7 % of the tea's price\n\n\tthe end  \n",
    "der lind wurm schlief am see und der wind sang leise ✓ größer als Straßen",
    "def f(x):\n    return x == 1 and x != 2  # aaaa aaaaa aaaaaa\n\tif x:\n\t\tpass\n",
    "日本語のテキスト 日本語 テキスト é日 éé naïve café",
    "zyzyxwxw xwxwzyzy banana bananas ananas",
]


def strings():
    out = ["", " ", "a", " a", "a ", "  a  ", "green tea", " green tea ", "é日", "Hello's world\n\n  é日", "they've 'sensible' 'll 'S 've", "a <x> b", "<x>a<x><x> b",
           "die abcs", "abc", "xabcx abc", "\t<m> \n x", "\r\n\r\nx\u00a0y\u3000 z\u2028\u2028w", "1²½Ⅷ٣ x2", "don''t ''s '", "aaaaaaaaaaaaaaaaaaa", "🤗🤗 👩‍👩‍👧 e\u0301",
           "\u1c89\u1c8a \U000105c0 \U0002ebf0\U00010d40", "x\x00\x1f\x7f\x80y", "\ufffd \ufeff"]
    r = random.Random(7)
    pools = [" \n\t'ntsdab<x>mc12.!", "éßдж日本語한🤗\u0301\u200d\u00a0\u2003\u0085 '"]
    for _ in range(40):
        out.append("".join(r.choice(r.choice(pools)) for _ in range(r.randrange(1, 24))))
    return out


def trained(vocab=330, prefix=False, regex=True, **kw):
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix, use_regex=regex)
    t.decoder = decoders.ByteLevel()
    t.train_from_iterator(TRAIN, trainers.BpeTrainer(vocab_size=vocab, special_tokens=["<|endoftext|>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False, **kw))
    return t


def variants():
    yield "plain", trained()
    for trim in (False, True):
        t = trained(); t.post_processor = processors.ByteLevel(add_prefix_space=False, trim_offsets=trim); yield f"trim {trim}", t
        t = trained(prefix=True); t.post_processor = processors.ByteLevel(add_prefix_space=True, trim_offsets=trim); yield f"prefix, trim {trim}", t
    yield "no regex", trained(regex=False)
    t = trained(); t.add_special_tokens(["<s>", "</s>", AddedToken("<m>", lstrip=True)])
    t.post_processor = processors.RobertaProcessing(("</s>", t.token_to_id("</s>")), ("<s>", t.token_to_id("<s>")), trim_offsets=True, add_prefix_space=False); yield "roberta", t
    t = trained(); t.add_special_tokens(["<s>", "<x>"])
    t.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), processors.TemplateProcessing(single="<s> $A:1 <s>:2", special_tokens=[("<s>", t.token_to_id("<s>"))])]); yield "template", t
    for kw in ({}, {"lstrip": True}, {"rstrip": True}, {"lstrip": True, "rstrip": True}, {"single_word": True}):
        t = trained(); t.add_special_tokens([AddedToken("<x>", **kw)]); t.add_tokens([AddedToken("abc", **kw), AddedToken("<x>a", normalized=False)]); yield f"added {kw}", t
    t = trained(); j = json.loads(t.to_str()); j["model"]["ignore_merges"] = True; j["model"]["merges"] = j["model"]["merges"][:20]; yield "ignore_merges", Tokenizer.from_str(json.dumps(j))


def rewritten(t):
    """What a writer must produce for t in the form that every version reads: merges as "a b". Both packages open it, with equal ids."""
    j = json.loads(t.to_str())
    j["model"]["merges"] = [" ".join(m) for m in j["model"]["merges"]]
    text = json.dumps(j, indent=2, ensure_ascii=False) + "\n"
    again = Tokenizer.from_str(text)
    with tempfile.TemporaryDirectory() as d:
        open(os.path.join(d, "tokenizer.json"), "w", encoding="utf-8").write(text)
        fast = transformers.PreTrainedTokenizerFast(tokenizer_file=os.path.join(d, "tokenizer.json"))
        for s in strings():
            assert again.encode(s).ids == t.encode(s).ids == fast(s)["input_ids"], s
    return text


def main():
    texts, cases = strings(), []
    for name, t in variants():
        rows = []
        for s in texts:
            e = t.encode(s)
            rows.append({"ids": e.ids, "tokens": e.tokens, "offsets": e.offsets, "words": e.word_ids, "types": e.type_ids, "special": e.special_tokens_mask,
                         "decoded": t.decode(e.ids, skip_special_tokens=False), "skipped": t.decode(e.ids, skip_special_tokens=True)})
        cases.append({"name": name, "tokenizer": json.loads(t.to_str()), "rows": rows, "written": rewritten(t) if name in ("roberta", "plain") else ""})
    versions = {"tokenizers": tokenizers.__version__, "transformers": transformers.__version__}
    with open(os.path.join(HERE, "bpe.json"), "w", encoding="utf-8") as f:
        json.dump({"versions": versions, "texts": texts, "cases": cases}, f, ensure_ascii=False, separators=(",", ":"))
    runs = []
    for vocab, freq in ((257, 0), (300, 0), (400, 2), (5000, 0), (5000, 3)):
        m = json.loads(trained(vocab, min_frequency=freq).to_str())["model"]
        runs.append({"vocab_size": vocab, "min_frequency": freq, "merges": [" ".join(x) for x in m["merges"]], "reached": len(m["vocab"])})
    with open(os.path.join(HERE, "train.json"), "w", encoding="utf-8") as f:
        json.dump({"versions": versions, "texts": TRAIN, "runs": runs}, f, ensure_ascii=False, indent=1)


main()
