package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/corpus"
	"github.com/go-cloze/cloze/corpus/labelled"
	"github.com/go-cloze/cloze/objectives/classify"
)

// predictFlags are the flags of "predict".
type predictFlags struct {
	format, input, pairField string
	reading                  readingFlags
	quiet, json              bool
}

func newPredict() *cobra.Command {
	var f predictFlags
	cmd := &cobra.Command{
		Use:   "predict DIR [PATH] [flags]",
		Short: "labels and probabilities for texts",
		Long: `Answer each record of PATH (standard input without one or for -) by the classifier in DIR: a record out for each record
in, in order. A record is a line of .txt, also an empty one, or a row or object of csv, tsv and jsonl, whose text is in
--text-field (the column that was trained on unless given).

--format   jsonl   {"index", "label", "scores"} a line each, index from 0; "labels", a list, where a text may have several.
                   {"index", "value"} of a regression. "empty": true marks a text in which the classifier knows no word:
                   its answer is that for no text
           csv     a heading index,label,empty and the labels, and a row each; several labels with | between`,
		Args: wantArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("format", f.format, []string{"jsonl", "csv"}); err != nil {
				return err
			}
			return runPredict(cmd, args, f)
		},
	}
	cmd.Flags().StringVar(&f.format, "format", "jsonl", "jsonl, csv")
	cmd.Flags().StringVar(&f.input, "input", "", "what PATH is: txt, jsonl, csv, tsv; else by its ending and content")
	cmd.Flags().StringVar(&f.pairField, "pair-field", "", "field or column of a second text; else the one that was trained on")
	f.reading.add(cmd)
	addQuiet(cmd, &f.quiet)
	addJSON(cmd, &f.json)
	return cmd
}

func runPredict(cmd *cobra.Command, args []string, f predictFlags) error {
	c, closeIt, err := openClassifier(args[0])
	if err != nil {
		return err
	}
	defer closeIt()
	o := corpus.Options{Format: f.input, TextField: c.Card.TextField, KeepEmpty: true}
	if err := f.reading.apply(&o); err != nil {
		return err
	}
	pair := c.Card.PairField
	if f.pairField != "" {
		pair = f.pairField
	}
	if pair != "" {
		o.MetaFields = []string{pair}
	}
	path := "-"
	if len(args) > 1 {
		path = args[1]
	}
	src, err := corpusSection{Options: o}.open(cmd.InOrStdin(), []string{path})
	if err != nil {
		return err
	}
	defer src.Close()
	bar := newProgress(cmd.ErrOrStderr(), f.quiet, "predict", 0)
	out := newAnswerWriter(cmd.OutOrStdout(), c.Card, f.format)
	if err := answerAll(cmd, c, src, pair, out, bar); err != nil {
		bar.end("stopped")
		return err
	}
	bar.end(fmt.Sprintf("%s records, %s of them empty to the classifier", count(out.index), count(out.empty)))
	return nil
}

// batchTexts are asked together: enough that a batch costs little, few enough that a pipe answers soon.
const batchTexts = 64

// answerAll passes all records through the classifier.
func answerAll(cmd *cobra.Command, c *classify.Classifier, src *corpus.Source, pair string, out *answerWriter, bar *progress) error {
	var texts []classify.Text
	flush := func() error {
		predictions, err := c.Predict(cmd.Context(), texts)
		if err != nil {
			return err
		}
		texts = texts[:0]
		bar.set(out.index, count(out.index)+" records")
		return out.write(predictions)
	}
	for d, err := range src.All() {
		if err != nil {
			// What came before is answered all the same.
			if flushErr := flush(); flushErr != nil {
				return flushErr
			}
			return err
		}
		texts = append(texts, classify.Text{Text: string(d.Text), Pair: d.Meta[pair]})
		if len(texts) == batchTexts {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// answerWriter writes predictions in one of the formats.
type answerWriter struct {
	w            *bufio.Writer
	card         classify.Card
	table        *csv.Writer
	index, empty int64
}

func newAnswerWriter(w io.Writer, card classify.Card, format string) *answerWriter {
	a := &answerWriter{w: bufio.NewWriter(w), card: card}
	if format == "csv" {
		a.table = csv.NewWriter(a.w)
		scores := card.Labels
		if card.Task == labelled.Regression {
			scores = []string{"value"}
		}
		_ = a.table.Write(append([]string{"index", "label", "empty"}, scores...)) // a fault comes again at the next write
	}
	return a
}

func (a *answerWriter) write(predictions []classify.Prediction) error {
	for _, p := range predictions {
		var err error
		if a.table != nil {
			err = a.row(p)
		} else {
			err = a.object(p)
		}
		if err != nil {
			return err
		}
		a.index++
		if p.Empty {
			a.empty++
		}
	}
	if a.table != nil {
		a.table.Flush()
	}
	return a.w.Flush()
}

func (a *answerWriter) row(p classify.Prediction) error {
	label := ""
	for i, l := range p.Labels {
		if i > 0 {
			label += "|"
		}
		label += a.card.Labels[l]
	}
	row := []string{strconv.FormatInt(a.index, 10), label, strconv.FormatBool(p.Empty)}
	for _, x := range p.Probabilities {
		row = append(row, strconv.FormatFloat(x, 'g', 7, 32))
	}
	return a.table.Write(row)
}

// object writes the scores in the order of the label map, which a Go map would lose.
func (a *answerWriter) object(p classify.Prediction) error {
	line := []byte(`{"index":`)
	line = strconv.AppendInt(line, a.index, 10)
	switch a.card.Task {
	case labelled.Regression:
		line = strconv.AppendFloat(append(line, `,"value":`...), p.Probabilities[0], 'g', 7, 32)
		return a.end(line, p)
	case labelled.Single:
		line = append(append(line, `,"label":`...), quote(a.card.Labels[p.Labels[0]])...)
	default:
		line = append(line, `,"labels":[`...)
		for i, l := range p.Labels {
			if i > 0 {
				line = append(line, ',')
			}
			line = append(line, quote(a.card.Labels[l])...)
		}
		line = append(line, ']')
	}
	line = append(line, `,"scores":{`...)
	for i, x := range p.Probabilities {
		if i > 0 {
			line = append(line, ',')
		}
		line = append(append(line, quote(a.card.Labels[i])...), ':')
		line = strconv.AppendFloat(line, x, 'g', 7, 32)
	}
	return a.end(append(line, '}'), p)
}

// end closes an object and writes it.
func (a *answerWriter) end(line []byte, p classify.Prediction) error {
	if p.Empty {
		line = append(line, `,"empty":true`...)
	}
	_, err := a.w.Write(append(line, '}', '\n'))
	return err
}

// quote is a string as JSON.
func quote(s string) []byte {
	text, _ := json.Marshal(s) // strings always marshal
	return text
}
