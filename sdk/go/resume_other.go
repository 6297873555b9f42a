//go:build !wasip1

package wexec

// Outside a guest nobody enters the SDK. It is compiled nevertheless, so that
// editors and vet see all of it.
var _ = resume
