"""The package `tiktoken` as a filter for tests: the ids of each text of standard input. All numbers are int32, least byte first.

usage: python testdata/gen/tokenize_tiktoken.py encode RANKS.tiktoken ENCODING < texts > ids     ENCODING: gpt2, cl100k_base, o200k_base or tekken
A text is its length in bytes and its bytes; the answer is the number of ids and the ids. The pattern is the package's own for that encoding.

       python testdata/gen/tokenize_tiktoken.py tekken RANKS.tiktoken                            (package mistral-common)
writes the 130,072 ranks of Mistral's tekken_240718.json and prints its pattern.
"""
import base64, importlib.util, json, os, sys
from array import array


def tekken():
    [folder] = importlib.util.find_spec("mistral_common").submodule_search_locations  # found, not imported: that needs more packages
    return json.load(open(os.path.join(folder, "data", "tekken_240718.json"), encoding="utf-8"))


def write_tekken(path):
    t = tekken()
    n = t["config"]["default_vocab_size"] - t["config"]["default_num_special_tokens"]
    with open(path, "w") as f:
        for rank, v in enumerate(t["vocab"][:n]):
            assert v["rank"] == rank
            f.write(f"{v['token_bytes']} {rank}\n")
    print(t["config"]["pattern"], end="")


def pattern(name):
    if name == "tekken":
        return tekken()["config"]["pattern"]
    import tiktoken_ext.openai_public as public
    public.load_tiktoken_bpe = public.data_gym_to_mergeable_bpe_ranks = lambda *a, **k: {f"{i}": i for i in range(50256)}  # nothing is fetched
    return getattr(public, name)()["pat_str"]


def encode(path, name):
    import tiktoken
    ranks = {base64.b64decode(a): int(b) for a, b in (line.split() for line in open(path))}
    t = tiktoken.Encoding(name, pat_str=pattern(name), mergeable_ranks=ranks, special_tokens={})
    read, out = sys.stdin.buffer.read, sys.stdout.buffer
    while head := read(4):
        ids = t.encode_ordinary(read(int.from_bytes(head, "little")).decode())
        out.write(array("i", [len(ids), *ids]).tobytes())
    out.flush()


if __name__ == "__main__":
    {"encode": encode, "tekken": write_tekken}[sys.argv[1]](*sys.argv[2:])
