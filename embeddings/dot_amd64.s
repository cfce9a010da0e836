#include "textflag.h"

// Eight int32 of ones before eight of zeros: from address 4*(8-n) on, a mask of n lanes.
DATA lanes<>+0(SB)/8, $0xffffffffffffffff
DATA lanes<>+8(SB)/8, $0xffffffffffffffff
DATA lanes<>+16(SB)/8, $0xffffffffffffffff
DATA lanes<>+24(SB)/8, $0xffffffffffffffff
DATA lanes<>+32(SB)/8, $0
DATA lanes<>+40(SB)/8, $0
DATA lanes<>+48(SB)/8, $0
DATA lanes<>+56(SB)/8, $0
GLOBL lanes<>(SB), RODATA|NOPTR, $64

// The four rows lie one after another, so what the next ones need is asked for in
// one stream, this many bytes before its time.
#define AHEAD 16384

// In the three dot kernels:
//   DI out, SI the first of four rows, DX query, AX bytes of a row, R8 of three,
//   R9 rows left, CX numbers left of a row, BX where in the rows, R10 in the query,
//   R12 what is asked for ahead, Y0-Y3 the sums of the four rows (Y4-Y7 their second halves).

// SUM4 adds up Y0-Y3 and stores the four sums.
#define SUM4 \
	VHADDPS Y1, Y0, Y0 \
	VHADDPS Y3, Y2, Y2 \
	VHADDPS Y2, Y0, Y0 \
	VEXTRACTF128 $1, Y0, X1 \
	VADDPS X1, X0, X0 \
	VMOVUPS X0, (DI)

// func dotFloatsAVX2(out *float32, rows *float32, n, dim int, query *float32)
TEXT ·dotFloatsAVX2(SB), NOSPLIT, $0-40
	MOVQ out+0(FP), DI
	MOVQ rows+8(FP), SI
	MOVQ n+16(FP), R9
	MOVQ dim+24(FP), R11
	MOVQ query+32(FP), DX
	MOVQ R11, AX
	SHLQ $2, AX
	LEAQ (AX)(AX*2), R8
	// The mask of the last dim mod 8 numbers.
	MOVQ R11, CX
	ANDQ $7, CX
	LEAQ lanes<>+32(SB), R12
	SHLQ $2, CX
	SUBQ CX, R12
	VMOVDQU (R12), Y15

floatRows:
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	VXORPS Y2, Y2, Y2
	VXORPS Y3, Y3, Y3
	VXORPS Y4, Y4, Y4
	VXORPS Y5, Y5, Y5
	VXORPS Y6, Y6, Y6
	VXORPS Y7, Y7, Y7
	MOVQ SI, BX
	MOVQ DX, R10
	LEAQ AHEAD(SI), R12
	MOVQ R11, CX
	SUBQ $16, CX
	JLT floatEight

floatSixteen:
	PREFETCHT0 (R12)
	PREFETCHT0 64(R12)
	PREFETCHT0 128(R12)
	PREFETCHT0 192(R12)
	ADDQ $256, R12
	VMOVUPS (R10), Y8
	VMOVUPS 32(R10), Y9
	VFMADD231PS (BX), Y8, Y0
	VFMADD231PS 32(BX), Y9, Y4
	VFMADD231PS (BX)(AX*1), Y8, Y1
	VFMADD231PS 32(BX)(AX*1), Y9, Y5
	VFMADD231PS (BX)(AX*2), Y8, Y2
	VFMADD231PS 32(BX)(AX*2), Y9, Y6
	VFMADD231PS (BX)(R8*1), Y8, Y3
	VFMADD231PS 32(BX)(R8*1), Y9, Y7
	ADDQ $64, BX
	ADDQ $64, R10
	SUBQ $16, CX
	JGE floatSixteen

floatEight:
	ADDQ $8, CX // CX was numbers left - 16
	JLT floatTail
	VMOVUPS (R10), Y8
	VFMADD231PS (BX), Y8, Y0
	VFMADD231PS (BX)(AX*1), Y8, Y1
	VFMADD231PS (BX)(AX*2), Y8, Y2
	VFMADD231PS (BX)(R8*1), Y8, Y3
	ADDQ $32, BX
	ADDQ $32, R10
	SUBQ $8, CX

