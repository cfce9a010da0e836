"""One tokenizer for every component of the package `tokenizers` and every value of its switches, with what it makes of strings that stress it.

usage: python testdata/gen/tokenize_components.py     writes testdata/tokenize/components.json.gz
"""
import gzip, itertools, json, os, random, struct, tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, decoders as D, models as M, normalizers as N, pre_tokenizers as P, processors as X, trainers

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tokenize")

TRAIN = [
    "the quick brown fox's tail isn't long; they've said it'll grow, we'd agree. i'm sure you're right. 12 345 6789",
    "der lind wurm schlief am see und der wind sang leise größer als straßen naive cafe unaffable",
    "def f(x):\n    return x == 1 and x != 2  # aaaa aaaaa aaaaaa\n\tif x:\n\t\tpass\n",
    "日本語のテキスト 日本語 テキスト コト 東京 한국어 привет мир здравствуй abc <x> don't",
    "The Quick Brown Fox Hello World Istanbul ISPARTA",
] * 3

CL100K = r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"""
QWEN = CL100K.replace(r"\p{N}{1,3}", r"\p{N}")
O200K = "|".join([
    r"""[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?""",
    r"""[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?""",
    r"""\p{N}{1,3}""", r""" ?[^\s\p{L}\p{N}]+[\r\n/]*""", r"""\s*[\r\n]+""", r"""\s+(?!\S)""", r"""\s+"""])
DEEPSEEK = r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"

TEXTS = ["", " ", "a", "Hello, World!", "  the  quick\tbrown\n\nfox's TAIL isn't  ", "naïve café Naïve Café!", "nai\u0308ve cafe\u0301!", "İstanbul ISPARTA ı",
         "\u30ff コト ﬁ Å ① ½ ㍿", "日本語のテキスト、東京2024年", "ab\x00c\x01\u200b\u200d\ufeff\ufffdd\x7f\x85e", "don't DON'T ''s 've'll 'ſ", "x²½Ⅷ٣ 12345 1,234.5 a1b22c333",
         "한국어 각 \u1100\u1161\u11a8 привет МИР", "a <x> b <x>c abc xabcx ABC Abc", "<x><x>  <x> ", "🤗🤗 👩‍👩‍👧 🇩🇪🇫🇷 e\u0301\u0323\u0301", "ß ẞ ﬀ ǅ ΑΣ ς", "---...!!! -- 'a' \"b\" (c) [d] _e_",
         "aaaaaaaaaaaaaaaaaaaaaaaa " + "b" * 120, "\r\n\r\nx\u00a0y\u3000 z\u2028\u2028w", "def f(x):\n    return x == 1 and x != 2  # aaaa\n", "▁a▁▁b ▁ c_d__e", "\u0915\u094d\u0937\u093f \u0e33 \u0f71\u0f72", "\u1c89 \U000105c0\U0002ebf0\U00010d40"]


def texts(n, seed=11):
    r = random.Random(seed)
    pools = [" \n\t'ntsdabcABC<x>12.!-_▁", "éßдж日本語한🤗\u0301\u0323\u200d\u00a0\u2003\u0085ﬁÅİ", "the fox  don't"]
    return TEXTS + ["".join(r.choice(r.choice(pools)) for _ in range(r.randrange(1, 24))) for _ in range(n - len(TEXTS))]


# Models, small ones trained here.
def alphabet():
    return sorted({c for t in TRAIN for c in t} | {"▁", "_"})


def trained(model, trainer, pre=None):
    t = Tokenizer(model)
    t.pre_tokenizer = pre or P.WhitespaceSplit()
    t.train_from_iterator(TRAIN, trainer)
    return json.loads(t.to_str())["model"]


BPE = trained(M.BPE(unk_token="<unk>"), trainers.BpeTrainer(vocab_size=300, special_tokens=["<unk>", "<s>", "</s>"], initial_alphabet=alphabet(), show_progress=False), P.Metaspace())
LEVEL = trained(M.BPE(), trainers.BpeTrainer(vocab_size=340, special_tokens=["<unk>", "<s>", "</s>"], initial_alphabet=P.ByteLevel.alphabet(), show_progress=False), P.ByteLevel())
PIECES = trained(M.WordPiece(unk_token="[UNK]"), trainers.WordPieceTrainer(vocab_size=260, special_tokens=["[UNK]", "[CLS]", "[SEP]", "[PAD]"], show_progress=False), P.BertPreTokenizer())
SUFFIX = trained(M.BPE(unk_token="<unk>", end_of_word_suffix="</w>"), trainers.BpeTrainer(vocab_size=280, special_tokens=["<unk>"], end_of_word_suffix="</w>", show_progress=False))
PREFIX = trained(M.BPE(unk_token="<unk>", continuing_subword_prefix="##"), trainers.BpeTrainer(vocab_size=280, special_tokens=["<unk>"], continuing_subword_prefix="##", show_progress=False))


def unigram(byte_fallback=False):
    r = random.Random(5)
    words = sorted({w for t in TRAIN for w in ("▁" + t.replace(" ", "▁")).replace("▁", " ▁").split()})
    pieces = sorted({w[i:j] for w in words for i in range(len(w)) for j in range(i + 2, min(len(w), i + 6) + 1)})
    vocab = [["<unk>", 0.0], ["<s>", 0.0], ["</s>", 0.0]] + [[p, -3 - r.random() * 6] for p in r.sample(pieces, 150)] + [[c, -8 - r.random() * 3] for c in alphabet() if c.strip()]
    if byte_fallback:
        vocab += [[f"<0x{b:02X}>", -9.5] for b in range(256)]
    return {"type": "Unigram", "unk_id": 0, "vocab": vocab, "byte_fallback": byte_fallback}


def with_bytes(model, skip=()):
    m = json.loads(json.dumps(model))
    n = max(m["vocab"].values()) + 1
    for b in range(256):
        if b not in skip:
            m["vocab"][f"<0x{b:02X}>"] = n
            n += 1
    m["byte_fallback"] = True
    return m


def word_level():
    words = sorted({w for t in TRAIN for w in t.split()} | set("abc12.!▁_"))
    return {"type": "WordLevel", "vocab": {w: i for i, w in enumerate(["<unk>", "<s>", "</s>"] + words)}, "unk_token": "<unk>"}


FALL = with_bytes(BPE)


def build(model=FALL, normalizer=None, pre=None, post=None, decoder=None, added=(), special=("<s>", "</s>"), truncation=None, padding=None, **switches):
    names = model["vocab"] if isinstance(model["vocab"], dict) else {p: i for i, (p, _) in enumerate(model["vocab"])}
    t = Tokenizer.from_str(json.dumps({"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None, "pre_tokenizer": None, "post_processor": None, "decoder": None,
                                       "model": {**model, **switches}}))
    for name, part in (("normalizer", normalizer), ("pre_tokenizer", pre), ("post_processor", post), ("decoder", decoder)):
        if part is not None:
            setattr(t, name, part)
    t.add_special_tokens([s for s in special if s in names])
    for a in added:
        (t.add_special_tokens if a.special else t.add_tokens)([a])
    if truncation:
        t.enable_truncation(**truncation)
    if padding:
        t.enable_padding(**padding)
    return t


def charsmap(rules):
    """A precompiled charsmap of several rules (Darts-clone's double array: offset << 10 | leaf << 8 | label)."""
    blob, tree = b"", {}
    for source, target in rules.items():
        node = tree
        for b in source.encode():
            node = node.setdefault(b, {})
        node[None] = len(blob)
        blob += target.encode() + b"\0"
    units, queue, block = [0] * 256, [(tree, 0)], 0
    for node, pos in queue:
        block += 256
        units += [0] * 256
        units[pos] |= (pos ^ block) << 10
        for label, child in node.items():
            if label is None:
                units[pos] |= 1 << 8
                units[block] = 1 << 31 | child
            else:
                units[block ^ label] |= label
                queue.append((child, block ^ label))
    return struct.pack("<I", 4 * len(units)) + struct.pack(f"<{len(units)}I", *units) + blob


RULES = {"ﬁ": "fi", "Å": "Å", "①": "1", "\u00a0": " ", "\u200b": "", "\x01": "", "e\u0301": "é", "½": "1/2", "\u3000": " ", "\r\n": "\n", "İ": "I", "ß": "ss"}


def normalizers_():
    for clean, chinese, accents, lower in itertools.product((True, False), (True, False), (None, True, False), (True, False)):
        yield f"bert {clean} {chinese} {accents} {lower}", N.BertNormalizer(clean, chinese, accents, lower)
    for left, right in ((True, False), (False, True), (True, True)):
        yield f"strip {left} {right}", N.Strip(left, right)
    for n in (N.StripAccents(), N.NFC(), N.NFD(), N.NFKC(), N.NFKD(), N.Lowercase(), N.Nmt(), N.ByteLevel()):
        yield type(n).__name__, n
    yield "prepend", N.Prepend("▁")
    yield "prepend two", N.Prepend("xé")
    yield "replace string", N.Replace("a", "bb")
    yield "replace two", N.Replace("''", '"')
    yield "replace by nothing", N.Replace("a", "")
    for p in (r"\s+", r" {2,}", r"(?i)abc", r"[\p{P}--]".replace("--", ""), r"(?<=a)b", r"\d+(?=\d)", r"^\s", r"a|ab"):
        yield f"replace {p}", N.Replace(Regex(p), "·")
    yield "precompiled", N.Precompiled(charsmap(RULES))
    yield "sequence accents", N.Sequence([N.NFD(), N.Lowercase(), N.StripAccents()])
    yield "sequence llama", N.Sequence([N.Prepend("▁"), N.Replace(" ", "▁")])
    yield "sequence t5", N.Sequence([N.Precompiled(charsmap(RULES)), N.Strip(False, True), N.Replace(Regex(" {2,}"), "▁")])
    yield "sequence forms", N.Sequence([N.NFKC(), N.NFD(), N.Nmt(), N.NFC()])


BEHAVIOURS = ("removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous")


def pre_tokenizers_():
    for p in (P.BertPreTokenizer(), P.Whitespace(), P.WhitespaceSplit(), P.UnicodeScripts(), P.CharDelimiterSplit("a"), P.CharDelimiterSplit("語"), P.Digits(False), P.Digits(True), P.FixedLength(1), P.FixedLength(5)):
        yield str(p)[:40], p
    for prefix, regex in itertools.product((True, False), (True, False)):
        yield f"byte level {prefix} {regex}", P.ByteLevel(add_prefix_space=prefix, use_regex=regex)
    for scheme, split in itertools.product(("always", "never", "first"), (True, False)):
        yield f"metaspace {scheme} {split}", P.Metaspace("▁", scheme, split)
    yield "metaspace _", P.Metaspace("_", "always", True)
    for b in BEHAVIOURS:
        yield f"punctuation {b}", P.Punctuation(b)
        for invert in (False, True):
            yield f"split string {b} {invert}", P.Split("a", b, invert)
            yield f"split regex {b} {invert}", P.Split(Regex(r"\s+|\d"), b, invert)
    for name, p in (("cl100k", CL100K), ("qwen", QWEN), ("o200k", O200K), ("deepseek", DEEPSEEK), ("gpt2", GPT2)):
        yield f"split {name}", P.Split(Regex(p), "isolated")
        yield f"split {name}, bytes", P.Sequence([P.Split(Regex(p), "isolated"), P.ByteLevel(add_prefix_space=False, use_regex=False)])
        yield f"split {name} removed inverted", P.Split(Regex(p), "removed", invert=True)
    for p in (r"\b", r"(?i:ab)c?", r"\w+", r"\W", r"[[:punct:]]", r"[[:upper:]][[:lower:]]*", r"a*", r"a*?b", r"(?:a|b)*+c", r"(?>a+)b", r"x{2}|a{2,3}", r"(?<!a)b", r"(?m)a.b", r"^|$", r"\p{Han}|\p{^L}", r"[^\W\d_]", r"\R", r"\A.|.\z",
              r"\h+", r"[a-c&&[^b]]", r"[一-龥\u3040-\u309F]+", r"\s?\p{L}++", r"\x61|\u0062"):
        yield f"split {p}", P.Split(Regex(p), "isolated")
    yield "sequence t5", P.Sequence([P.WhitespaceSplit(), P.Metaspace("▁", "always", True)])
    yield "sequence first", P.Sequence([P.WhitespaceSplit(), P.Metaspace("▁", "first", True)])
    yield "sequence falcon", P.Sequence([P.Punctuation("contiguous"), P.ByteLevel(False), P.Digits(False), P.Split(Regex("[0-9][0-9][0-9]"), "isolated")])
    yield "sequence digits", P.Sequence([P.Digits(True), P.ByteLevel(True, use_regex=True)])
    yield "sequence scripts", P.Sequence([P.UnicodeScripts(), P.Punctuation(), P.WhitespaceSplit()])


def models_():
    plain = {**BPE, "byte_fallback": False}
    for fuse, unk in itertools.product((True, False), ("<unk>", None)):
        yield f"bpe fuse {fuse} unk {unk}", build(plain, fuse_unk=fuse, unk_token=unk, pre=P.Metaspace())
    yield "bpe bytes", build(FALL, pre=P.Metaspace())
    yield "bpe bytes, no pre-tokenizer", build(FALL, normalizer=N.Sequence([N.Prepend("▁"), N.Replace(" ", "▁")]), fuse_unk=True)
    for fuse in (True, False):
        yield f"bpe some bytes, fuse {fuse}", build(with_bytes(BPE, skip=(0xE8, 0xF0, 0xC3)), pre=P.Metaspace(), fuse_unk=fuse)
    yield "bpe some bytes, no unk", build(with_bytes(BPE, skip=(0xE8, 0xF0, 0xC3)), pre=P.Metaspace(), unk_token=None)
    yield "bpe ignore merges", build(plain, pre=P.Metaspace(), ignore_merges=True)
    yield "bpe ignore merges, few", build({**plain, "merges": plain["merges"][:5]}, pre=P.Metaspace(), ignore_merges=True)
    for name, m in (("suffix", SUFFIX), ("prefix", PREFIX)):
        for b in (False, True):
            yield f"bpe {name} bytes {b}", build(with_bytes(m) if b else m, pre=P.WhitespaceSplit())
        yield f"bpe {name} fuse", build(m, pre=P.Punctuation(), fuse_unk=True)
    yield "bpe prefix and suffix", build({**PREFIX, "end_of_word_suffix": "</w>"}, pre=P.WhitespaceSplit())
    yield "bpe dropout 0", build(plain, dropout=0.0, pre=P.Metaspace())
    yield "bpe level, normaliser", build(LEVEL, normalizer=N.NFC(), pre=P.ByteLevel(False), decoder=D.ByteLevel())
    yield "bpe level by normaliser", build(LEVEL, normalizer=N.ByteLevel(), decoder=D.ByteLevel())
    for limit in (3, 100):
        yield f"wordpiece limit {limit}", build(PIECES, pre=P.BertPreTokenizer(), max_input_chars_per_word=limit)
    yield "wordpiece whole", build(PIECES)
    other = {**PIECES, "vocab": {k.replace("##", "@@"): v for k, v in PIECES["vocab"].items()}, "continuing_subword_prefix": "@@"}
    yield "wordpiece @@", build(other, pre=P.WhitespaceSplit())
    yield "wordpiece no prefix", build(PIECES, pre=P.WhitespaceSplit(), continuing_subword_prefix="")
    for p in (P.WhitespaceSplit(), P.Whitespace(), None):
        yield f"word level {p}", build(word_level(), pre=p)
    for b in (False, True):
        yield f"unigram bytes {b}", build(unigram(b), pre=P.Metaspace())
        yield f"unigram whole bytes {b}", build(unigram(b), normalizer=N.Replace(" ", "▁"))
        yield f"unigram unk elsewhere {b}", build(unigram(b), pre=P.Metaspace(), unk_id=9)


def post_():
    level = dict(model=LEVEL, pre=P.ByteLevel(False), decoder=D.ByteLevel())
    s, e = ("<s>", 1), ("</s>", 2)
    yield "bert post", build(PIECES, pre=P.BertPreTokenizer(), post=X.BertProcessing(("[SEP]", 2), ("[CLS]", 1)))
    for trim, prefix in itertools.product((True, False), (True, False)):
        yield f"roberta {trim} {prefix}", build(**level, post=X.RobertaProcessing(e, s, trim, prefix))
        yield f"roberta metaspace {trim} {prefix}", build(unigram(), pre=P.Metaspace(), post=X.RobertaProcessing(e, s, trim, prefix))
        yield f"byte level post {trim} {prefix}", build(FALL, normalizer=N.Replace("a", " "), post=X.ByteLevel(prefix, trim))
    for single, pair in (("<s> $A </s>", "<s> $A </s> $B:1 </s>:1"), ("$A:3 <s>:2", "$B:1 $A:2"), ("$0", "$A $B"), ("<s> <s> $A $A", "$A </s> </s> $B </s>"), ("$A </s>", None)):
        yield f"template {single}", build(FALL, pre=P.Metaspace(), post=X.TemplateProcessing(single=single, pair=pair, special_tokens=[s, e]) if pair else X.TemplateProcessing(single=single, special_tokens=[s, e]))
    yield "template of two ids", build(FALL, post=X.TemplateProcessing(single="both $A", pair="both $A both $B", special_tokens=[{"id": "both", "ids": [1, 2], "tokens": ["<s>", "</s>"]}]))
    yield "post sequence", build(**level, post=X.Sequence([X.ByteLevel(False, True), X.TemplateProcessing(single="<s> $A </s>", pair="<s> $A </s> $B </s>", special_tokens=[s, e])]))


def decoders_():
    for n, d in (("ByteLevel", D.ByteLevel()), ("ByteFallback", D.ByteFallback()), ("Fuse", D.Fuse()), ("Metaspace", D.Metaspace()), ("Metaspace never", D.Metaspace("▁", "never")), ("Metaspace first", D.Metaspace("▁", "first")), ("Metaspace _", D.Metaspace("_")),
                 ("Replace", D.Replace("▁", " ")), ("Replace regex", D.Replace(Regex("[▁a]+"), "-")), ("Strip", D.Sequence([D.Fuse(), D.Strip("▁", 2, 0)])), ("Strip start", D.Strip("▁", 1, 0)), ("CTC", D.CTC("a", "▁", True)), ("CTC plain", D.CTC("a", "▁", False)),
                 ("WordPiece", D.WordPiece("▁", False)), ("WordPiece cleanup", D.WordPiece("##", True)), ("BPEDecoder", D.BPEDecoder("a")),
                 ("llama", D.Sequence([D.Replace("▁", " "), D.ByteFallback(), D.Fuse(), D.Strip(" ", 1, 0)]))):
        yield f"decoder {n}", build(FALL, pre=P.Metaspace(), decoder=d, added=[AddedToken("abc"), AddedToken("<x>", special=True)])
    yield "decoder wordpiece", build(PIECES, normalizer=N.BertNormalizer(), pre=P.BertPreTokenizer(), decoder=D.WordPiece())
    yield "decoder suffix", build(SUFFIX, pre=P.WhitespaceSplit(), decoder=D.BPEDecoder())
    yield "decoder none", build(PIECES, pre=P.BertPreTokenizer())


def added_():
    switches = ({}, {"lstrip": True}, {"rstrip": True}, {"lstrip": True, "rstrip": True}, {"single_word": True})
    for kw, normalized, special in itertools.product(switches, (True, False), (True, False)):
        tokens = [AddedToken("<x>", special=special, normalized=normalized, **kw), AddedToken("Abc", special=special, normalized=normalized, **kw)]
        yield f"added {kw} {normalized} {special}", build(FALL, normalizer=N.Lowercase(), pre=P.Metaspace(), added=tokens)
    yield "added level prefix", build(LEVEL, pre=P.ByteLevel(True), decoder=D.ByteLevel(), added=[AddedToken("abc"), AddedToken("<x>", special=True)])
    yield "added prepend", build(FALL, normalizer=N.Sequence([N.Prepend("▁"), N.Replace(" ", "▁")]), added=[AddedToken("abc"), AddedToken("<x>", special=True), AddedToken("a b", normalized=True)])
    yield "added blanks", build(FALL, pre=P.Metaspace("▁", "first"), added=[AddedToken("  "), AddedToken(" a", normalized=False), AddedToken("語")])
    yield "added pieces", build(PIECES, normalizer=N.BertNormalizer(), pre=P.BertPreTokenizer(), added=[AddedToken("Café"), AddedToken("the"), AddedToken("[PAD]", special=True)])


def limits_():
    post = X.TemplateProcessing(single="<s> $A </s>", pair="<s> $A </s> $B:1 </s>:1", special_tokens=[("<s>", 1), ("</s>", 2)])
    for n, strategy, side, stride in ((8, "longest_first", "right", 0), (8, "longest_first", "left", 0), (8, "longest_first", "right", 2), (9, "only_first", "right", 1), (20, "only_second", "right", 0), (3, "longest_first", "right", 0), (7, "longest_first", "left", 3)):
        yield f"truncation {n} {strategy} {side} {stride}", build(FALL, pre=P.Metaspace(), post=post, truncation=dict(max_length=n, strategy=strategy, direction=side, stride=stride))
    for kw in (dict(length=12), dict(length=12, direction="left"), dict(pad_to_multiple_of=8), dict(pad_id=2, pad_type_id=1, pad_token="</s>", length=10, pad_to_multiple_of=4)):
        yield f"padding {kw}", build(FALL, pre=P.Metaspace(), post=post, padding=kw)
    yield "truncation and padding", build(FALL, pre=P.Metaspace(), post=post, truncation=dict(max_length=10), padding=dict(length=10))


def cases():
    for n, x in normalizers_():
        yield f"normalizer {n}", build(normalizer=x)
    for n, x in pre_tokenizers_():
        yield f"pre {n}", build(LEVEL if any(k in n for k in ("byte level", ", bytes", "falcon", "sequence digits")) else FALL, pre=x)
    for f in (models_, post_, decoders_, added_, limits_):
        yield from f()


def row(t, *text):
    try:
        e = t.encode(*text)
    except BaseException as x:  # a panic of the package is no Exception
        return {"error": str(x)[:80]}
    r = {"ids": e.ids, "offsets": [x for o in e.offsets for x in o], "words": [-1 if w is None else w for w in e.word_ids], "types": e.type_ids, "special": e.special_tokens_mask}
    if t.truncation or t.padding:
        r["attention"] = e.attention_mask
        r["sequences"] = [-1 if s is None else s for s in e.sequence_ids]
    try:
        r["decoded"], r["skipped"] = t.decode(e.ids, skip_special_tokens=False), t.decode(e.ids)
    except BaseException as x:
        r["error"] = str(x)[:80]
    return r


def main():
    out, models, strings = [], [], texts(40)
    for name, t in cases():
        rows = [row(t, s) for s in strings]
        pairs = [row(t, a, b) for a, b in zip(strings[3:9], strings[4:10])] if t.post_processor or t.truncation or t.padding else []
        j = json.loads(t.to_str())
        if j["model"] not in models:
            models.append(j["model"])
        j["model"] = models.index(j["model"])
        out.append({"name": name, "tokenizer": j, "rows": rows, "pairs": pairs})
    blob = json.dumps({"tokenizers": tokenizers.__version__, "texts": strings, "models": models, "cases": out}, ensure_ascii=False, separators=(",", ":")).encode()
    with open(os.path.join(HERE, "components.json.gz"), "wb") as f:
        f.write(gzip.compress(blob, 9, mtime=0))
    print(len(out), "tokenizers,", len({c["name"] for c in out}), "names,", len(models), "models,", len(blob), "bytes")


if __name__ == "__main__":
    main()
