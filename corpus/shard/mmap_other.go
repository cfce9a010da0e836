//go:build !unix

package shard

import "os"

// mapFile reads the whole file: the portable way.
func mapFile(file *os.File, size int64) ([]byte, func() error, error) { return readWhole(file, size) }

// lockFolder does nothing where there is no portable lock: two writers of one folder are the user's to avoid.
func lockFolder(*os.File) error { return nil }
