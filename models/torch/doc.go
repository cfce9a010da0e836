// Package torch is libtorch for the rest of the module: tensors, autograd, and kernels of our own for what a language model
// spends its time in.
//
// The way of the data: Go slices enter by FromFloat32 and its kin, methods of *Tensor compute, Float32s, Int64s, Item and Bytes
// take results out. A program works inside Do, which runs on the one OS thread that libtorch's state belongs to:
//
//	err := torch.Do(func() error {
//		w := torch.FromFloat32([]float32{1, 2}, 2).SetRequiresGrad(true).Keep()
//		torch.Scope(func() { w.Mul(w).Sum().Backward() })
//		fmt.Println(w.Grad().Float32s())
//		return nil
//	})
//
// # Memory
//
// A tensor belongs to the innermost Scope (or Do) in which it was made and is freed at its end; Keep takes it out of all scopes
// until Free. There are no finalizers. Live counts the tensors not yet freed. Whatever autograd needs for a backward pass it
// holds itself, so a scope may end before Backward.
//
// # Errors
//
// An operation that fails panics with *Error, of one line, naming the operation and the shapes; Do returns it as an error.
// Shapes in comments use the letters of the design: B batch, T tokens, D width, H heads, K head width, V vocabulary, N rows.
package torch
