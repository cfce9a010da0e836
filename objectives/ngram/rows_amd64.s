#include "textflag.h"

// Rows lie anywhere in a table larger than the caches: the row this many places on in the list is asked for, all its lines.
#define AHEAD 6

// In both: SI rows, DX list, CX entries left, R8 bytes of a row, BX the row at hand, R10 the row asked for, R11 where in a row.

// PREFETCH asks for all lines of the row AHEAD on.
#define PREFETCH \
	CMPQ CX, $AHEAD \
	JLE 5(PC) \
	MOVLQSX (4*AHEAD)(DX), R10 \
	IMULQ R8, R10 \
	ADDQ SI, R10 \
	JMP 2(PC) \
	MOVQ SI, R10

// func sumRowsAVX2(dst, rows *float32, list *int32, size *float32, n, stride int)
TEXT ·sumRowsAVX2(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ rows+8(FP), SI
	MOVQ list+16(FP), DX
	MOVQ size+24(FP), R9
	MOVQ n+32(FP), CX
	MOVQ stride+40(FP), R8
	SHLQ $2, R8

sumRow:
	PREFETCH
	MOVLQSX (DX), BX
	VBROADCASTSS (R9)(BX*4), Y0
	IMULQ R8, BX
	ADDQ SI, BX
	XORQ R11, R11

sumLine:
	PREFETCHT0 (R10)(R11*1)
	VMOVUPS (DI)(R11*1), Y1
	VMOVUPS 32(DI)(R11*1), Y2
	VFMADD231PS (BX)(R11*1), Y0, Y1
	VFMADD231PS 32(BX)(R11*1), Y0, Y2
	VMOVUPS Y1, (DI)(R11*1)
	VMOVUPS Y2, 32(DI)(R11*1)
	ADDQ $64, R11
	CMPQ R11, R8
	JLT sumLine
	ADDQ $4, DX
	DECQ CX
	JNE sumRow
	VZEROUPPER
	RET

// func addToRowsAVX2(rows *float32, list *int32, gradient *float32, n, stride int)
TEXT ·addToRowsAVX2(SB), NOSPLIT, $0-40
	MOVQ rows+0(FP), SI
	MOVQ list+8(FP), DX
	MOVQ gradient+16(FP), DI
	MOVQ n+24(FP), CX
	MOVQ stride+32(FP), R8
	SHLQ $2, R8

addRow:
	PREFETCH
	MOVLQSX (DX), BX
	IMULQ R8, BX
	ADDQ SI, BX
	XORQ R11, R11

addLine:
	PREFETCHT0 (R10)(R11*1)
	VMOVUPS (DI)(R11*1), Y1
	VMOVUPS 32(DI)(R11*1), Y2
	VADDPS (BX)(R11*1), Y1, Y1
	VADDPS 32(BX)(R11*1), Y2, Y2
	VMOVUPS Y1, (BX)(R11*1)
	VMOVUPS Y2, 32(BX)(R11*1)
	ADDQ $64, R11
	CMPQ R11, R8
	JLT addLine
	ADDQ $4, DX
	DECQ CX
	JNE addRow
	VZEROUPPER
	RET
