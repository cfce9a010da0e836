"""A byte-level BPE of 320 tokens, the end of text first, for tests that need a model with a tokenizer.

usage: python testdata/gen/models_tokenizer.py        (from the repository root)
Writes testdata/models/tokenizer.json with the tokenizers library.
"""
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

TEXT = [
    "The pot of tea stands on the table, and the table stands in the kitchen.",
    "Whoever drinks the tea washes the pot; whoever washes the pot may drink the tea.",
    "Im Hof steht ein Baum, und unter dem Baum steht ein Tisch mit einer Kanne.",
]
tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.decoder = decoders.ByteLevel()
tokenizer.train_from_iterator(TEXT * 3, trainers.BpeTrainer(
    vocab_size=320, special_tokens=["<|endoftext|>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
tokenizer.save("testdata/models/tokenizer.json", pretty=False)
print(tokenizer.get_vocab_size(), "tokens")
