#include "textflag.h"

// func similaritiesAVX2(out *float32, query *int16, codes *byte, nodes *uint32, stride, n int, scale float32)
TEXT ·similaritiesAVX2(SB), NOSPLIT, $0-52
	MOVQ  out+0(FP), DI
	MOVQ  query+8(FP), SI
	MOVQ  codes+16(FP), R8
	MOVQ  nodes+24(FP), R9
	MOVQ  stride+32(FP), R10
	MOVQ  n+40(FP), CX
	VMOVSS scale+48(FP), X7

	// Ask for the first four codes.
	XORQ R11, R11

first:
	CMPQ R11, CX
	JGE  nodesLoop
	CMPQ R11, $4
	JGE  nodesLoop
	MOVL (R9)(R11*4), AX
	IMULQ R10, AX
	PREFETCHT0 (R8)(AX*1)
	PREFETCHT0 63(R8)(AX*1)
	INCQ R11
	JMP  first

nodesLoop:
	XORQ R11, R11

node:
	// Ask for the code four nodes on.
	LEAQ 4(R11), R12
	CMPQ R12, CX
	JGE  here
	MOVL (R9)(R12*4), AX
	IMULQ R10, AX
	PREFETCHT0 (R8)(AX*1)
	PREFETCHT0 63(R8)(AX*1)

here:
	MOVL  (R9)(R11*4), AX
	IMULQ R10, AX
	LEAQ  (R8)(AX*1), BX
	VPXOR Y0, Y0, Y0
	VPXOR Y3, Y3, Y3
	XORQ  R13, R13
	MOVQ  R10, R12
	SUBQ  $32, R12
	JL    rest

pair:
	VPMOVSXBW (BX)(R13*1), Y1
	VPMADDWD  (SI)(R13*2), Y1, Y1
	VPADDD    Y1, Y0, Y0
	VPMOVSXBW 16(BX)(R13*1), Y2
	VPMADDWD  32(SI)(R13*2), Y2, Y2
	VPADDD    Y2, Y3, Y3
	ADDQ $32, R13
	CMPQ R13, R12
	JLE  pair

rest:
	CMPQ R13, R10
	JGE  reduce
	VPMOVSXBW (BX)(R13*1), Y1
	VPMADDWD  (SI)(R13*2), Y1, Y1
	VPADDD    Y1, Y0, Y0

reduce:
	VPADDD       Y3, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPADDD       X1, X0, X0
	VPSHUFD      $0x4E, X0, X1
	VPADDD       X1, X0, X0
	VPSHUFD      $0xB1, X0, X1
	VPADDD       X1, X0, X0
	VCVTDQ2PS    X0, X0
	VMULSS       (BX), X0, X0
	VMULSS       X7, X0, X0
	VMOVSS       X0, (DI)(R11*4)
	INCQ R11
	CMPQ R11, CX
	JL   node
	VZEROUPPER
	RET
