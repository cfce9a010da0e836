"""The Unicode tables of the package `tokenizers`, asked for code point by code point: it mixes several versions of Unicode (9 in its normal forms, 8 in its
categories, 16 in its patterns), so no table of Go's equals them.

usage: python testdata/gen/tokenize_unicode.py     writes tokenize/unicode.bin
"""
import base64, json, os, struct, unicodedata, tokenizers
from tokenizers import Tokenizer, normalizers as N, pre_tokenizers as P

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tokenize", "unicode.bin")
ALL = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]


def varint(n):
    out = bytearray()
    while n >= 128:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def ranges(code_points):
    """A set as its number of ranges, then for each the gap since the last one and its length."""
    runs = []
    for c in sorted(code_points):
        if runs and runs[-1][1] == c:
            runs[-1][1] = c + 1
        else:
            runs.append([c, c + 1])
    out, last = varint(len(runs)), 0
    for a, b in runs:
        out += varint(a - last) + varint(b - a)
        last = b
    return out


def mapping(table):
    """Code points and what they become: the gap, how many, each."""
    out, last = varint(len(table)), 0
    for c in sorted(table):
        out += varint(c - last) + varint(len(table[c])) + b"".join(varint(x) for x in table[c])
        last = c
    return out


def charsmap(source, target):
    """A precompiled charsmap of one rule: the double array of the bytes of source (Darts-clone: offset << 10 | leaf << 8 | label)."""
    units = {0: None}
    key, at = source.encode(), 0
    array = [0] * 65536
    # Each node's children lie at (its offset) ^ label; offsets are multiples of 256, one block a node.
    pos, block = 0, 0
    for i, b in enumerate(key):
        block += 256
        array[pos] |= (pos ^ block) << 10
        nxt = block ^ b
        array[nxt] |= b
        pos = nxt
    block += 256
    array[pos] |= (pos ^ block) << 10 | 1 << 8
    array[block] = 1 << 31 | 0
    blob = struct.pack("<I", 4 * len(array)) + struct.pack(f"<{len(array)}I", *array) + target.encode() + b"\0"
    return N.Precompiled(blob)


def scripts():
    """Ranges of code points of one script each (as numbers of our own), found by where UnicodeScripts cuts; those that never cut are left out."""
    cut = P.UnicodeScripts()
    parts = lambda s: len(cut.pre_tokenize_str(s))
    known = {c for c in ALL if parts("a" + chr(c)) == 2 or parts("\u044f" + chr(c)) == 2}
    runs, first = [], []  # start, end, script; a code point of each script
    for c in sorted(known):
        if runs and runs[-1][1] == c and parts(chr(c - 1) + chr(c)) == 1:
            runs[-1][1] = c + 1
            continue
        k = next((i for i, f in enumerate(first) if parts(f + chr(c)) == 1), len(first))
        if k == len(first):
            first.append(chr(c))
        runs.append([c, c + 1, k])
    out, last = varint(len(runs)), 0
    for a, b, k in runs:
        out += varint(a - last) + varint(b - a) + varint(k)
        last = b
    print(len(runs), "ranges of", len(first), "scripts")
    return out


CATEGORIES = "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Co".split()


def matching(pattern):
    """The code points that a pattern for one character matches."""
    find, found = P.Split(tokenizers.Regex(pattern + "+"), "removed", invert=True), []
    for start in range(0, len(ALL), 4096):
        batch = ALL[start:start + 4096]
        for _, (a, b) in find.pre_tokenize_str("".join(map(chr, batch))):
            found += batch[a:b]
    return found


def categories():
    """Ranges of code points of one general category each, as the pattern engine (Oniguruma) has them; those that are not assigned are left out."""
    of = {}
    for k, name in enumerate(CATEGORIES):
        for c in matching("\\p{%s}" % name):
            assert c not in of
            of[c] = k
    runs = []
    for c in sorted(of):
        if runs and runs[-1][1] == c and runs[-1][2] == of[c]:
            runs[-1][1] = c + 1
        else:
            runs.append([c, c + 1, of[c]])
    out, last = varint(len(runs)), 0
    for a, b, k in runs:
        out += varint(a - last) + varint(b - a) + varint(k)
        last = b
    print(len(runs), "ranges of categories,", len(of), "code points")
    return out


