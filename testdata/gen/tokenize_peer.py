"""The package `tokenizers` as a filter for tests: what it makes of each text of standard input. All numbers are int32, least byte first.

usage: python testdata/gen/tokenize_peer.py tokenizer.json < texts > encodings
A text is its length in bytes and its bytes. The answer is the number of tokens n, n ids, 2n offsets, n word numbers (-1 for none), n types, n times 0 or 1 for
special, then the decoded text and that without special tokens, both as texts; or -1 and a text with the error.
"""
import itertools, sys
from array import array
from tokenizers import Tokenizer


def text(s):
    raw = s.encode()
    return array("i", [len(raw)]).tobytes() + raw


def answer(t, e):
    ids = e.ids
    numbers = array("i", [len(ids)])
    numbers.extend(ids)
    numbers.extend(itertools.chain.from_iterable(e.offsets))
    numbers.extend(-1 if w is None else w for w in e.word_ids)
    numbers.extend(e.type_ids)
    numbers.extend(e.special_tokens_mask)
    return numbers.tobytes() + text(t.decode(ids, skip_special_tokens=False)) + text(t.decode(ids))


def main():
    t = Tokenizer.from_file(sys.argv[1])
    t.no_truncation()
    t.no_padding()
    read, out = sys.stdin.buffer.read, sys.stdout.buffer
    while head := read(4):
        s = read(int.from_bytes(head, "little")).decode()
        try:
            row = answer(t, t.encode(s))
        except BaseException as e:  # a panic of the package is no Exception
            row = array("i", [-1]).tobytes() + text(str(e))
        out.write(row)
    out.flush()


if __name__ == "__main__":
    main()
