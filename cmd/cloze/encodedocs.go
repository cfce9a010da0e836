//go:build torch

package main

import (
	"context"
	"fmt"
	"runtime"

	"github.com/go-cloze/cloze/corpus"
	"github.com/go-cloze/cloze/tokenize"
)

// docBatch is some documents on their way through the tokenizer.
type docBatch struct {
	text []byte // of all documents, one after another
	ends []int  // where each ends in text
	ids  []int32
	last []int // where the ids of each end
	done chan struct{}
}

// batchBytes of text go to a worker at a time: many short documents or one long one.
const batchBytes = 256 << 10

// encodeDocuments turns the documents of src into ids on several threads and hands each on in order; text never
// yields a special id. The slices that add gets are good for the call.
func encodeDocuments(ctx context.Context, src *corpus.Source, t *tokenize.Tokenizer, threads int, add func(text []byte, ids []int32) error) error {
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	todo, ordered := make(chan *docBatch), make(chan *docBatch, 2*threads)
	go func() {
		defer close(ordered)
		defer close(todo)
		err := readBatches(src, func(b *docBatch) bool {
			for _, next := range []chan *docBatch{ordered, todo} {
				select {
				case next <- b:
				case <-ctx.Done():
					return false
				}
			}
			return true
		})
		if err != nil {
			cancel(err)
		}
	}()
	for range threads {
		go func() {
			for b := range todo {
				b.encode(t)
			}
		}()
	}
	for b := range ordered {
		select {
		case <-b.done:
		case <-ctx.Done():
			cancel(nil)
			for range ordered { // the reader uses src until it has ended
			}
			return context.Cause(ctx)
		}
		start, first := 0, 0
		for i, end := range b.ends {
			if err := add(b.text[start:end], b.ids[first:b.last[i]]); err != nil {
				cancel(err)
				for range ordered {
				}
				return err
			}
			start, first = end, b.last[i]
		}
	}
	return context.Cause(ctx)
}

func (b *docBatch) encode(t *tokenize.Tokenizer) {
	start := 0
	for _, end := range b.ends {
		b.ids = t.AppendIDs(b.ids, b.text[start:end])
		b.last = append(b.last, len(b.ids))
		start = end
	}
	close(b.done)
}

// readBatches collects documents until a batch is full and hands it on until yield returns false.
func readBatches(src *corpus.Source, yield func(*docBatch) bool) error {
	b := &docBatch{done: make(chan struct{})}
	for doc, err := range src.All() {
		if err != nil {
			return err
		}
		b.text = append(b.text, doc.Text...)
		b.ends = append(b.ends, len(b.text))
		if len(b.text) >= batchBytes {
			if !yield(b) {
				return nil
			}
			b = &docBatch{done: make(chan struct{})}
		}
	}
	if len(b.ends) > 0 {
		yield(b)
	}
	return nil
}

// missingBytesNote says what a tokenizer cannot see, "" when it sees everything.
func missingBytesNote(t *tokenize.Tokenizer) string {
	if missing := t.MissingBytes(); len(missing) > 0 {
		return fmt.Sprintf("the tokenizer has no token for %d of the 256 bytes: text that holds them loses them", len(missing))
	}
	return ""
}
