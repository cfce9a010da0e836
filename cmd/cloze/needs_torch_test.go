//go:build !torch

package main

import "testing"

func TestPlainBuildSaysHowToGetTheOtherVerbs(t *testing.T) {
	for _, verb := range []string{"pretrain", "export", "generate", "eval"} {
		failure(t, statusFailed, []string{verb, "anything", "--even", "flags"}, verb, "make build", "cloze setup", "go build -tags torch")
	}
}
