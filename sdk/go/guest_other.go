//go:build !wasip1

package wexec

// Outside a guest no host calls resume. This use of it keeps editors and vet
// from reporting it, and all that it calls, as dead code.
var _ = resume

// Outside a guest there are no snapshots, so there is nothing to reseed.

func reseed() {}

func reseeds() bool { return false }
