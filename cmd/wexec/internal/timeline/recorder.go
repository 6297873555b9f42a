package timeline

import (
	"slices"
	"sync"

	"github.com/wexec/wexec/host"
)

// Recorder keeps the spans that a host reports. It records the calls that the
// command makes, and with All also those that tasks make.
type Recorder struct {
	All bool

	mu    sync.Mutex
	spans []host.Span
}

// Observe is for host.Config.
func (r *Recorder) Observe(s host.Span) {
	if s.Parent != 0 && !r.All {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.spans = append(r.spans, s)
}

// Spans returns the spans of the calls that have ended.
func (r *Recorder) Spans() []host.Span {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.spans)
}

// Len returns how many calls have ended.
func (r *Recorder) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.spans)
}

// Root returns the span of the last call that the command made, or a zero span.
func (r *Recorder) Root() (root host.Span) {
	for _, s := range r.Spans() {
		if s.Parent == 0 {
			root = s
		}
	}
	return root
}
