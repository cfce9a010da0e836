"""Training beside the packages that install: gigabpe, tokenizers (WordPiece), sentencepiece (Unigram), in fresh processes on the same text.

usage: CLOZE_DATA=... python testdata/bench/tokenize_train.py [novels] [go] [bpe] [wordpiece] [unigram] (run from the repository root; needs go)
16,000 pieces on the novels (75 MB) and the Go sources (90 MB). Prints wall clock, processor time and peak memory of each process; for BPE
and WordPiece how many pieces agree; for Unigram tokens a word and the log-likelihood a word of the best spelling, both on the text itself.
"""
import glob, gzip, json, math, os, re, resource, subprocess, sys, tempfile, time

ENV = dict(os.environ, CGO_ENABLED="0", GOWORK="off")
VOCAB = 16000
LINES = 20_000  # that Unigram's models are compared on


def novels():
    return [gzip.open(p, "rt", encoding="utf-8", newline="").read() for p in sorted(glob.glob(os.environ["CLOZE_DATA"] + "/corpora/novels_en/*.txt.gz"))]


def sources():
    root, out = subprocess.check_output(["go", "env", "GOROOT"], text=True).strip(), []
    for p in sorted(glob.glob(root + "/src/**/*.go", recursive=True)):
        try:
            out.append(open(p, encoding="utf-8", newline="").read().replace("\0", ""))
        except (UnicodeDecodeError, IsADirectoryError):
            pass
    return out


def peer(model, path, out):
    t = time.perf_counter()
    docs = lambda: open(path, encoding="utf-8", newline="").read().split("\0")
    if model == "bpe":
        import gigabpe
        gigabpe.train_tokenizer([path], vocab_size=VOCAB, output=out, pretokenizer="bytelevel", special_tokens=["<|endoftext|>"])
    elif model == "wordpiece":
        from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
        tk = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        tk.normalizer, tk.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
        tk.train_from_iterator(docs(), trainers.WordPieceTrainer(vocab_size=VOCAB, limit_alphabet=1000, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], show_progress=False))
        tk.save(out)
    else:
        import sentencepiece
        lines = (line for d in docs() for line in d.split("\n") if line.strip())
        sentencepiece.SentencePieceTrainer.train(sentence_iterator=lines, model_prefix=out, vocab_size=VOCAB, num_threads=2, max_sentence_length=10**6, minloglevel=2)
    print(f"{time.perf_counter()-t:.1f} s wall", flush=True)


def measured(name, command, env, pick):
    """Runs a program under a small process of its own: a child's peak memory is at least what its parent had when it was made."""
    code = ("import resource, subprocess, sys; o = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, text=True, check=True).stdout; u = resource.getrusage(resource.RUSAGE_CHILDREN);"
            "print(o, f'@{u.ru_utime:.1f} s processor, peak {u.ru_maxrss/1024:.0f} MiB')")
    out, usage = subprocess.run([sys.executable, "-c", code, *command], env=env, stdout=subprocess.PIPE, text=True, check=True).stdout.split("@")
    print(f"  {name}: {pick(out)}, {usage.strip()}", flush=True)


def ours(binary, model, path, out):
    env = dict(ENV, CLOZE_TRAIN_MODEL=model, CLOZE_TRAIN_TEXT=path, CLOZE_TRAIN_VOCAB=str(VOCAB), CLOZE_TRAIN_OUT=out)
    measured("cloze", [binary, "-test.run", "^$", "-test.bench", "BenchmarkFile", "-test.benchtime", "1x", "-test.v"], env,
             lambda o: re.search(r"vocabulary \d+; ([\d.]+ s)", o).group(1) + " wall")


def compare(model, a, b):
    x, y = (json.load(open(p, encoding="utf-8"))["model"] for p in (a, b))
    if model == "bpe":
        # gigabpe cuts a file at line feeds first, so that white space around them merges otherwise.
        merges = lambda m: [tuple(p.split(" ")) if isinstance(p, str) else tuple(p) for p in m["merges"]]
        print(f"  merges in both: {len(set(merges(x)) & set(merges(y)))} of {len(x['merges'])} and {len(y['merges'])}")
    else:
        print(f"  pieces in both: {len(set(x['vocab']) & set(y['vocab']))} of {len(x['vocab'])} and {len(y['vocab'])}")


def quality(path, ours, theirs):
    """Both models without bytes; each with its own scores, unknown characters with the least score less 10, as both programs have it."""
    import sentencepiece
    from tokenizers import Tokenizer
    docs = open(path, encoding="utf-8", newline="").read().split("\0")
    lines = [line for d in docs for line in d.split("\n") if line.strip()]
    lines = lines[:: max(1, len(lines) // LINES)]
    words = sum(len(line.split()) for line in lines)
    t, s = Tokenizer.from_file(ours), sentencepiece.SentencePieceProcessor(model_file=theirs + ".model")
    vocab = json.load(open(ours, encoding="utf-8"))["model"]
    for name, ids, score, unk in (("cloze", lambda x: t.encode(x, add_special_tokens=False).ids, lambda i: vocab["vocab"][i][1], vocab["unk_id"]),
                                  ("sentencepiece", s.encode, s.get_score, s.unk_id())):
        scores = [score(i) for i in range(VOCAB) if i != unk]
        # Scores are digammas: for likelihoods their exponentials are made to add up to one.
        total, least = math.log(sum(math.exp(x) for x in scores if x < 0)), min(scores)
        n = sum_ = unknown = 0
        for line in lines:
            got = ids(line)
            n += len(got)
            sum_ += sum(least - 10 if i == unk else score(i) - total for i in got)
            unknown += got.count(unk)
        print(f"  {name}: {n/words:.4f} tokens a word, log-likelihood {sum_/words:.4f} a word, {unknown} unknown in {n} tokens", flush=True)


def race(name, docs, which):
    with tempfile.TemporaryDirectory() as d:
        path, binary = d + "/text", d + "/test"
        open(path, "w", encoding="utf-8", newline="").write("\0".join(docs))
        subprocess.run(["go", "test", "-c", "-o", binary, "./tokenize/train"], env=ENV, check=True)
        for model in which:
            print(f"{model}, {name}: {os.path.getsize(path)/1e6:.1f} MB, {VOCAB} pieces", flush=True)
            a, b = f"{d}/ours-{model}.json", f"{d}/theirs-{model}"
            ours(binary, "unigram-nobytes" if model == "unigram" else model, path, a)
            measured(dict(bpe="gigabpe", wordpiece="tokenizers", unigram="sentencepiece")[model], [sys.executable, __file__, "peer", model, path, b], ENV, lambda o: o.strip())
            if model == "unigram":
                quality(path, a, b)
            else:
                compare(model, a, b)


if __name__ == "__main__":
    args = sys.argv[1:]
    if args[:1] == ["peer"]:
        peer(*args[1:])
    elif args[:1] == ["quality"]:
        quality(*args[1:])
    else:
        which = [m for m in ("bpe", "wordpiece", "unigram") if m in args] or ["bpe", "wordpiece", "unigram"]
        both = not {"novels", "go"} & set(args)
        if both or "novels" in args:
            race("novels", novels(), which)
        if both or "go" in args:
            race("Go sources", sources(), which)
