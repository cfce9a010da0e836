package train

import (
	"context"
	"slices"
	"testing"
)

// TestTheBestHasTheHighestScore whatever its loss; the loss rises here from evaluation to evaluation.
func TestTheBestHasTheHighestScore(t *testing.T) {
	config := tinyConfig()
	config.Steps, config.EvalEvery, config.EarlyStoppingPatience = 1000, 1, 2
	job := tinyJob(t, tinyGPT())
	job.Valid = nil
	scores, asked := []float64{0.2, 0.5, 0.4, 0.7, 0.6, 0.7, 0.9}, 0
	job.Measure = func(context.Context) (Evaluation, error) {
		asked++
		return Evaluation{Loss: float64(asked), Score: &scores[asked-1]}, nil
	}
	var told []int // after which evaluations
	job.OnBest = func() error { told = append(told, asked); return nil }
	result, err := Run(context.Background(), config, job)
	if err != nil {
		t.Fatal(err)
	}
	if result.Ended != EarlyStop || result.Best.Step != 4 || *result.Best.Score != 0.7 || asked != 6 {
		t.Errorf("%q, best %+v after %d evaluations, want step 4 of 6", result.Ended, result.Best, asked)
	}
	if !slices.Equal(told, []int{1, 2, 4}) {
		t.Errorf("OnBest came after the evaluations %v", told)
	}
}
