// Package labelled reads texts with labels, for training and judging classifiers, and parts them into sets.
//
//	files ─► corpus ─► Options.Read ─► Set ─► Split, Folds ─► training and validation
//	csv tsv            a record of      texts, label ids,
//	jsonl              text and labels  the label map
//
// What a record's labels are depends on the task:
//
//   - single: one label, from the one column of Options.LabelFields. Any text is a label: "-1", "ja", "0.0".
//   - multi: any number of labels. From one column, parted by Options.Separator; or a column for each label, whose name is the label's,
//     holding a number (votes) or yes and no.
//   - regression: a number.
//
// The label map is made from the data, sorted (by value where all labels are numbers), and belongs to the model afterwards: Options.Known takes
// it up again, and a label that is not in it is then an error with file and line. Files of .txt are read in fastText's form, labels
// (__label__x) before the text.
//
// Records with an empty text are kept and counted: a label may stand on no other, and each record wants its answer. The whole set is held in
// memory.
package labelled
