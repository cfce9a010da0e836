package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/go-cloze/cloze/corpus"
	"github.com/go-cloze/cloze/corpus/labelled"
	"github.com/go-cloze/cloze/objectives/classify"
)

// predictFlags are the flags of "predict".
type predictFlags struct {
	format, input, pairField string
	threads                  int
	int8                     bool
	explain                  explainFlags
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
           csv     a heading index,label,empty and the labels, and a row each; several labels with | between

--explain  adds "explanation": what each "tokens" gave to the first label, at its bytes "start" to "end", and their "sum",
           which is "output" less "baseline". Of an encoder these are integrated gradients of the label's probability (of
           a regression the value) from a text of padding tokens, for the time of some hundred answers. Of an ngram model they
           are exact parts of the label's logit, less the mean of all labels'; a pair of words goes to each by halves. On a
           terminal the text is shown in colour instead: green speaks for the label, red against it

--int8     rounds an encoder's matrices to 8 bits: faster, and answers change a little`,
		Args: wantArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("format", f.format, []string{"jsonl", "csv"}); err != nil {
				return err
			}
			if err := f.explain.check(f.format); err != nil {
				return err
			}
			if f.int8 && (f.explain.explain || f.explain.html != "") {
				return usagef("--int8 answers by rounded numbers, which have no gradients to explain them by; leave one out")
			}
			return runPredict(cmd, args, f)
		},
	}
	cmd.Flags().StringVar(&f.format, "format", "jsonl", "jsonl, csv")
	cmd.Flags().StringVar(&f.input, "input", "", "what PATH is: txt, jsonl, csv, tsv; else by its ending and content")
	cmd.Flags().StringVar(&f.pairField, "pair-field", "", "field or column of a second text; else the one that was trained on")
	f.explain.add(cmd)
	cmd.Flags().BoolVar(&f.int8, "int8", false, "answer by numbers of 8 bits")
	addThreads(cmd, &f.threads)
	f.reading.add(cmd)
	addQuiet(cmd, &f.quiet)
	addJSON(cmd, &f.json)
	return cmd
}

func runPredict(cmd *cobra.Command, args []string, f predictFlags) error {
	if err := useThreads(f.threads); err != nil {
		return err
	}
	c, closeIt, err := openClassifier(args[0], f.int8)
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
	out := newAnswerWriter(cmd.OutOrStdout(), c, f)
	out.colour = f.explain.explain && !cmd.Flags().Changed("format") && wantsColour(cmd.OutOrStdout())
	out.page.Model = filepath.Base(args[0])
	if err := answerAll(cmd, c, src, pair, out, bar); err != nil {
		bar.end("stopped")
		return err
	}
	if f.explain.html != "" {
		if err := out.page.write(f.explain.html); err != nil {
			return err
		}
	}
	bar.end(fmt.Sprintf("%s records, %s of them empty to the classifier", count(out.index), count(out.empty)))
	return nil
}

// batchTexts are asked together: enough that threads end together and rows of like length meet, few enough that a pipe answers in a second or two.
const batchTexts = 256

// answerAll passes all records through the classifier.
func answerAll(cmd *cobra.Command, c *classify.Classifier, src *corpus.Source, pair string, out *answerWriter, bar *progress) error {
	var texts []classify.Text
	flush := func() error {
		predictions, err := c.Predict(cmd.Context(), texts)
		if err != nil {
			return err
		}
		bar.set(out.index, count(out.index)+" records")
		err = out.write(cmd.Context(), texts, predictions)
		texts = texts[:0]
		return err
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
	classifier   *classify.Classifier
	card         classify.Card
	explain      explainFlags
	colour       bool // explanations for a person, and nothing else
	table        *csv.Writer
	page         explainPageData
	index, empty int64
}

func newAnswerWriter(w io.Writer, c *classify.Classifier, f predictFlags) *answerWriter {
	a := &answerWriter{w: bufio.NewWriter(w), classifier: c, card: c.Card, explain: f.explain, page: explainPageData{Steps: f.explain.steps}}
	if f.format == "csv" {
		a.table = csv.NewWriter(a.w)
		scores := a.card.Labels
		if a.card.Task == labelled.Regression {
			scores = []string{"value"}
		}
		_ = a.table.Write(append([]string{"index", "label", "empty"}, scores...)) // a fault comes again at the next write
	}
	return a
}

// write writes the answers to texts.
func (a *answerWriter) write(ctx context.Context, texts []classify.Text, predictions []classify.Prediction) error {
	for i, p := range predictions {
		explanation, err := a.explained(ctx, texts[i], p)
		if err != nil {
			return err
		}
		switch {
		case a.table != nil:
			err = a.row(p)
		case a.colour:
			writeColoured(a.w, a.index, explanation, a.card)
			err = a.w.Flush() // somebody is waiting
		default:
			var given []string
			if a.explain.explain {
				given = []string{texts[i].Text, texts[i].Pair}
			}
			err = a.object(p, explanation, given)
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

// explained is the explanation of an answer where one is wanted; the page takes it, too.
func (a *answerWriter) explained(ctx context.Context, t classify.Text, p classify.Prediction) (e classify.Explanation, err error) {
	if !a.explain.explain && a.explain.html == "" {
		return e, nil
	}
	if e, err = a.classifier.Explain(ctx, t, p.Main(), a.explain.steps); err != nil {
		return e, err
	}
	if a.explain.html != "" {
		a.page.Of = e.Of
		a.page.Records = append(a.page.Records, newExplainedRecord(a.index, e, a.card))
	}
	return e, nil
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
func (a *answerWriter) object(p classify.Prediction, e classify.Explanation, given []string) error {
	line := []byte(`{"index":`)
	line = strconv.AppendInt(line, a.index, 10)
	switch a.card.Task {
	case labelled.Regression:
		line = strconv.AppendFloat(append(line, `,"value":`...), p.Probabilities[0], 'g', 7, 32)
		return a.end(line, p, e, given)
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
	return a.end(append(line, '}'), p, e, given)
}

// end adds the explanation of the texts that were given, if any, closes an object and writes it.
func (a *answerWriter) end(line []byte, p classify.Prediction, e classify.Explanation, given []string) error {
	if p.Empty {
		line = append(line, `,"empty":true`...)
	}
	if given != nil {
		line = appendExplanation(line, e, a.card, given)
	}
	_, err := a.w.Write(append(line, '}', '\n'))
	return err
}

// quote is a string as JSON.
func quote(s string) []byte {
	text, _ := json.Marshal(s) // strings always marshal
	return text
}
