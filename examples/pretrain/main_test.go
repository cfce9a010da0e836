package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLearnsASmallText(t *testing.T) {
	if testing.Short() {
		t.Skip("trains for a few seconds")
	}
	words := strings.Fields("the old sailor watches a red door and the tired clerk repairs every broken clock in town")
	var text strings.Builder
	for i := range 600 {
		for j := range 8 {
			text.WriteString(words[(i*7+j*j*(i%5+1))%len(words)] + " ")
		}
		text.WriteString("\n")
	}
	path := filepath.Join(t.TempDir(), "text.txt")
	if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	result, err := pretrain(context.Background(), io.Discard, path, 60)
	if err != nil {
		t.Fatal(err)
	}
	if result.Eval == nil || result.Eval.Loss > 2.5 {
		t.Errorf("after 60 steps %+v, want a held-out loss below 2.5 nats (uniform is 6.2)", result.Eval)
	}
}
