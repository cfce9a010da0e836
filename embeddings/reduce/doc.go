// Package reduce gives vectors fewer dimensions: by principal components (PCA),
// for a smaller store, and by t-SNE, for a map to look at. It is plain Go; the
// linear algebra is gonum's.
//
// The way of the data:
//
//	embeddings.Vectors -> pca.go   mean, covariance, its eigenvectors -> PCA.Apply -> embeddings.Vectors
//	                   -> tsne.go  nearest neighbours, affinities -> points on a plane,
//	                               pulled by neighbours, pushed by all others (quadtree.go)
//
// Both are deterministic: the same vectors give the same numbers, whatever the
// number of threads.
package reduce
