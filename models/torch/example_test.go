package torch_test

import (
	"fmt"

	"github.com/go-cloze/cloze/models/torch"
)

func ExampleDo() {
	err := torch.Do(func() error {
		w := torch.FromFloat32([]float32{1, 2}, 2).SetRequiresGrad(true)
		torch.Scope(func() { w.Mul(w).Sum().Backward() })
		fmt.Println(w.Grad().Float32s())
		w.Add(torch.Zeros(torch.Float32, torch.CPU, 3))
		return nil
	})
	fmt.Println(err)
	// Output:
	// [2 4]
	// torch: Add [2] [3]: The size of tensor a (2) must match the size of tensor b (3) at non-singleton dimension 0
}

func ExampleAttentionQKV() {
	err := torch.Do(func() error {
		qkv := torch.Zeros(torch.Float32, torch.CPU, 5, 3*8) // five tokens, two heads of four
		mixed := torch.AttentionQKV(qkv, 2, []int32{0, 3, 5}, true, 0)
		fmt.Println(mixed.Shape())
		return nil
	})
	fmt.Println(err)
	// Output:
	// [5 8]
	// <nil>
}
