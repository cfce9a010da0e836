package ann

import "golang.org/x/sys/cpu"

var haveKernel = cpu.X86.HasAVX2

// similaritiesAVX2 writes, for each of n nodes, the sum of query times code
// (both stride long, in steps of 16), times the code's scale, times scale. It
// asks for the codes of the nodes to come while it works on this one.
//
//go:noescape
func similaritiesAVX2(out *float32, query *int16, codes *byte, nodes *uint32, stride, n int, scale float32)
