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
	// Language gives the index of a document's language; nil is 0 for all. It is called in order, by one goroutine at a time.
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
}

// Run hands the documents on with their ids, in their order; text never yields a special id. It holds a batch a goroutine in memory, of 256 KiB or
// one document. It stops with the first error of docs, Language or add, or with ctx's. docs, Language and add are called by several goroutines,
// but each by one at a time.
func (e *Encoder) Run(ctx context.Context, docs iter.Seq2[corpus.Document, error], add func(*Encoded) error) error {
	threads := e.Threads
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next, stop := pull(docs)
	defer stop()
	var reading sync.Mutex
	turn := make(chan struct{}, 1) // takes a value when the next batch to be read may be handed on
	turn <- struct{}{}
	// A goroutine takes a batch all the way, so that what it reads and writes stays in the memory nearest to its core, and so does the
	// tokenizer's cache.
	var running sync.WaitGroup
	for range threads {
		running.Go(func() {
			var b batch
			var out Encoded
			for {
				reading.Lock()
				b.reset()
				err := e.read(ctx, next, &b)
				before, after := turn, make(chan struct{}, 1)
				turn = after
				reading.Unlock()
				if err == nil && len(b.ends) == 0 {
					after <- struct{}{} // the others come to the end of docs too
					return
				}
				if err == nil {
					b.encode(e)
					<-before
					if ctx.Err() == nil {
						err = b.each(&out, add)
					}
				}
				if err != nil {
					cancel(err)
				}
				after <- struct{}{}
				if ctx.Err() != nil {
					return
				}
			}
		})
	}
	running.Wait()
	return context.Cause(ctx)
}

// pull is iter.Pull2 on a goroutine of its own: who calls Run may be locked to a thread, and then only that thread could go on with docs.
func pull[K, V any](seq iter.Seq2[K, V]) (next func() (K, V, bool), stop func()) {
	var done sync.WaitGroup
	done.Go(func() { next, stop = iter.Pull2(seq) })
	done.Wait()
	return next, stop
}

// read fills a batch; it stays empty behind the last document.
func (e *Encoder) read(ctx context.Context, next func() (corpus.Document, error, bool), b *batch) error {
	for len(b.text) < batchBytes && ctx.Err() == nil {
		doc, err, ok := next()
		if !ok {
			return nil
		}
		language := int16(0)
		if err == nil && e.Language != nil {
			language, err = e.Language(doc)
		}
		if err != nil {
			return err
		}
		b.text = append(b.text, doc.Text...)
		b.ends = append(b.ends, len(b.text))
		b.languages = append(b.languages, language)
	}
	return nil
}

func (b *batch) reset() {
	if cap(b.text) > 16*batchBytes { // one huge document must not be held for good
		*b = batch{}
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
