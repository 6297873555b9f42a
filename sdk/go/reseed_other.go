//go:build !wasip1

package wexec

// Outside a guest there are no snapshots, so there is nothing to reseed.

func reseed() {}

func reseeds() bool { return false }
