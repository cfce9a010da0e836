package embeddings

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The same vectors as finalfusion and word2vec files; quantised ones come close.
func TestFinalfusionEqualsTheSameVectorsElsewhere(t *testing.T) {
	root := os.Getenv("CLOZE_DATA")
	if root == "" {
		t.Skip("CLOZE_DATA is not set")
	}
	open := func(name string) *Vectors {
		v, err := Open(filepath.Join(root, "models/finalfusion", name))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	plain, text, quantised := open("similarity.fifu"), open("similarity.txt"), open("quantized.fifu")
	if d, err := Compare(plain, text); d > 1e-6 || err != nil {
		t.Errorf("differ by %g: %v", d, err)
	}
	for i, w := range quantised.Words() {
		dot := 0.0
		for d, x := range quantised.Row(i) {
			dot += float64(x) * float64(plain.Row(i)[d])
		}
		if cosine := dot / quantised.Norm(i) / plain.Norm(i); w != plain.Word(i) || cosine < 0.9 {
			t.Errorf("%s: cosine %g with the plain row of %s", w, cosine, plain.Word(i))
		}
	}
	if plain.CanCompose("Berlin") || quantised.CanCompose("xyz") {
		t.Error("words without sub-words are composed")
	}
}

// The numbers are those of finalfusion's own tests.
func TestFinalfusionHash(t *testing.T) {
	for piece, want := range map[string]uint64{"Dan": 214157, "iël": 233912, "Danië": 311961, "ël>": 1532271, "<Da": 2026735, "hallo>": 136555, "<hal": 104120, "lo>": 75867} {
		if got := fifuHash(piece, len([]rune(piece))) & (1<<21 - 1); got != want {
			t.Errorf("%s: %d, want %d", piece, got, want)
		}
	}
	x := fifuVocabulary{kind: fifuHashed, minN: 3, maxN: 6, size: 1 << 21}
	got := x.appendBuckets(nil, "hallo")
	slices.Sort(got)
	if want := []int32{75867, 104120, 136555, 456131, 599360, 722393, 938007, 985859, 1006102, 1163391, 1218704, 1321513, 1505861, 1892376}; !slices.Equal(got, want) {
		t.Errorf("hallo: %v, want %v", got, want)
	}
}

// fifuFile builds a file: little-endian numbers, texts with their length before them.
type fifuFile struct{ b []byte }

func (f *fifuFile) add(values ...any) *fifuFile {
	for _, v := range values {
		switch v := v.(type) {
		case int:
			f.b = binary.LittleEndian.AppendUint32(f.b, uint32(v))
		case uint64:
			f.b = binary.LittleEndian.AppendUint64(f.b, v)
		case float32:
			f.b = binary.LittleEndian.AppendUint32(f.b, math.Float32bits(v))
		case string:
			f.b = append(binary.LittleEndian.AppendUint32(f.b, uint32(len(v))), v...)
		case []byte:
			f.b = append(f.b, v...)
		}
	}
	return f
}

// chunk adds one with its length; what its content is aligned to is the file.
func (f *fifuFile) chunk(kind int, content func()) *fifuFile {
	f.add(kind, uint64(0))
	start := len(f.b)
	content()
	binary.LittleEndian.PutUint64(f.b[start-8:], uint64(len(f.b)-start))
	return f
}

func (f *fifuFile) pad() *fifuFile {
	f.b = append(f.b, make([]byte, 4-len(f.b)%4)...)
	return f
}

// tinyFifu has the words a and bé, n-grams of 3 characters, rows of two numbers:
// row i is (i, 1).
func tinyFifu(kind, buckets int) []byte {
	f := &fifuFile{b: []byte(markFinalfusion)}
	f.add(0, 3, fifuMetadata, kind, fifuMatrix)
	f.chunk(fifuMetadata, func() { f.add([]byte("[x]")) })
	f.chunk(kind, func() {
		f.add(uint64(2))
		switch kind {
		case fifuHashed:
			f.add(3, 3, 2)
		case fifuFastText:
			f.add(3, 3, buckets)
		case fifuExplicit:
			f.add(uint64(3), 3, 3)
		}
		f.add("a", "bé")
		if kind == fifuExplicit { // the second and third share a row
			f.add("<bé", uint64(7), "bé>", uint64(9), "é>", uint64(9))
		}
	})
	rows := 2 + buckets
	return f.chunk(fifuMatrix, func() {
		f.add(uint64(rows), 2, fifuTypeFloat).pad()
		for i := range rows {
			f.add(float32(i), float32(1))
		}
	}).b
}

func TestFinalfusionComposesSubwords(t *testing.T) {
	for kind, want := range map[int][]int32{
		fifuHashed:   {int32(fifuHash("<bé", 3) & 3), int32(fifuHash("bé>", 3) & 3)},
		fifuFastText: nil,
		fifuExplicit: {0, 1},
	} {
		buckets := map[int]int{fifuHashed: 4, fifuFastText: 5, fifuExplicit: 2}[kind]
		v, err := Open(file(t, "x", string(tinyFifu(kind, buckets))))
		if err != nil {
			t.Fatal(kind, err)
		}
		holds(t, v, []string{"a", "bé"}, 0, 1, 1, 1)
		if kind == fifuFastText { // Hash has its own test, case C46
			want = v.compose.(*fifuSubwords).vocabulary.appendBuckets(nil, "bé")
			if len(want) != 2 || max(want[0], want[1]) > 4 {
				t.Errorf("buckets %v", want)
			}
		}
		got, err := v.Compose("bé")
		if err != nil {
			t.Fatal(kind, err)
		}
		x := float64(want[0]+want[1]) + 4
		length := math.Hypot(x, 2)
		if math.Abs(float64(got[0])-x/length) > 1e-6 || math.Abs(float64(got[1])-2/length) > 1e-6 {
			t.Errorf("kind %d: %v, want %g %g", kind, got, x/length, 2/length)
		}
		if v.CanCompose("") || kind == fifuExplicit && v.CanCompose("xyz") {
			t.Errorf("kind %d: composed of nothing", kind)
		}
	}
}

func TestDamagedFinalfusionIsRefused(t *testing.T) {
	for _, kind := range []int{fifuHashed, fifuExplicit} {
		whole := tinyFifu(kind, map[int]int{fifuHashed: 4, fifuExplicit: 2}[kind])
		for cut := 4; cut < len(whole); cut++ {
			_, err := Options{}.Read("x", bytes.NewReader(whole[:cut]))
			refused(t, err, "finalfusion")
		}
		_, err := Open(file(t, "x", string(whole)+"x"))
		refused(t, err, "more after the last chunk")
	}
	_, err := Open(file(t, "x", string(tinyFifu(fifuHashed, 3))))
	refused(t, err, "5 rows for 2 words and 4 rows of sub-words")
	_, err = Open(file(t, "x", strings.Replace(string(tinyFifu(fifuHashed, 4)), "FiFu\x00", "FiFu\x01", 1)))
	refused(t, err, "version 1")
	floret := (&fifuFile{b: []byte(markFinalfusion)}).add(0, 1, fifuFloret).chunk(fifuFloret, func() {}).b
	_, err = Open(file(t, "x", string(floret)))
	refused(t, err, "floret")
	nan := []byte(string(tinyFifu(fifuHashed, 4)))
	copy(nan[len(nan)-4:], "\xff\xff\xff\xff")
	_, err = Open(file(t, "x", string(nan)))
	refused(t, err, "not finite")
}

// Quantised rows, rotated and with lengths, come back as they were put together.
func TestFinalfusionQuantisedRows(t *testing.T) {
	f := &fifuFile{b: []byte(markFinalfusion)}
	f.add(0, 2, fifuWords, fifuQuantised)
	f.chunk(fifuWords, func() { f.add(uint64(2), "a", "b") })
	f.chunk(fifuQuantised, func() {
		f.add(1, 1, 2, 2, 2, uint64(2), fifuTypeByte, fifuTypeFloat).pad()
		f.add(float32(0), float32(1), float32(-1), float32(0)) // rotation by a quarter
		f.add(float32(1), float32(2), float32(3), float32(4))  // centroids 1, 2 of the first part, 3, 4 of the second
		f.add(float32(10), float32(100))                       // lengths
		f.add([]byte{0, 1, 1, 0})
	})
	v, err := Open(file(t, "x", string(f.b)))
	if err != nil {
		t.Fatal(err)
	}
	holds(t, v, []string{"a", "b"}, 40, -10, 300, -200)
}
