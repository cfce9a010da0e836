"""The trained 260k-parameter Llama of llama2.c: what two references make of it.

usage: CLOZE_DATA=... python testdata/gen/llama_stories.py [FOLDER]        (from the repository root)
Reads $CLOZE_DATA/models/stories260K and writes testdata/models/llama_stories.json: ids of a passage, its loss and the
sum of its logits, and greedy text, by transformers' LlamaForCausalLM on the converted weights and by llama2.c's own
arithmetic (run.c, here in numpy: pairs of neighbours are turned, one token at a time, keys and values kept).
The two must agree. FOLDER, if given, receives the model as a Hugging Face folder; no weights are kept in the repository.
"""
import json
import math
import os
import pathlib
import struct
import sys
import tempfile

import numpy as np
import torch
import transformers

TEXT = ("Once upon a time, there was a little girl named Lily. She loved to play outside in the park. One day, she saw a big dog. "
        "The dog was sad. Lily asked, \"Why are you sad?\" The dog said, \"I lost my ball.\" Lily helped the dog to find it.")
GREEDY = 200  # tokens
SOURCE = pathlib.Path(os.environ["CLOZE_DATA"]) / "models" / "stories260K"

data = (SOURCE / "stories260K.bin").read_bytes()
D, F, L, H, KV, V, T = struct.unpack("7i", data[:28])
assert V > 0, "a negative vocabulary marks a table of its own for output"
numbers = np.frombuffer(data, dtype="<f4", offset=28)
K = D // H


def take(*shape):
    global numbers
    n = math.prod(shape)
    part, numbers = numbers[:n].reshape(shape), numbers[n:]
    return part


w = {"embed": take(V, D), "norm1": take(L, D), "q": take(L, H * K, D), "k": take(L, KV * K, D), "v": take(L, KV * K, D), "o": take(L, D, D),
     "norm2": take(L, D), "gate": take(L, F, D), "down": take(L, D, F), "up": take(L, F, D), "norm": take(D)}
assert len(numbers) == T * K, "two rotary tables should follow the weights"


def tokenizer():
    raw, at = (SOURCE / "tok512.bin").read_bytes(), 4
    pieces, scores = [], []
    for _ in range(V):
        score, n = struct.unpack("fi", raw[at:at + 8])
        pieces.append(raw[at + 8:at + 8 + n])
        scores.append(score)
        at += 8 + n
    return pieces, scores


pieces, scores = tokenizer()


def encode(text):
    """bpe_encode of run.c: a blank, the characters (or their bytes from id 3 on), then the best pair again and again."""
    index, ids = {}, [1]
    for i, piece in enumerate(pieces):
        index.setdefault(piece, i)
    for c in " " + text:
        c = c.encode()
        ids += [index[c]] if c in index else [b + 3 for b in c]
    while True:
        pairs = [(scores[index[pieces[a] + pieces[b]]], -i) for i, (a, b) in enumerate(zip(ids, ids[1:])) if pieces[a] + pieces[b] in index]
        if not pairs:
            return ids
        i = -max(pairs)[1]
        ids[i:i + 2] = [index[pieces[ids[i]] + pieces[ids[i + 1]]]]


def norm(x, weight):
    return weight * (x / np.sqrt(np.mean(x * x) + np.float32(1e-5)))


