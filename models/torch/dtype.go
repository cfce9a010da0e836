package torch

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/sugarme/gotch/libtch"
)

// DType is the type of a tensor's elements; the values are libtorch's.
type DType int32

// The element types in use.
const (
	Uint8    DType = 0
	Int8     DType = 1
	Int32    DType = 3
	Int64    DType = 4
	Float16  DType = 5
	Float32  DType = 6
	Float64  DType = 7
	Bool     DType = 11
	BFloat16 DType = 15
)

var dtypes = map[DType]struct {
	name string
	size int
}{
	Uint8: {"uint8", 1}, Int8: {"int8", 1}, Int32: {"int32", 4}, Int64: {"int64", 8}, Float16: {"float16", 2},
	Float32: {"float32", 4}, Float64: {"float64", 8}, Bool: {"bool", 1}, BFloat16: {"bfloat16", 2},
}

// String returns PyTorch's name of the type: "bfloat16".
func (d DType) String() string {
	if known, ok := dtypes[d]; ok {
		return known.name
	}
	return fmt.Sprintf("dtype(%d)", int32(d))
}

// Size returns the bytes of one element, 0 for an unknown type.
func (d DType) Size() int { return dtypes[d].size }

// IsFloat says whether the type is a floating-point one.
func (d DType) IsFloat() bool { return d >= Float16 && d <= Float64 || d == BFloat16 }

// ParseDType reads a name that String gives; "float", "half" and "double" are understood too.
func ParseDType(name string) (DType, error) {
	switch name {
	case "float":
		return Float32, nil
	case "half":
		return Float16, nil
	case "double":
		return Float64, nil
	}
	for d, known := range dtypes {
		if known.name == name {
			return d, nil
		}
	}
	return 0, fmt.Errorf("torch: unknown dtype %q: use float32, bfloat16, float16 or float64", name)
}

// Device says where a tensor lies.
type Device int32

// CPU is the main memory.
const CPU Device = -1

// CUDA is the GPU of number i, from 0.
func CUDA(i int) Device { return Device(i) }

// String returns "cpu" or "cuda:0".
func (d Device) String() string {
	if d < 0 {
		return "cpu"
	}
	return "cuda:" + strconv.Itoa(int(d))
}

// ParseDevice reads "cpu", "cuda" (which is cuda:0) or "cuda:1".
func ParseDevice(name string) (Device, error) {
	if name == "cpu" {
		return CPU, nil
	}
	number, ok := strings.CutPrefix(name, "cuda")
	if ok && number == "" {
		return CUDA(0), nil
	}
	if number, ok = strings.CutPrefix(number, ":"); ok {
		if i, err := strconv.ParseUint(number, 10, 8); err == nil {
			return CUDA(int(i)), nil
		}
	}
	return CPU, fmt.Errorf("torch: unknown device %q: use cpu, cuda or cuda:1", name)
}

// Check returns an error when tensors cannot be made on d: it names the device, the driver and the library, and the remedy. It
// must be called inside Do.
func (d Device) Check() error {
	mustBeInside()
	if d < 0 {
		return nil
	}
	driver := "no NVIDIA driver is loaded"
	if version, err := os.ReadFile("/proc/driver/nvidia/version"); err == nil {
		driver = "driver " + firstLine(strings.SplitN(string(version), "\n", 2)[0])
	}
	if !libtch.AtcCudaIsAvailable() {
		return fmt.Errorf("torch: device %v: %s, and libtorch_cuda.so is not linked in: run cloze setup --device cuda on a machine with a GPU, or use --device cpu", d, driver)
	}
	if n := libtch.AtcCudaDeviceCount(); int32(d) >= n {
		return fmt.Errorf("torch: device %v: libtorch_cuda.so finds %d GPUs (%s): use a number below %d", d, n, driver, n)
	}
	return nil
}

// code is the device as gotch takes it; it panics where there is no such device.
func (d Device) code() int32 {
	if d >= 0 {
		if err := d.Check(); err != nil {
			panic(&Error{Op: caller(), Msg: strings.TrimPrefix(err.Error(), "torch: ")})
		}
	}
	return int32(d)
}
