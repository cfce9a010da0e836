package setup

import (
	"bufio"
	"fmt"
	"regexp"
	"strings"
)

// patchNumber is part of the cache's key: count it up with every change to
// what this file does to gotch or build.go to the flags.
const patchNumber = 1

// optionalPlaces is how often gotch v0.9.1 passes an optional tensor as
// "defined but empty"; another count means another gotch than the one known.
const optionalPlaces = 274

// gone are wrappers of functions whose form libtorch has changed since gotch
// was generated; their bodies become an error.
var gone = []string{"atg__cslt_sparse_mm", "atg__scaled_mm", "atg__scaled_mm_out"}

var optionalTensor = regexp.MustCompile(`\((\w+) \? \*(\w+) : torch::Tensor\(\)\)`)

// patchWrappers mends torch_api_generated.cpp.h for libtorch 2.11.
func patchWrappers(src string) (string, error) {
	n := 0
	src = optionalTensor.ReplaceAllStringFunc(src, func(s string) string {
		m := optionalTensor.FindStringSubmatch(s)
		if m[1] != m[2] {
			return s
		}
		n++
		return "(" + m[1] + " ? std::optional<torch::Tensor>(*" + m[1] + ") : std::nullopt)"
	})
	if n != optionalPlaces {
		return "", fmt.Errorf("setup: torch_api_generated.cpp.h: %d optional tensors found, %d expected: this is not %s %s: run go clean -modcache", n, optionalPlaces, gotchPath, gotchVersion)
	}
	for _, name := range gone {
		body := regexp.MustCompile(`(?ms)^(void ` + name + `\([^{]*)\{.*?^\}`)
		if len(body.FindAllString(src, -1)) != 1 {
			return "", fmt.Errorf("setup: torch_api_generated.cpp.h: %s not found once: this is not %s %s: run go clean -modcache", name, gotchPath, gotchVersion)
		}
		src = body.ReplaceAllString(src, `${1}{ PROTECT( throw std::runtime_error("`+name+` does not exist in libtorch `+torchVersion+`"); ) }`)
	}
	return src, nil
}

var (
	cFunction  = regexp.MustCompile(`^[a-z][\w ]*[ *](at[gc]_\w+)\(`)
	goWrapper  = regexp.MustCompile(`C\.(at[gc]_\w+)\(`)
	goFuncLine = regexp.MustCompile(`^func \w+\(`)
)

// pruneC keeps the C functions (definitions, or prototypes of a header) whose
// names are in keep, and everything that is no wrapper. It reports the names
// it met, so that a misspelt op can be told from an unused one.
func pruneC(src string, keep map[string]bool, met map[string]bool) string {
	var out strings.Builder
	skipping := false
	for line := range strings.Lines(src) {
		if m := cFunction.FindStringSubmatch(line); m != nil {
			met[m[1]] = true
			if skipping = !keep[m[1]]; skipping {
				// A prototype, or a stub on one line, ends where it starts.
				end := strings.TrimSpace(line)
				skipping = !strings.HasSuffix(end, ";") && !strings.HasSuffix(end, "}")
				continue
			}
		}
		if !skipping {
			out.WriteString(line)
		} else if strings.HasPrefix(line, "}") {
			skipping = false
		}
	}
	return out.String()
}

// pruneGo keeps of c-generated.go the functions that call a kept wrapper.
func pruneGo(src string, keep map[string]bool) string {
	var out, fn strings.Builder
	inside, wanted := false, false
	for line := range strings.Lines(src) {
		if goFuncLine.MatchString(line) {
			inside, wanted = true, false
			fn.Reset()
		}
		if !inside {
			out.WriteString(line)
			continue
		}
		fn.WriteString(line)
		for _, m := range goWrapper.FindAllStringSubmatch(line, -1) {
			wanted = wanted || keep[m[1]]
		}
		if strings.HasPrefix(line, "}") {
			if inside = false; wanted {
				out.WriteString(fn.String())
			}
		}
	}
	// The import stays in use when no function that needs it is left.
	out.WriteString("\nvar _ unsafe.Pointer\n")
	return out.String()
}

// parseOps reads ops.txt: a wrapper's name a line, # starts a comment.
func parseOps(text string) (ops []string, err error) {
	s := bufio.NewScanner(strings.NewReader(text))
	seen := map[string]bool{}
	for n := 1; s.Scan(); n++ {
		op, _, _ := strings.Cut(s.Text(), "#")
		if op = strings.TrimSpace(op); op == "" || seen[op] {
			continue
		}
		if !strings.HasPrefix(op, "atg_") || strings.ContainsAny(op, " \t,;") {
			return nil, fmt.Errorf("setup: ops.txt:%d: %q is no name of a gotch wrapper (atg_...)", n, op)
		}
		seen[op] = true
		ops = append(ops, op)
	}
	return ops, s.Err()
}
