package grants

import (
	"sync"

	"github.com/wexec/wexec/executors"
)

// shares count the ops that run, by tenant. A tenant may have three times as many as
// are free: one alone gets three quarters of them, and another always finds some. An op
// may wait for as long as its guest likes, for instance for a pipe that nobody writes.
type shares struct {
	mu   sync.Mutex
	held map[string]int
}

// mostOfFree is how many times the free places a tenant may hold.
const mostOfFree = 3

// take adds an op, of the most that may run at once, when that many run.
func (s *shares) take(tenant string, running, most int) error {
	full := &executors.QueueFullError{Queue: "the host", What: "running as capabilities", Size: most}
	if running >= most {
		return full
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if held := s.held[tenant]; held >= mostOfFree*(most-running) {
		full.Queue, full.Size = "the tenant", held
		return full
	}
	s.held[tenant]++
	return nil
}

func (s *shares) give(tenant string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[tenant]--; s.held[tenant] == 0 {
		delete(s.held, tenant)
	}
}
