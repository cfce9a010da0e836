"""A training step of a small Llama by transformers' LlamaForCausalLM, the work of objectives/train/bench_test.go: the median time of a step.

usage: llama_step.py V D L H G F T B STEPS [THREADS]
V vocabulary, D width, L layers, H heads of queries, G of keys, F inner width, T tokens in a row, B rows. Untied tables, attention by
scaled_dot_product_attention, fresh random ids each step. A step is forward, loss, backward, clipping to 1.0 and fused AdamW with decay groups. Prints one line of JSON.
"""
import json, statistics, sys, time
import torch
import transformers

V, D, L, H, G, F, T, B, STEPS = map(int, sys.argv[1:10])
if len(sys.argv) > 10:
    torch.set_num_threads(int(sys.argv[10]))
torch.manual_seed(1)
model = transformers.LlamaForCausalLM(transformers.LlamaConfig(
    vocab_size=V, hidden_size=D, num_hidden_layers=L, num_attention_heads=H, num_key_value_heads=G, intermediate_size=F,
    max_position_embeddings=T, tie_word_embeddings=False, use_cache=False, attn_implementation="sdpa"))
model.train()
opt = torch.optim.AdamW(
    [{"params": [p for p in model.parameters() if p.dim() > 1], "weight_decay": 0.1},
     {"params": [p for p in model.parameters() if p.dim() < 2], "weight_decay": 0.0}], lr=1e-3, betas=(0.9, 0.99), fused=True)


def step():
    ids = torch.randint(V, (B, T + 1))
    loss = model(input_ids=ids[:, :-1], labels=ids[:, 1:], shift_labels=ids[:, 1:].contiguous()).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    opt.step()
    opt.zero_grad(set_to_none=True)
    return loss.item()  # as a loop does that shows its loss


for _ in range(3):
    step()
times, cpu = [], []
for _ in range(STEPS):
    start, used = time.perf_counter(), time.process_time()
    step()
    times.append(time.perf_counter() - start)
    cpu.append(time.process_time() - used)
median = statistics.median(times)
print(json.dumps({"ms": 1000 * median, "cpu_ms": 1000 * statistics.median(cpu), "least_cpu_ms": 1000 * min(cpu), "tokens_per_second": B * T / median, "torch": torch.__version__,
                  "transformers": transformers.__version__, "threads": torch.get_num_threads(), "parameters": model.num_parameters()}))
