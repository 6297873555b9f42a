package main

import (
	"slices"
	"sync"

	"github.com/wexec/wexec/host"
)

// recorder keeps what a host's Observe reports: the calls from outside, and
// with all those that tasks made too.
type recorder struct {
	all bool

	mu    sync.Mutex
	spans []host.Span
}

func (r *recorder) observe(s host.Span) {
	if s.Parent != 0 && !r.all {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.spans = append(r.spans, s)
}

func (r *recorder) list() []host.Span {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.spans)
}

func (r *recorder) len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.spans)
}

// root returns the last call from outside, or a zero span.
func (r *recorder) root() (root host.Span) {
	for _, s := range r.list() {
		if s.Parent == 0 {
			root = s
		}
	}
	return root
}
