// Package corpus reads text for training as a stream of documents.
package corpus
