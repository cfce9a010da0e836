"""Write the text that the word vector races are run on: the English novels, one line of theirs a sentence.

Lower-cased, words are runs of [a-z0-9'], lines of fewer than three words are left out, files in the order of their names.
13.7 million words.

usage: wordvec_text.py novels_en/ OUT.txt
"""
import gzip
import pathlib
import re
import sys

WORD = re.compile(r"[a-z0-9']+")

folder, out = pathlib.Path(sys.argv[1]), sys.argv[2]
lines = words = 0
with open(out, "w") as f:
    for path in sorted(folder.glob("*.txt.gz")):
        for line in gzip.open(path, "rt", encoding="utf-8"):
            found = WORD.findall(line.lower())
            if len(found) >= 3:
                f.write(" ".join(found) + "\n")
                lines, words = lines + 1, words + len(found)
print(f"{lines} lines, {words} words")
