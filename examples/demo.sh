#!/usr/bin/env bash
# The whole way on text that every Go user has: the comments and documents of the Go installation.
# Run it with "make demo", which sets up and builds first. It writes to .demo in the repository and begins by
# removing what an earlier demo left there.
set -euo pipefail
cd "$(dirname "$0")/.."
cloze=bin/cloze
out=.demo
goroot=$(go env GOROOT)

say() { printf '\n== %s\n' "$*"; }

# Every hundredth file is held out: nothing below trains on it. Folders named testdata hold no prose (digits of e, compressed text).
mapfile -t files < <(find "$goroot/doc" "$goroot/src" -name testdata -prune -o -type f \( -name '*.go' -o -name '*.md' -o -name '*.txt' \) -print | LC_ALL=C sort)
texts=() held_out=()
for i in "${!files[@]}"; do
  if ((i % 100 == 0)); then held_out+=("${files[i]}"); else texts+=("${files[i]}"); fi
done
# Of a source file its comments are read; a file is a document.
reading=(--set corpus.unit=file)

rm -rf "$out"
mkdir "$out"

say "train a tokenizer on the comments and documents of $goroot"
"$cloze" tokenizer train --vocab-size 2048 "${reading[@]}" --out "$out/tokenizer.json" "${texts[@]}"

say "pretrain a small next-token model"
"$cloze" pretrain --objective next-token --model gpt-micro --tokenizer "$out/tokenizer.json" "${reading[@]}" \
  --steps 2000 --set train.block_size=128 --set train.batch_size=12 \
  --set train.learning_rate=3e-3 --set train.min_learning_rate=3e-4 --set train.eval_every=500 \
  --set data.valid_max_tokens=20000 --out "$out/run" "${texts[@]}"

say "evaluate it on the files it has not seen"
"$cloze" eval lm "$out/run" "${reading[@]}" --json "${held_out[@]}" > "$out/eval.json"
number() { sed -E "s/.*\"$1\":([-0-9.e]+).*/\1/" "$out/eval.json"; }
printf 'model    %.4f bits/byte\nunigram  %.4f bits/byte\n' "$(number bits_per_byte)" "$(number unigram_bits_per_byte)"
awk -v below="$(number below_unigram)" 'BEGIN { printf "the model is %.1f %% below the unigram baseline\n", 100 * below; exit !(below >= 0.3) }' ||
  { echo "demo: the model should be at least 30 % below the unigram baseline" >&2; exit 1; }

say "export it: a folder for transformers, vectors for gensim and others"
"$cloze" export "$out/run" --format hf --out "$out/hf"
"$cloze" export "$out/run" --format word2vec --out "$out/vectors.txt"

say "nearest neighbours in the exported vectors (▁ is the blank before a word)"
"$cloze" neighbors "$out/vectors.txt" -k 5 ▁error ▁string ▁returns ▁package

say "a passage"
"$cloze" generate "$out/run" --prompt "// The reader returns" --max-tokens 60 --temperature 0.8 --seed 7

say "done in $SECONDS seconds"
cat <<END
run folder         $out/run
Hugging Face       $out/hf            AutoModelForCausalLM.from_pretrained("$out/hf")
vectors            $out/vectors.txt   KeyedVectors.load_word2vec_format("$out/vectors.txt")
tokenizer          $out/tokenizer.json
evaluation         $out/eval.json
END
