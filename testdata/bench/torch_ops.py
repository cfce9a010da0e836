"""The operations of models/torch in plain PyTorch, one thread, CPU milliseconds a call (best of five).

usage: torch_ops.py; compare with: go test ./models/torch -run XXX -bench Ops -benchtime 20x
"""
import torch, time, torch.nn.functional as F
torch.set_num_threads(1)
def bench(name,n,f):
    f(); ts=[]
    for _ in range(5):
        t=time.process_time()
        for _ in range(n): f()
        ts.append((time.process_time()-t)/n*1e3)
    print("py ",name,"%.3f ms"%min(ts),flush=True)
x=torch.randn(2048,8192,requires_grad=True); y=torch.zeros(2048,dtype=torch.long)
def ce(): F.cross_entropy(x,y,reduction="sum").backward(); x.grad=None
bench("cross entropy",2,ce)
q=torch.randn(8,256,1152,requires_grad=True); g=torch.randn(8,256,384)
def at():
    a,b,c=[z.view(8,256,6,64).transpose(1,2) for z in q.split(384,2)]
    F.scaled_dot_product_attention(a,b,c,is_causal=True).transpose(1,2).contiguous().view(8,256,384).backward(g); q.grad=None
bench("attention",3,at)
a=torch.ones(4); w=torch.ones(4,4); b=torch.ones(2,4)
bench("tiny add",20000,lambda: a+a)
bench("tiny linear",20000,lambda: F.linear(b,w,a))
ps=[torch.ones(384,384,requires_grad=True) for _ in range(50)]
for p in ps: p.grad=torch.ones_like(p)
o=torch.optim.AdamW(ps,fused=True)
bench("adamw 7.4M",3,o.step)
# Llama's layers as transformers has them
x=torch.randn(2048,768,requires_grad=True); w=torch.randn(768,requires_grad=True); g=torch.randn(2048,768)
def rms(): (w*(x*torch.rsqrt(x.pow(2).mean(-1,keepdim=True)+1e-5))).backward(g); x.grad=w.grad=None
bench("rms norm",10,rms)
def rms2(): F.rms_norm(x,(768,),w,1e-5).backward(g); x.grad=w.grad=None
bench("F.rms_norm",10,rms2)
r=torch.randn(1,12,2048,64,requires_grad=True); gr=torch.randn(1,12,2048,64); cos=torch.ones(1,1,2048,64); sin=torch.zeros(1,1,2048,64)
def rope(): (r*cos+torch.cat((-r[...,32:],r[...,:32]),-1)*sin).backward(gr); r.grad=None
bench("rotary",10,rope)
gq=torch.randn(8,256,8,64,requires_grad=True); gk=torch.randn(8,256,2,64,requires_grad=True); gv=torch.randn(8,256,2,64,requires_grad=True); gg=torch.randn(8,256,8,64)
def gqa():
    F.scaled_dot_product_attention(gq.transpose(1,2),gk.transpose(1,2),gv.transpose(1,2),is_causal=True,enable_gqa=True).transpose(1,2).contiguous().backward(gg)
    gq.grad=gk.grad=gv.grad=None
bench("grouped attention",3,gqa)
# rows of 1 to 256 tokens, 2048 in all, as irregularRows of bench_test.go has them
lengths=[]
while sum(lengths)<2048: lengths.append(min(1+len(lengths)*97%256,2048-sum(lengths)))
n,most=len(lengths),max(lengths)
pq=torch.randn(n,most,1152,requires_grad=True); pg=torch.randn(n,most,384)
for i,l in enumerate(lengths): pg[i,l:]=0
mask=(torch.ones(most,most,dtype=torch.bool).tril()&(torch.arange(most)<torch.tensor(lengths)[:,None])[:,None]).unsqueeze(1)
def padded():
    a,b,c=[z.view(n,most,6,64).transpose(1,2) for z in pq.split(384,2)]
    F.scaled_dot_product_attention(a,b,c,attn_mask=mask).transpose(1,2).contiguous().view(n,most,384).backward(pg); pq.grad=None
bench("attention, rows of 1 to 256, padded with a mask",3,padded)
def padded_causal(): # right padding needs no mask beside the causal one: what padding yields is thrown away
    a,b,c=[z.view(n,most,6,64).transpose(1,2) for z in pq.split(384,2)]
    F.scaled_dot_product_attention(a,b,c,is_causal=True).transpose(1,2).contiguous().view(n,most,384).backward(pg); pq.grad=None
bench("attention, rows of 1 to 256, padded, causal alone",3,padded_causal)
rq=torch.randn(2048,1152,requires_grad=True); rg=torch.randn(2048,384)
def each():
    outs=[F.scaled_dot_product_attention(*[z.view(1,-1,6,64).transpose(1,2) for z in row.split(384,1)],is_causal=True).transpose(1,2).reshape(-1,384) for row in rq.split(lengths)]
    torch.cat(outs).backward(rg); rq.grad=None
bench("attention, rows of 1 to 256, a call for each row",3,each)
offsets=torch.tensor([0]+lengths).cumsum(0)
def nested():
    a,b,c=[torch.nested.nested_tensor_from_jagged(z.reshape(-1,6,64),offsets).transpose(1,2) for z in rq.split(384,1)]
    F.scaled_dot_product_attention(a,b,c,is_causal=True).transpose(1,2).values().reshape(-1,384).backward(rg); rq.grad=None
try: bench("attention, rows of 1 to 256, nested tensors",3,nested)
except Exception as e: print("py  attention, nested tensors:",type(e).__name__,str(e).splitlines()[0][:120])
