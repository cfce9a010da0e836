//go:build !torch

package main

import (
	"strings"
	"testing"
)

func TestPlainBuildSaysHowToGetTheOtherVerbs(t *testing.T) {
	for _, verb := range []string{"pretrain", "export", "generate", "eval lm"} {
		failure(t, statusFailed, append(strings.Fields(verb), "anything", "--even", "flags"), verb+" needs libtorch", "make build", "cloze setup", "go build -tags torch")
	}
}
