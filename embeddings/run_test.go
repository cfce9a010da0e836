package embeddings

import (
	"encoding/binary"
	"math"
	"path/filepath"
	"testing"

	"github.com/go-cloze/cloze/models/safetensors"
)

// runFile is the checkpoint of a run with one word and two buckets, in rows of four numbers of which three count.
func runFile(t *testing.T, subwords ...int64) string {
	numbers := []byte{}
	for _, n := range subwords {
		numbers = binary.LittleEndian.AppendUint64(numbers, uint64(n))
	}
	v := store(t, 3, "ab", 1, 2, 3)
	sources := append(v.tensors(),
		safetensors.Float32Source(tensorInput, []float32{9, 9, 9, 0, 1, 2, 4, 0, 3, 2, 0, 0}, 3, 4),
		safetensors.Source{Name: tensorSubwords, DType: safetensors.I64, Shape: []int64{int64(len(subwords))}, Data: numbers})
	path := filepath.Join(t.TempDir(), "model.safetensors")
	if err := safetensors.Write(path, sources, nil); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRunsComposeFromTheirBuckets(t *testing.T) {
	v, err := Open(runFile(t, 3, 3, 2))
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	// "<é>" is one n-gram of three characters; "<é>é>" would be three of them.
	one, err := v.Compose("é")
	if err != nil || len(one) != 3 || one[1] != 2 {
		t.Error(one, err)
	}
	both := map[float32]bool{1: true, 3: true}
	if !both[one[0]] {
		t.Errorf("%v is the row of no bucket", one)
	}
	long, err := v.Compose("abcdefghij")
	if err != nil || long[1] != 2 || math.Abs(float64(long[0]-1))+math.Abs(float64(long[0]-3)) > 2.001 {
		t.Errorf("%v is no mean of the buckets' rows, %v", long, err)
	}
	if v.Has("é") || !v.CanCompose("é") || v.CanCompose("") {
		t.Error("what can be composed is what has an n-gram")
	}
}

func TestRunsWithOtherTablesAreRefused(t *testing.T) {
	refused(t, second(Open(runFile(t, 3, 3, 5))), "input", "1 words and 5 buckets", "[6,3]")
	refused(t, second(Open(runFile(t, 3, 2, 2))), "3 to 2 characters")
	refused(t, second(Open(runFile(t, 3, 3))), "subwords", "I64 [3]")
}
