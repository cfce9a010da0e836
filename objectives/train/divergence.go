package train

// Values of Config.OnDivergence.
const (
	StopOnDivergence    = "stop"    // end with an error; the checkpoint written last stays
	BackoffOnDivergence = "backoff" // go back to the last checkpoint with half the learning rate
)

var onDivergence = []string{StopOnDivergence, BackoffOnDivergence}
