package embeddings

import (
	"encoding/binary"
	"math"
	"path/filepath"
	"testing"

	"github.com/go-cloze/cloze/models/safetensors"
)

// runFile is the checkpoint of a run with one word and buckets in those rows, each of four numbers of which three count.
func runFile(t *testing.T, bucketRows []int32, subwords ...int64) string {
	numbers := []byte{}
	for _, n := range subwords {
		numbers = binary.LittleEndian.AppendUint64(numbers, uint64(n))
	}
	rows := []byte{}
	for _, row := range bucketRows {
		rows = binary.LittleEndian.AppendUint32(rows, uint32(row))
	}
	v := store(t, 3, "ab", 1, 2, 3)
	sources := append(v.tensors(),
		safetensors.Float32Source(tensorInput, []float32{9, 9, 9, 0, 1, 2, 4, 0, 3, 2, 0, 0}, 3, 4),
		safetensors.Source{Name: tensorBuckets, DType: safetensors.I32, Shape: []int64{int64(len(bucketRows))}, Data: rows},
		safetensors.Source{Name: tensorSubwords, DType: safetensors.I64, Shape: []int64{int64(len(subwords))}, Data: numbers})
	path := filepath.Join(t.TempDir(), "model.safetensors")
	if err := safetensors.Write(path, sources, nil); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRunsComposeFromTheirBuckets(t *testing.T) {
	v, err := Open(runFile(t, []int32{2, 1}, 3, 3, 2))
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

// A bucket that no word of the run has counts as zeros, as in the run's fastText file.
func TestBucketsOfNoWordAreZeros(t *testing.T) {
	v, err := Open(runFile(t, []int32{-1, -1}, 3, 3, 2))
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if zeros, err := v.Compose("é"); err != nil || zeros[0] != 0 || zeros[1] != 0 || zeros[2] != 0 {
		t.Error(zeros, err)
	}
}

func TestRunsWithOtherTablesAreRefused(t *testing.T) {
	rows := []int32{2, 1}
	refused(t, second(Open(runFile(t, rows, 3, 3, 5))), "bucket_rows", "I32 [5]")
	refused(t, second(Open(runFile(t, []int32{1, 3}, 3, 3, 2))), "bucket_rows", "bucket 1 has row 3 of 3")
	refused(t, second(Open(runFile(t, rows, 3, 2, 2))), "3 to 2 characters")
	refused(t, second(Open(runFile(t, rows, 3, 3))), "subwords", "I64 [3]")
}
