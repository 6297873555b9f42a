//go:build !unix

package host

func reserve(uint64) []byte { return nil }

func unreserve([]byte) {}
