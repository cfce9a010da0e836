package fasttext

import "fmt"

// Kind is what a model was trained for.
type Kind int32

// The kinds, numbered as in the file.
const (
	CBOW       Kind = 1
	SkipGram   Kind = 2
	Supervised Kind = 3
)

func (k Kind) String() string {
	switch k {
	case CBOW:
		return "cbow"
	case SkipGram:
		return "skipgram"
	case Supervised:
		return "supervised"
	}
	return fmt.Sprintf("kind %d", int32(k))
}

// Loss is the output layer that a model was trained with.
type Loss int32

// The losses, numbered as in the file.
const (
	HierarchicalSoftmax Loss = 1
	NegativeSampling    Loss = 2
	Softmax             Loss = 3
	OneVsAll            Loss = 4
)

func (l Loss) String() string {
	switch l {
	case HierarchicalSoftmax:
		return "hs"
	case NegativeSampling:
		return "ns"
	case Softmax:
		return "softmax"
	case OneVsAll:
		return "ova"
	}
	return fmt.Sprintf("loss %d", int32(l))
}

// Args are the settings in the file, under the original's names.
type Args struct {
	Dim          int32   // numbers in a vector
	WS           int32   // words on each side of the context window
	Epoch        int32   // passes over the text
	MinCount     int32   // a word seen less often is left out
	Neg          int32   // negative examples for each positive one
	WordNgrams   int32   // longest n-gram of words, 1 for none (classifiers)
	Loss         Loss    // output layer
	Model        Kind    // what was trained
	Bucket       int32   // rows shared by sub-words and word n-grams
	MinN         int32   // shortest sub-word in characters
	MaxN         int32   // longest sub-word in characters, 0 for none
	LRUpdateRate int32   // words between two updates of the learning rate
	T            float64 // threshold of frequency sub-sampling
	// Label is what labels begin with. It is not in the file.
	Label string
}

// DefaultArgs are the original's defaults for word vectors.
func DefaultArgs() Args {
	return Args{Dim: 100, WS: 5, Epoch: 5, MinCount: 5, Neg: 5, WordNgrams: 1, Loss: NegativeSampling, Model: SkipGram,
		Bucket: 2000000, MinN: 3, MaxN: 6, LRUpdateRate: 100, T: 1e-4, Label: "__label__"}
}

// Validate says what no model can have.
func (a Args) Validate() error {
	switch {
	case a.Dim < 1 || a.Dim > maxDim:
		return fmt.Errorf("dimension %d, 1 to %d are possible", a.Dim, maxDim)
	case a.Model < CBOW || a.Model > Supervised:
		return fmt.Errorf("model of unknown %v", a.Model)
	case a.Loss < HierarchicalSoftmax || a.Loss > OneVsAll:
		return fmt.Errorf("unknown %v", a.Loss)
	case a.Bucket < 0 || a.MaxN < 0:
		return fmt.Errorf("%d buckets and sub-words of up to %d characters; neither can be negative", a.Bucket, a.MaxN)
	case a.Bucket == 0 && a.MaxN > 0:
		return fmt.Errorf("sub-words of up to %d characters and no bucket to put them in", a.MaxN)
	}
	return nil
}

// maxDim bounds what is believed of a header; no real model comes near.
const maxDim = 1 << 24
