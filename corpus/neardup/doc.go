// Package neardup finds the texts that repeat, or nearly repeat, one of a list: the texts of test sets, which no training may see.
//
//	text ─► Normal ─► words ─► exact: the hash of the normal form
//	                     └───► near: the set of its 5-grams of characters, against an inverted index
//
// The normal form is what sets of texts agree in when they repeat each other: letters and digits in lower case, word by word, without links,
// @mentions and what stands for them (user, url), HTML entities undone. Two texts are near where the Jaccard similarity of their sets of 5-grams,
// |A∩B| / |A∪B|, is the threshold or more: at 0.8 about one word in twenty may differ. Short texts, of less than MinGrams 5-grams, are matched by
// their normal form only; a text without a letter or digit matches nothing.
//
// The search is exact: it finds all that a comparison with each text of the list would find. Texts of the list are entered under their
// rarest 5-grams only, as many as must hold one in common with any text that is near (prefix filtering; Bayardo, Ma and Srikant 2007, "Scaling Up
// All Pairs Similarity Search"; Xiao et al. 2008, "Efficient Similarity Joins for Near Duplicate Detection"), and what the index proposes is
// compared in full. 5-grams are known by hashes of 64 bits.
//
// A text that stands within a longer document is not looked for: similarity is that of the whole of both.
package neardup
