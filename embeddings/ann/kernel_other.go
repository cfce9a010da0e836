//go:build !amd64

package ann

const haveKernel = false

func similaritiesAVX2(*float32, *int16, *byte, *uint32, int, int, float32) {}
