package shard

import (
	"context"
	"iter"
	"runtime"
	"sync"

	"github.com/go-cloze/cloze/corpus"
	"github.com/go-cloze/cloze/tokenize"
)

// Encoder turns documents into ids on several cores.
type Encoder struct {
	Tokenizer *tokenize.Tokenizer
	Threads   int // goroutines that tokenise; 0 is one a core
	// Language gives the index of a document's language; nil is 0 for all. It is called in order, by one goroutine.
	Language func(corpus.Document) (int16, error)
	// Words asks for word starts too.
	Words bool
}

// Encoded is a document and its ids. Its slices are good until the next one comes.
type Encoded struct {
	Text     []byte
	IDs      []int32
	Hash     uint64 // HashText of Text
	Language int16

	words []uint64 // of the whole batch; those of this document
	first int      // start at this bit
}

// batchBytes of text go to a goroutine at a time: many short documents or one long one.
const batchBytes = 256 << 10

// batch is some documents on their way through the tokenizer.
type batch struct {
	text      []byte // of all documents, one after another
	ends      []int  // where each ends in text
	languages []int16
	ids       []int32
	last      []int // where the ids of each end
	words     []uint64
	hashes    []uint64
	done      chan struct{} // takes one value when the ids are there
}

// Run hands the documents on with their ids, in their order; text never yields a special id. It holds two batches a goroutine in memory, of
// 256 KiB or one document. It stops with the first error of docs, Language or add, or with ctx's.
func (e *Encoder) Run(ctx context.Context, docs iter.Seq2[corpus.Document, error], add func(*Encoded) error) error {
	threads := e.Threads
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	// Two batches a goroutine: one that it works on and one that waits for it or for its turn to be handed on.
	n := 2*threads + 1
	// Each channel has room for all batches there are, so that only an empty one makes anybody wait.
	free, todo, ordered := make(chan *batch, n), make(chan *batch, n), make(chan *batch, n)
	for range n {
		free <- &batch{done: make(chan struct{}, 1)}
	}
	var running sync.WaitGroup
	running.Go(func() {
		defer close(ordered)
		defer close(todo)
		if err := e.read(ctx, docs, free, func(b *batch) { ordered <- b; todo <- b }); err != nil {
			cancel(err)
		}
	})
	for range threads {
		running.Go(func() {
			for b := range todo {
				if ctx.Err() == nil { // or nobody wants them any more
					b.encode(e)
				}
				b.done <- struct{}{}
			}
		})
	}
	var out Encoded
	for b := range ordered {
		<-b.done
		if ctx.Err() != nil {
			continue // the reader ends by itself, and uses docs until then
		}
		if err := b.each(&out, add); err != nil {
			cancel(err)
		}
		free <- b
	}
	running.Wait()
	err := context.Cause(ctx)
	cancel(nil)
	return err
}

// read fills batches and hands them on.
func (e *Encoder) read(ctx context.Context, docs iter.Seq2[corpus.Document, error], free chan *batch, yield func(*batch)) error {
	var b *batch
	for doc, err := range docs {
		if err != nil {
			return err
		}
		if b == nil {
			select {
			case b = <-free:
				b.reset()
			case <-ctx.Done():
				return nil
			}
		}
		language := int16(0)
		if e.Language != nil {
			if language, err = e.Language(doc); err != nil {
				return err
			}
		}
		b.text = append(b.text, doc.Text...)
		b.ends = append(b.ends, len(b.text))
		b.languages = append(b.languages, language)
		if len(b.text) >= batchBytes {
			yield(b)
			b = nil
		}
	}
	if b != nil {
		yield(b)
	}
	return nil
}

func (b *batch) reset() {
	if cap(b.text) > 16*batchBytes { // one huge document must not be held for good
		*b = batch{done: b.done}
	}
	b.text, b.ends, b.languages, b.ids = b.text[:0], b.ends[:0], b.languages[:0], b.ids[:0]
	b.last, b.words, b.hashes = b.last[:0], b.words[:0], b.hashes[:0]
}

func (b *batch) encode(e *Encoder) {
	start := 0
	for _, end := range b.ends {
		text := b.text[start:end]
		if e.Words {
			b.ids, b.words = e.Tokenizer.AppendWords(b.ids, b.words, text)
		} else {
			b.ids = e.Tokenizer.AppendIDs(b.ids, text)
		}
		b.last = append(b.last, len(b.ids))
		start = end
	}
	b.hashes = appendHashes(b.hashes, b.text, b.ends) // here, where there are several cores for it
}

// each hands on the documents of a batch.
func (b *batch) each(out *Encoded, add func(*Encoded) error) error {
	start, first := 0, 0
	for i, end := range b.ends {
		*out = Encoded{Text: b.text[start:end], IDs: b.ids[first:b.last[i]], Hash: b.hashes[i], Language: b.languages[i], words: b.words, first: first}
		if err := add(out); err != nil {
			return err
		}
		start, first = end, b.last[i]
	}
	return nil
}

// AddEncoded is Add for what an Encoder gives.
func (w *Writer) AddEncoded(e *Encoded) error {
	return w.add(&Document{IDs: e.IDs, Words: e.words, TextBytes: len(e.Text), Hash: e.Hash, Language: e.Language}, e.first)
}

// Write tokenises documents on all cores and writes them as a set into the folder path, under the rules of Create. each, where it is not nil, sees
// every document in order before it is written and may end it all with an error.
func Write(ctx context.Context, path string, docs iter.Seq2[corpus.Document, error], e Encoder, cfg Config, each func(*Encoded) error) error {
	w, err := Create(path, cfg)
	if err != nil {
		return err
	}
	defer w.Close()
	e.Words = cfg.Words
	err = e.Run(ctx, docs, func(d *Encoded) error {
		if each != nil {
			if err := each(d); err != nil {
				return err
			}
		}
		return w.AddEncoded(d)
	})
	if err != nil {
		return err
	}
	return w.Finish()
}
