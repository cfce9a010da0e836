package embeddings

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// gaussian makes n words with rows of normally distributed numbers.
func gaussian(t testing.TB, n, dim int, seed uint64) *Vectors {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	words, rows := make([]string, n), make([]float32, n*dim)
	for i := range words {
		words[i] = fmt.Sprint("w", i)
	}
	for i := range rows {
		rows[i] = float32(rng.NormFloat64())
	}
	v, err := FromRows(words, dim, rows)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// written puts v into a file and opens it.
func written(t testing.TB, v *Vectors, o StoreOptions) *Vectors {
	t.Helper()
	path := filepath.Join(t.TempDir(), "v.cloze")
	if err := v.WriteStore(path, o); err != nil {
		t.Fatal(err)
	}
	back, err := Options{Strict: true}.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { back.Close() })
	return back
}

func TestStoresHoldWhatWasWritten(t *testing.T) {
	v := gaussian(t, 3000, 13, 1)
	v.counts = make([]uint64, v.Len())
	for i := range v.counts {
		v.counts[i] = uint64(i * i)
	}
	metadata := map[string]string{"corpus": "novels", "note": "é\n"}
	for _, d := range []DType{Float32, Float16, Int8} {
		back := written(t, v, StoreOptions{DType: d, Screen: true, Metadata: metadata})
		if back.DType() != d || back.Len() != v.Len() || back.Dim() != v.Dim() || back.Report().Format != Cloze {
			t.Fatalf("%s: %s %d %d %v", d, back.DType(), back.Len(), back.Dim(), back.Report())
		}
		if fmt.Sprint(back.Metadata()) != fmt.Sprint(metadata) || !slices.Equal(back.Counts(), v.counts) || !slices.Equal(back.Words(), v.Words()) {
			t.Errorf("%s: metadata %v, counts or words differ", d, back.Metadata())
		}
		for i := range v.Len() {
			row, want := back.Row(i), v.Row(i)
			step := float64(largest(want)) / 127
			for j, x := range row {
				within := map[DType]float64{Float32: 0, Float16: math.Abs(float64(want[j])) * 0x1p-11, Int8: step/2 + 1e-6}[d]
				if math.Abs(float64(x)-float64(want[j])) > within {
					t.Fatalf("%s: row %d is %v, want %v", d, i, row, want)
				}
			}
			if back.Norm(i) != norm(row) {
				t.Fatalf("%s: norm %v of %v", d, back.Norm(i), norm(row))
			}
		}
		// From one store to the next nothing changes, and the way back is exact.
		again, err := back.Convert(Float32)
		if err != nil {
			t.Fatal(err)
		}
		if diff, err := Compare(back, again); diff != 0 || err != nil {
			t.Errorf("%s: %v %v", d, diff, err)
		}
		var first, second bytes.Buffer
		if err := errors.Join(v.EncodeStore(&first, StoreOptions{DType: d, Screen: true, Metadata: metadata}), back.EncodeStore(&second, StoreOptions{Screen: true})); err != nil || !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Errorf("%s: written again it differs (%v)", d, err)
		}
	}
}

func TestNumbersBeyondFloat16AreNamed(t *testing.T) {
	v := store(t, 2, "a b c", 1, 2, 3, 65520, 1e9, 1)
	refused(t, v.WriteStore("x", StoreOptions{DType: Float16}), `"b"`, "65,504", "x: ")
	refused(t, v.WriteStore("x", StoreOptions{DType: "float8"}), `"float8"`, "int8")
}

// A mapped word that was handed out outlives the mapping.
func TestClosedStoresLeaveTheirWords(t *testing.T) {
	path := filepath.Join(t.TempDir(), "v.cloze")
	if err := store(t, 1, "alpha beta", 1, 2).Write(path, Cloze); err != nil {
		t.Fatal(err)
	}
	v, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	one, all := v.Word(1), v.Words()
	if err := errors.Join(v.Close(), v.Close()); err != nil {
		t.Fatal(err)
	}
	if one != "beta" || all[0] != "alpha" {
		t.Error(one, all)
	}
}

