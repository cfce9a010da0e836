"""The package `tokenizers` as a filter for tests: for each line of standard input, a JSON string, a line of JSON with what it makes of it.

usage: python testdata/gen/tokenize_peer.py tokenizer.json < texts.jsonl > encodings.jsonl
"""
import json, sys
from tokenizers import Tokenizer


def row(t, e, skipped):
    return {"ids": e.ids, "offsets": e.offsets, "words": e.word_ids, "types": e.type_ids, "special": e.special_tokens_mask,
            "decoded": t.decode(e.ids, skip_special_tokens=False), "skipped": t.decode(e.ids) if skipped else None}


def main():
    t = Tokenizer.from_file(sys.argv[1])
    t.no_truncation()
    t.no_padding()
    out = sys.stdout
    for line in sys.stdin:
        try:
            answer = row(t, t.encode(json.loads(line)), True)
        except BaseException as e:  # a panic of the package is no Exception
            answer = {"error": str(e)}
        out.write(json.dumps(answer, separators=(",", ":")) + "\n")
    out.flush()


if __name__ == "__main__":
    main()
