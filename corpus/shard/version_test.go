package shard

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// goldenDocuments are what the sets in testdata/shard hold.
func goldenDocuments() []Document {
	return []Document{
		{IDs: []int32{5, 6, 7}, Words: []uint64{0b101}, TextBytes: 11, Hash: HashText([]byte("three words")), Language: 0},
		{IDs: []int32{8}, Words: []uint64{1}, TextBytes: 3, Hash: HashText([]byte("one")), Language: 1},
		{IDs: []int32{9, 10, 299, 1}, Words: []uint64{0b1111}, TextBytes: 4, Hash: HashText([]byte("four")), Language: 1},
	}
}

// The first version of the format is opened for good: these files are never written again. A later version gets files of its own beside them.
func TestTheFirstVersionIsOpenedForGood(t *testing.T) {
	for _, c := range []struct {
		folder, sha256 string
		languages      []string
		files          int
		eot            int32
		bits           int
	}{
		{"v1_16bit", "01059f1291ccbe72b8adf36caeef94bf9a92654e78716f18b5a71bae3182d98d", []string{"de", "en"}, 3, 0, 16},
		{"v1_32bit", "ec91ba57b6b8667fe8d05635cb45db583b56ec8e92ba7565e72c2eed84992b8d", nil, 1, NoID, 32},
	} {
		dir := filepath.Join("..", "..", "testdata", "shard", c.folder)
		docs := goldenDocuments()
		if c.languages == nil {
			for i := range docs {
				docs[i].Language = 0
			}
		}
		data, err := os.ReadFile(filepath.Join(dir, fileName(0)))
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != c.sha256 {
			t.Errorf("%s: the file was changed (sha256 %x)", c.folder, sum)
		}
		s := open(t, dir)
		if err := s.Verify(context.Background()); err != nil {
			t.Error(err)
		}
		info := s.Info()
		if info.Files != c.files || !slices.Equal(info.Languages, c.languages) || info.Bits != c.bits || info.Empty != 1 || info.Tokenizer != someHash {
			t.Errorf("%s: info %+v", c.folder, info)
		}
		checkSet(t, s, expect(docs, c.eot), c.eot)
	}
}