class RunC:
    """One token at a time, as run.c does it."""

    def __init__(self):
        self.keys, self.values = [[] for _ in range(L)], [[] for _ in range(L)]

    def turn(self, x, pos):
        pairs = x.reshape(-1, K // 2, 2)
        angle = (pos * 10000.0 ** (-2 * np.arange(K // 2) / K)).astype("f4")
        a, b = pairs[..., 0], pairs[..., 1]
        return np.stack([a * np.cos(angle) - b * np.sin(angle), a * np.sin(angle) + b * np.cos(angle)], -1).reshape(-1, K)

    def step(self, token, pos):
        x = w["embed"][token].copy()
        for l in range(L):
            y = norm(x, w["norm1"][l])
            q = self.turn(w["q"][l] @ y, pos)
            self.keys[l].append(self.turn(w["k"][l] @ y, pos))
            self.values[l].append((w["v"][l] @ y).reshape(-1, K))
            keys, values = np.stack(self.keys[l]), np.stack(self.values[l])  # [T,KV,K]
            heads = []
            for h in range(H):
                score = keys[:, h // (H // KV)] @ q[h] / np.sqrt(np.float32(K))
                p = np.exp(score - score.max())
                heads.append((p / p.sum()) @ values[:, h // (H // KV)])
            x = x + w["o"][l] @ np.concatenate(heads)
            y = norm(x, w["norm2"][l])
            gate = w["gate"][l] @ y
            x = x + w["down"][l] @ (gate / (1 + np.exp(-gate)) * (w["up"][l] @ y))
        return w["embed"] @ norm(x, w["norm"])


def run_c_greedy():
    model, token, out = RunC(), 1, []
    for pos in range(GREEDY):
        token = int(model.step(token, pos).argmax())
        if token == 1:
            break
        out.append(token)
    return out


def to_hf(folder):
    config = transformers.LlamaConfig(
        vocab_size=V, hidden_size=D, intermediate_size=F, num_hidden_layers=L, num_attention_heads=H, num_key_value_heads=KV,
        max_position_embeddings=T, rms_norm_eps=1e-5, tie_word_embeddings=True, bos_token_id=1, eos_token_id=1)
    model = transformers.LlamaForCausalLM(config)

    def halves(m, heads):  # neighbours 2i, 2i+1 of a head become i, i + K/2
        return m.reshape(heads, K // 2, 2, D).swapaxes(1, 2).reshape(heads * K, D)

    state = {"model.embed_tokens.weight": w["embed"], "lm_head.weight": w["embed"], "model.norm.weight": w["norm"]}
    for l in range(L):
        p = f"model.layers.{l}."
        state |= {p + "input_layernorm.weight": w["norm1"][l], p + "post_attention_layernorm.weight": w["norm2"][l],
                  p + "self_attn.q_proj.weight": halves(w["q"][l], H), p + "self_attn.k_proj.weight": halves(w["k"][l], KV),
                  p + "self_attn.v_proj.weight": w["v"][l], p + "self_attn.o_proj.weight": w["o"][l],
                  p + "mlp.gate_proj.weight": w["gate"][l], p + "mlp.up_proj.weight": w["up"][l], p + "mlp.down_proj.weight": w["down"][l]}
    model.load_state_dict({k: torch.from_numpy(np.array(v)) for k, v in state.items()})
    model.save_pretrained(folder)
    return transformers.LlamaForCausalLM.from_pretrained(folder).eval()


folder = sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()
model = to_hf(folder)
ids = encode(TEXT)
with torch.no_grad():
    logits = model(torch.tensor([ids])).logits[0]
    loss = torch.nn.functional.cross_entropy(logits[:-1], torch.tensor(ids[1:])).item()
    out = model.generate(torch.tensor([[1]]), do_sample=False, max_new_tokens=GREEDY, pad_token_id=0, eos_token_id=1)[0][1:].tolist()
out = out[:-1] if out[-1] == 1 else out

run = RunC()
own = np.stack([run.step(token, pos) for pos, token in enumerate(ids)])
own_loss = float(np.mean([np.log(np.exp(row - row.max()).sum()) + row.max() - row[t] for row, t in zip(own[:-1].astype("f8"), ids[1:])]))
own_greedy = run_c_greedy()
assert out == own_greedy, (out, own_greedy)
assert abs(loss - own_loss) < 1e-5 and np.abs(own - logits.numpy()).max() < 1e-4
text = b"".join(bytes([i - 3]) if 3 <= i < 259 else pieces[i] for i in out).decode().removeprefix(" ")  # ids 3 to 258 are bytes
print(len(ids), "ids, loss", loss, "run.c", own_loss, "perplexity", math.exp(loss), "largest difference", np.abs(own - logits.numpy()).max())
print(text)
pathlib.Path("testdata/models/llama_stories.json").write_text(json.dumps({
    "versions": {"torch": torch.__version__, "transformers": transformers.__version__, "numpy": np.__version__},
    "text": TEXT, "ids": ids, "loss": loss, "run_c_loss": own_loss, "last_logits": logits[-1].tolist(), "greedy": out, "greedy_text": text,
}) + "\n")
