package train_test

import (
	"fmt"

	"github.com/go-cloze/cloze/objectives/train"
)

func ExampleConfig_LearningRateAt() {
	config := train.DefaultConfig()
	config.Steps, config.WarmupSteps, config.LRSchedulerType = 100, 10, "wsd"
	for _, step := range []int{1, 10, 80, 91, 100} {
		fmt.Printf("step %d: %.6f\n", step, config.LearningRateAt(step))
	}
	// Output:
	// step 1: 0.000100
	// step 10: 0.001000
	// step 80: 0.001000
	// step 91: 0.000550
	// step 100: 0.000145
}
