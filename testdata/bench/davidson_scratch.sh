#!/bin/sh
# A classifier from nothing: a tokenizer and an encoder (3 layers, 192 wide) from unlabelled tweets, then Davidson's labels; the same encoder without
# pretraining beside it. No test text is in any training: what nearly repeats one is left out, with counts.
#
# usage: davidson_scratch.sh CLOZE SETS OUT SEED STEPS     SETS is what classify_sets.py wrote; OUT is made. STEPS 1 is the encoder unpretrained.
set -eu
cloze=$1 sets=$2 out=$3 seed=$4 steps=$5
mkdir -p "$out"
tests="--exclude $sets/davidson_test.csv#text --exclude $sets/olid_test.csv#text --exclude $sets/hateval_test.csv#text --exclude $sets/forum_test.csv#text --exclude $sets/hatecheck.csv#text"
cat > "$out/bert.json" <<END
{"model_type":"bert","vocab_size":8192,"hidden_size":192,"num_hidden_layers":3,"num_attention_heads":4,"intermediate_size":768,
 "max_position_embeddings":128,"type_vocab_size":2,"hidden_dropout_prob":0.0,"attention_probs_dropout_prob":0.0}
END
"$cloze" tokenizer train --quiet --model wordpiece --vocab-size 8192 --out "$out/tokenizer.json" "$sets/tweets.txt"
"$cloze" pretrain --objective masked-token --model "$out/bert.json" --tokenizer "$out/tokenizer.json" --out "$out/run" --threads "${THREADS:-2}" $tests \
	--set masking.mlm_probability=0.25 --set data.blocks=documents --set train.block_size=120 --set train.batch_size=16 --set "train.steps=$steps" \
	--set train.learning_rate=0.002 --set "train.warmup_steps=$((steps < 200 ? 0 : 200))" --set train.eval_every=500 --set "train.seed=$seed" "$sets/tweets.txt"
"$cloze" finetune --model "$out/run" --out "$out/classifier" --threads "${THREADS:-2}" --seed "$seed" --set encoder.max_length=64 --set encoder.dropout=0.1 --set encoder.learning_rate=5e-4 \
	--set thresholds=true "$sets/davidson_train.csv"
"$cloze" eval classifier "$out/classifier" "$sets/davidson_test.csv" --json > "$out/davidson.json"
