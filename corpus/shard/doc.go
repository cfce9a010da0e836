// Package shard keeps token ids on disk: a corpus is tokenised once and then read by seeking, however large it is.
//
// The way of the data:
//
//	documents ─► Encode ─► Writer ─► a folder of shards ─► Set ─► objectives.Stream ─► blocks
//	             all cores  sections   tokens-00000.shard   mmapped  (split, cut, order)
//	             in order   of a file  tokens-00001.shard
//
// [Write] takes documents through a tokenizer on all cores and writes them in their order; [Create] and [Writer.Add] take ids that are made
// already. The folder is written aside, synced and renamed, so it is there whole or not at all. [Open] maps it into memory; a [Set] is one
// long row of ids, `eot doc1 eot doc2 ...`, in which any place is found without reading what lies before it. A Set is an objectives.Corpus:
// blocks, splitting and shuffling are that package's, the same for ids in memory and on disk.
//
// # A shard file, version 1
//
// All numbers are little-endian. A header of 512 bytes, then sections, each at the next multiple of 64 bytes, zeros between:
//
//	ids          uint16, or uint32 where the vocabulary has more than 65,536 ids; eot stands before each document
//	starts       uint64 a document: index of its first id (its eot) in this file
//	hashes       uint64 a document: FNV-1a of its text
//	text bytes   uint32 a document: length of its text
//	languages    int16 a document: index into names; empty where there is one language
//	word starts  a bit an id, in uint64, lowest bit first: the id starts a word, or is an eot; empty where unknown
//	names        of the languages, UTF-8, a newline behind each
//
// The header holds sizes, counts, the tokenizer's hash, a CRC-32C of each section, and the first 8 bytes of its own SHA-256 (header.go).
// Each file's header holds that checksum of the file before it: files of different sets never pass for one.
package shard
