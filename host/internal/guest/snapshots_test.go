package guest

import (
	"sync"
	"testing"
)

// TestSnapshotsClaim checks that a goroutine that may take the snapshot finds that
// there is none: it would replace one that nothing closes then.
func TestSnapshotsClaim(t *testing.T) {
	for range 10_000 {
		var s Snapshots
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if !s.claim(t.Context(), func(wait func()) { wait() }) {
					return
				}
				defer s.release()
				if s.current.Swap(&snapshot{}) != nil {
					t.Error("a snapshot was replaced")
				}
			})
		}
		wg.Wait()
	}
}
