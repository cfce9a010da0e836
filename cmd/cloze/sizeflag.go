package main

import (
	"fmt"
	"strconv"
	"strings"
)

// sizeUnits are the endings of a number of bytes; the longer first.
var sizeUnits = []struct {
	name  string
	bytes float64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}, {"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1}}

// sizeFlag is a number of bytes on the command line: 1073741824, 512MB, 1.5GiB.
type sizeFlag int64

// String writes the size in the largest unit that divides it.
func (s *sizeFlag) String() string {
	for _, u := range []string{"TiB", "GiB", "MiB", "KiB"} {
		for _, unit := range sizeUnits {
			if n := int64(unit.bytes); unit.name == u && *s != 0 && int64(*s)%n == 0 {
				return fmt.Sprintf("%d%s", int64(*s)/n, u)
			}
		}
	}
	return strconv.FormatInt(int64(*s), 10)
}

// Set reads what the user has written.
func (s *sizeFlag) Set(text string) error {
	number, factor := strings.TrimSpace(text), 1.0
	for _, u := range sizeUnits {
		if rest, ok := strings.CutSuffix(number, u.name); ok {
			number, factor = strings.TrimSpace(rest), u.bytes
			break
		}
	}
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || !(n >= 0 && n*factor < 1<<62) {
		return fmt.Errorf("%q is no size; write a number of bytes, or one with MB, MiB, GB, GiB", text)
	}
	*s = sizeFlag(n * factor)
	return nil
}

// Type is what the help calls the value.
func (s *sizeFlag) Type() string { return "size" }
