package tokenize

import (
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestParityOfTiktoken compares .tiktoken files with the package tiktoken: GPT-2's ranks, and Mistral's tekken ranks cut by its own pattern and by those of cl100k
// and o200k; on all translations of the Universal Declaration, a thousand documents of each corpus and 20,000 random strings, or all (CLOZE_PARITY=all).
func TestParityOfTiktoken(t *testing.T) {
	needPeer(t)
	folder, script := t.TempDir(), "../testdata/gen/tokenize_tiktoken.py"
	gpt2Ranks, tekkenRanks := filepath.Join(folder, "gpt2.tiktoken"), filepath.Join(folder, "tekken.tiktoken")
	var b strings.Builder
	for id, raw := range gpt2(t).vocab.raw[:50256] {
		fmt.Fprintf(&b, "%s %d\n", base64.StdEncoding.EncodeToString([]byte(raw)), id)
	}
	if err := os.WriteFile(gpt2Ranks, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	kinds := [][3]string{{"gpt2", gpt2Ranks, ""}}
	if pattern, err := exec.Command(os.Getenv("CLOZE_PYTHON"), script, "tekken", tekkenRanks).Output(); err != nil {
		t.Logf("without Mistral's ranks: no package mistral-common (%v)", err)
	} else {
		kinds = append(kinds, [3]string{"tekken", tekkenRanks, string(pattern)}, [3]string{"cl100k_base", tekkenRanks, cl100kPattern}, [3]string{"o200k_base", tekkenRanks, o200kPattern})
	}
	most, random := 1000, 20_000
	if os.Getenv("CLOZE_PARITY") == "all" {
		most, random = 1<<30, 1_000_000
	}
	for _, corpus := range parityCorpora {
		texts := corpusTexts(t, corpus, random)
		if corpus != "random" && corpus != "parallel/udhr2" {
			texts = spread(texts, most)
		}
		for _, k := range kinds {
			t.Run(filepath.Base(corpus)+"/"+k[0], func(t *testing.T) {
				data, err := os.ReadFile(k[1])
				if err != nil {
					t.Fatal(err)
				}
				tok, err := ParseTiktoken(data, k[2], nil)
				if err != nil {
					t.Fatal(err)
				}
				failed, size, total := 0, 0, 0
				filter(t, texts, func(i int, r *peerReader) bool {
					want := r.numbers(int(r.numbers(1)[0]))
					got := tok.AppendIDs(nil, []byte(texts[i]))
					if size, total = size+len(texts[i]), total+len(got); r.err == nil && !slices.Equal(got, want) {
						t.Errorf("%.200q: %s, want %s", texts[i], cut(got), cut(want))
						failed++
					}
					return failed < 3
				}, script, "encode", k[1], k[0])
				t.Logf("%d texts, %d bytes, %d ids", len(texts), size, total)
			})
		}
	}
}
