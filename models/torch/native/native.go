package native

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"sync"
)

// Files holds the kernels (one a .cpp), native.h with their C prototypes, headers they share, and ops.txt, the names of the gotch wrappers in use.
//
//go:embed *.cpp *.h ops.txt
var Files embed.FS

// Hash returns the SHA-256, in hexadecimal, of all names and contents of Files. Set-up compiles it into the library
// (-DCLOZE_NATIVE_HASH="..."), models/torch compares the two at first use.
func Hash() string { return hash() }

var hash = sync.OnceValue(func() string {
	sum := sha256.New()
	names, err := fs.Glob(Files, "*") // sorted
	if err != nil {
		panic(err) // the pattern is constant
	}
	for _, name := range names {
		data, err := Files.ReadFile(name)
		if err != nil {
			panic(err) // an embedded file cannot fail to be read
		}
		sum.Write([]byte(name + "\x00"))
		sum.Write(data)
		sum.Write([]byte{0})
	}
	return hex.EncodeToString(sum.Sum(nil))
})