// clozeBytes are a small store with every section.
func clozeBytes(t testing.TB, d DType) []byte {
	v := gaussian(t, 40, 5, 2)
	v.counts = make([]uint64, 40)
	var b bytes.Buffer
	if err := v.EncodeStore(&b, StoreOptions{DType: d, Screen: true, Metadata: map[string]string{"a": "b"}}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// parsed opens bytes and, where that works, uses everything once.
func parsed(data []byte) error {
	v, err := Options{}.Read("test", bytes.NewReader(data))
	if err != nil {
		return err
	}
	for i := range v.Len() {
		v.Index(v.Word(i))
		v.Row(i)
	}
	v.Words()
	v.Unknown("w")
	if v.Len() > 0 {
		v.NearestTo(v.Row(0), 3, SearchOptions{})
	}
	return v.Verify()
}

// A byte that is changed (of the sections, every seventh is tried) and a cut is an *Error, at the latest by Verify,
// unless it is one of the zeros between the sections.
func TestDamagedStoresAreRefused(t *testing.T) {
	good := clozeBytes(t, Float32)
	if err := parsed(good); err != nil {
		t.Fatal(err)
	}
	covered := make([]bool, len(good))
	for at := storeHead; at < storeHead+storeEntry*int(binary.LittleEndian.Uint32(good[12:])); at += storeEntry {
		begin, size := binary.LittleEndian.Uint64(good[at+8:]), binary.LittleEndian.Uint64(good[at+16:])
		for i := range size {
			covered[begin+i] = true
		}
	}
	for i := range good {
		if head := i < storeHead+storeEntry*int(good[12]); !head && (!covered[i] || i%7 != 0) {
			continue
		}
		bad := slices.Clone(good)
		bad[i] ^= 1 << (i % 8)
		var e *Error
		if err := parsed(bad); !errors.As(err, &e) {
			t.Fatalf("byte %d changed: %v", i, err)
		}
	}
	for cut := len(good) - 1; cut > 0; cut = cut*9/10 - 1 {
		path := file(t, "x", string(good[:cut]))
		_, err := Open(path)
		refused(t, err)
	}
	refused(t, second(Options{Format: Cloze}.Read("x", strings.NewReader(strings.Repeat("a 1\n", 99)))), "no .cloze store")
}

// A head that is whole but lies: it has the right checksum.
func TestHostileHeadsAreRefused(t *testing.T) {
	for want, change := range map[string]func(b []byte){
		"version 9":          func(b []byte) { b[8] = 9 },
		"head is damaged":    func(b []byte) { b[12] = 200 },
		"numbers of kind 7":  func(b []byte) { b[28] = 7 },
		"dimension 0":        func(b []byte) { copy(b[24:], []byte{0, 0, 0, 0}) },
		"of 1099511627816 w": func(b []byte) { b[21] = 1 },
		"dimension 6 need":   func(b []byte) { b[24] = 6 },
		"41 words":           func(b []byte) { b[16] = 41 },
		"ends before":        func(b []byte) { b[storeHead+8+6] = 1 },
		"no multiple of 64":  func(b []byte) { b[storeHead+8]++ },
		"is there twice":     func(b []byte) { copy(b[storeHead+storeEntry:], b[storeHead:storeHead+storeEntry]) },
		"3 is missing":       func(b []byte) { b[storeHead+2*storeEntry] = 99 },
		"hash table":         func(b []byte) { b[storeHead+2*storeEntry+16] = 4 },
		"last word ends":     func(b []byte) { b[storeHead+16]-- },
	} {
		b := clozeBytes(t, Float32)
		change(b)
		end := min(storeHead+storeEntry*int(b[12]), len(b))
		binary.LittleEndian.PutUint32(b[32:], headSum(b[:end]))
		refused(t, second(Options{}.Read("test", bytes.NewReader(b))), want)
	}
}

func FuzzStore(f *testing.F) {
	for _, d := range []DType{Float32, Float16, Int8} {
		f.Add(clozeBytes(f, d))
	}
	f.Add([]byte(storeMagic))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < storeHead {
			return
		}
		// The right sum on the head, so that what is behind it is tried.
		if end := storeHead + storeEntry*int(min(binary.LittleEndian.Uint32(data[12:]), maxSections)); end <= len(data) {
			binary.LittleEndian.PutUint32(data[32:], headSum(data[:end]))
		}
		copy(data, storeMagic)
		var e *Error
		if err := parsed(data); err != nil && !errors.As(err, &e) {
			t.Fatal(err)
		}
	})
}

// Files of earlier versions stay readable.
func TestStoresOfVersionOneAreRead(t *testing.T) {
	path := filepath.Join(goldenDir, "version1.cloze")
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	v, err := Options{Strict: true}.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	near, err := v.Nearest("king", 2, SearchOptions{})
	if err != nil || list(near) != "man 0.707107 queen 0.235702" {
		t.Error(list(near), err)
	}
}