floatTail:
	ADDQ $8, CX
	JEQ floatSum
	VMOVUPS (R10), Y8
	VMASKMOVPS (BX), Y15, Y9
	VMASKMOVPS (BX)(AX*1), Y15, Y10
	VMASKMOVPS (BX)(AX*2), Y15, Y11
	VMASKMOVPS (BX)(R8*1), Y15, Y12
	VFMADD231PS Y9, Y8, Y0
	VFMADD231PS Y10, Y8, Y1
	VFMADD231PS Y11, Y8, Y2
	VFMADD231PS Y12, Y8, Y3

floatSum:
	VADDPS Y4, Y0, Y0
	VADDPS Y5, Y1, Y1
	VADDPS Y6, Y2, Y2
	VADDPS Y7, Y3, Y3
	SUM4
	ADDQ $16, DI
	LEAQ (SI)(AX*4), SI
	SUBQ $4, R9
	JNE floatRows
	VZEROUPPER
	RET

// func dotHalvesAVX2(out *float32, rows *uint16, n, dim int, query *float32)
TEXT ·dotHalvesAVX2(SB), NOSPLIT, $0-40
	MOVQ out+0(FP), DI
	MOVQ rows+8(FP), SI
	MOVQ n+16(FP), R9
	MOVQ dim+24(FP), R11
	MOVQ query+32(FP), DX
	MOVQ R11, AX
	SHLQ $1, AX
	LEAQ (AX)(AX*2), R8

halfRows:
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	VXORPS Y2, Y2, Y2
	VXORPS Y3, Y3, Y3
	VXORPS Y4, Y4, Y4
	VXORPS Y5, Y5, Y5
	VXORPS Y6, Y6, Y6
	VXORPS Y7, Y7, Y7
	MOVQ SI, BX
	MOVQ DX, R10
	LEAQ AHEAD(SI), R12
	MOVQ R11, CX

halfSixteen:
	PREFETCHT0 (R12)
	PREFETCHT0 64(R12)
	ADDQ $128, R12
	VMOVUPS (R10), Y8
	VMOVUPS 32(R10), Y9
	VCVTPH2PS (BX), Y10
	VCVTPH2PS 16(BX), Y11
	VCVTPH2PS (BX)(AX*1), Y12
	VCVTPH2PS 16(BX)(AX*1), Y13
	VFMADD231PS Y10, Y8, Y0
	VFMADD231PS Y11, Y9, Y4
	VFMADD231PS Y12, Y8, Y1
	VFMADD231PS Y13, Y9, Y5
	VCVTPH2PS (BX)(AX*2), Y10
	VCVTPH2PS 16(BX)(AX*2), Y11
	VCVTPH2PS (BX)(R8*1), Y12
	VCVTPH2PS 16(BX)(R8*1), Y13
	VFMADD231PS Y10, Y8, Y2
	VFMADD231PS Y11, Y9, Y6
	VFMADD231PS Y12, Y8, Y3
	VFMADD231PS Y13, Y9, Y7
	ADDQ $32, BX
	ADDQ $64, R10
	SUBQ $16, CX
	JGT halfSixteen

	VADDPS Y4, Y0, Y0
	VADDPS Y5, Y1, Y1
	VADDPS Y6, Y2, Y2
	VADDPS Y7, Y3, Y3
	SUM4
	ADDQ $16, DI
	LEAQ (SI)(AX*4), SI
	SUBQ $4, R9
	JNE halfRows
	VZEROUPPER
	RET

// func dotIntsAVX2(out *int32, rows *int8, n, dim int, query *int16)
TEXT ·dotIntsAVX2(SB), NOSPLIT, $0-40
	MOVQ out+0(FP), DI
	MOVQ rows+8(FP), SI
	MOVQ n+16(FP), R9
	MOVQ dim+24(FP), AX
	MOVQ query+32(FP), DX
	LEAQ (AX)(AX*2), R8

intRows:
	VPXOR Y0, Y0, Y0
	VPXOR Y1, Y1, Y1
	VPXOR Y2, Y2, Y2
	VPXOR Y3, Y3, Y3
	MOVQ SI, BX
	MOVQ DX, R10
	LEAQ AHEAD(SI), R12
	MOVQ AX, CX

