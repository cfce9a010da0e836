// Package ann finds nearest neighbours approximately: by a graph in which a
// query walks from row to row towards its neighbours, instead of looking at all
// of them (HNSW: Malkov and Yashunin, "Efficient and robust approximate nearest
// neighbor search using Hierarchical Navigable Small World graphs", 2018). It is
// plain Go and links no native library.
//
// The way of the data:
//
//	embeddings.Vectors -> codes.go  each row as int8, one line of cache for D = 50
//	                   -> build.go  rows in random order join the graph in batches
//	                   -> tune.go   rows held out of it measure recall and choose ef
//	                   -> file.go   the graph and the codes beside the store, mapped again
//	query -> index.go: down the coarse layers, a beam in the fine one (graph.go),
//	         and the best of what it met ranked by the exact cosine
//
// The cosines that come back are exact, the same numbers as those of
// [embeddings.Vectors.NearestTo]; approximate is only that a neighbour may be
// missing. What share of them is found, recall, was measured when the index was
// built, and ef trades it for time.
//
// An index belongs to one store: it holds row numbers and the store's checksum,
// and does not open beside another. It never changes once made, and any number
// of goroutines may search it.
package ann
