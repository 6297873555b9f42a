//go:build !wasip1

package wexec

// Outside a guest nothing is begun twice.

func reseed() {}

func reseeds() bool { return false }
