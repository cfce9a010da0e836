//go:build !unix

package safetensors

// mapFile reads the whole file: the portable way.
func mapFile(path string) ([]byte, func() error, error) {
	file, _, err := openPlain(path)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	return readWhole(file)
}
