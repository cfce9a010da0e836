package models

import "github.com/go-cloze/cloze/models/torch"

// Embedding is a table of vectors, one a row.
type Embedding struct {
	TableVD *torch.Tensor // [V,D]
}

// Forward looks up the rows of ids [N] int64 and returns [N,D].
func (e Embedding) Forward(idsN *torch.Tensor) *torch.Tensor { return e.TableVD.Embedding(idsN) }

func (b builder) embedding(name string, rows, dim int, std float64) Embedding {
	return Embedding{TableVD: b.param(name, initial{std: std}, true, false, int64(rows), int64(dim))}
}