def main():
    bert = lambda **kw: N.BertNormalizer(**{**dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False), **kw})
    clean, strip, marks, lower = bert(clean_text=True), bert(strip_accents=True), N.StripAccents(), N.Lowercase()
    nfd, nfkd, nfc = N.NFD(), N.NFKD(), N.NFC()
    sets, cuts = {}, lambda p, c: len(p.pre_tokenize_str("a" + chr(c) + "a"))
    sets["other"] = [c for c in ALL if clean.normalize_str("a" + chr(c) + "a") == "aa"]
    sets["punctuation"] = [c for c in ALL if cuts(P.Punctuation(), c) == 3]
    canonical, compatible, lowered = {}, {}, {}
    for c in ALL:
        s = chr(c)
        if not 0xAC00 <= c < 0xD7A4:
            d, k = nfd.normalize_str(s), nfkd.normalize_str(s)
            if d != s:
                canonical[c] = [ord(x) for x in d]
            if k != d:
                compatible[c] = [ord(x) for x in k]
        l = lower.normalize_str(s)
        if l != s:
            lowered[c] = [ord(x) for x in l]
    sets["nonspacing"] = [c for c in ALL if c not in canonical and not 0xAC00 <= c < 0xD7A4 and strip.normalize_str("a" + chr(c) + "a") == "aa"]
    sets["mark"] = [c for c in ALL if marks.normalize_str("a" + chr(c) + "a") == "aa"]
    sets["numeric"] = [c for c in ALL if cuts(P.Digits(individual_digits=True), c) == 3]
    space = {c for c in ALL if len(P.WhitespaceSplit().pre_tokenize_str("a" + chr(c) + "a")) == 2}
    white = P.Whitespace()
    assert space == {c for c in ALL if len(white.pre_tokenize_str("." + chr(c) + ".")) == 2}, "the two kinds of white space differ"
    assert space == {9, 10, 11, 12, 13, 32, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000}
    sets["word"] = [c for c in ALL if len(white.pre_tokenize_str("a" + chr(c) + "a")) == 1]
    joiner = charsmap("x", "y")
    assert joiner.normalize_str("ax.") == "ay."
    sets["extend"] = [c for c in ALL if c not in (0x78,) and joiner.normalize_str("x" + chr(c)) == "y"]
    sets["pattern word"], sets["alphabetic"] = matching(r"\w"), matching("[[:alpha:]]")
    classes = {}
    for c in ALL:
        k, s = unicodedata.combining(chr(c)), chr(c)
        if k and c not in canonical:
            before, after = ("a\u0301" + s, "a" + s + "\u0301") if k < 230 else ("a\u0345" + s, "a" + s + "\u0345") if k < 240 else ("a" + s + "\u0301", "a\u0301" + s)
            if nfd.normalize_str(before) == after:
                classes[c] = [k]
    pairs = {}
    for c, d in canonical.items():
        if nfc.normalize_str(chr(c)) == chr(c):
            first = nfc.normalize_str("".join(map(chr, d[:-1])))
            assert len(first) == 1 and nfc.normalize_str(first + chr(d[-1])) == chr(c)
            pairs[c] = [ord(first), d[-1]]
    order = ["other", "punctuation", "nonspacing", "mark", "numeric", "word", "extend", "pattern word", "alphabetic"]
    blob = b"".join(ranges(sets[k]) for k in order) + b"".join(mapping(t) for t in (lowered, canonical, compatible, classes, pairs)) + scripts() + categories()
    with open(OUT, "wb") as f:
        f.write(blob)
    print(tokenizers.__version__, len(blob), {k: len(sets[k]) for k in order}, len(lowered), len(canonical), len(compatible), len(classes), len(pairs))


main()