intSixteen:
	PREFETCHT0 (R12)
	ADDQ $64, R12
	VMOVDQU (R10), Y8
	VPMOVSXBW (BX), Y9
	VPMOVSXBW (BX)(AX*1), Y10
	VPMOVSXBW (BX)(AX*2), Y11
	VPMOVSXBW (BX)(R8*1), Y12
	VPMADDWD Y8, Y9, Y9
	VPMADDWD Y8, Y10, Y10
	VPMADDWD Y8, Y11, Y11
	VPMADDWD Y8, Y12, Y12
	VPADDD Y9, Y0, Y0
	VPADDD Y10, Y1, Y1
	VPADDD Y11, Y2, Y2
	VPADDD Y12, Y3, Y3
	ADDQ $16, BX
	ADDQ $32, R10
	SUBQ $16, CX
	JGT intSixteen

	VPHADDD Y1, Y0, Y0
	VPHADDD Y3, Y2, Y2
	VPHADDD Y2, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPADDD X1, X0, X0
	VMOVDQU X0, (DI)
	ADDQ $16, DI
	LEAQ (SI)(AX*4), SI
	SUBQ $4, R9
	JNE intRows
	VZEROUPPER
	RET

// func widenHalvesAVX2(dst *float32, half *uint16, n int)
TEXT ·widenHalvesAVX2(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ half+8(FP), SI
	MOVQ n+16(FP), CX

widenEight:
	VCVTPH2PS (SI), Y0
	VMOVUPS Y0, (DI)
	ADDQ $16, SI
	ADDQ $32, DI
	SUBQ $8, CX
	JGT widenEight
	VZEROUPPER
	RET

// Row r of a tile: number d of it, to all lanes, times that of sixteen queries.
#define ROW(address, low, high) \
	VBROADCASTSS address, Y14 \
	VFMADD231PS Y12, Y14, low \
	VFMADD231PS Y13, Y14, high

// Scores of row r, stored and held against the floors in Y12 and Y13; the bits
// of those that are not below (NLT_UQ) go to hits[r], and together to DX.
#define FINISH(r, low, high) \
	VBROADCASTSS (24+4*r)(AX), Y14 \
	VMULPS Y14, low, low \
	VMULPS Y14, high, high \
	VMOVUPS low, (120+64*r)(AX) \
	VMOVUPS high, (120+64*r+32)(AX) \
	VCMPPS $0x15, Y12, low, low \
	VCMPPS $0x15, Y13, high, high \
	VMOVMSKPS low, R8 \
	VMOVMSKPS high, R9 \
	SHLL $8, R9 \
	ORL R9, R8 \
	MOVL R8, (504+4*r)(AX) \
	ORL R8, DX

// func tileAVX2(t *tileArgs) bool
TEXT ·tileAVX2(SB), NOSPLIT, $0-9
	MOVQ t+0(FP), AX
	MOVQ 0(AX), SI
	MOVQ 8(AX), BX
	MOVQ 16(AX), CX
	MOVQ CX, R8
	SHLQ $2, R8           // bytes of a row
	LEAQ (R8)(R8*2), DI
	ADDQ SI, DI           // row 3
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	VXORPS Y2, Y2, Y2
	VXORPS Y3, Y3, Y3
	VXORPS Y4, Y4, Y4
	VXORPS Y5, Y5, Y5
	VXORPS Y6, Y6, Y6
	VXORPS Y7, Y7, Y7
	VXORPS Y8, Y8, Y8
	VXORPS Y9, Y9, Y9
	VXORPS Y10, Y10, Y10
	VXORPS Y11, Y11, Y11

tileNumber:
	VMOVUPS (BX), Y12
	VMOVUPS 32(BX), Y13
	ROW((SI), Y0, Y1)
	ROW((SI)(R8*1), Y2, Y3)
	ROW((SI)(R8*2), Y4, Y5)
	ROW((DI), Y6, Y7)
	ROW((DI)(R8*1), Y8, Y9)
	ROW((DI)(R8*2), Y10, Y11)
	ADDQ $64, BX
	ADDQ $4, SI
	ADDQ $4, DI
	DECQ CX
	JNE tileNumber

	VMOVUPS 56(AX), Y12
	VMOVUPS 88(AX), Y13
	XORL DX, DX
	FINISH(0, Y0, Y1)
	FINISH(1, Y2, Y3)
	FINISH(2, Y4, Y5)
	FINISH(3, Y6, Y7)
	FINISH(4, Y8, Y9)
	FINISH(5, Y10, Y11)
	VZEROUPPER
	TESTL DX, DX
	SETNE ret+8(FP)
	RET
