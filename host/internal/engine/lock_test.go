package engine

import (
	"sync"
	"testing"
)

// TestKeyedLock checks that users of a key exclude each other, that users of other
// keys do not wait for them, and that the lock forgets keys that are not in use.
func TestKeyedLock(t *testing.T) {
	var l keyedLock
	unlock := l.lock([32]byte{0: 7, 31: 1})
	l.lock([32]byte{0: 7, 31: 2})() // or the test times out

	var wg sync.WaitGroup
	inside := 0
	for range 8 {
		wg.Go(func() {
			defer l.lock([32]byte{0: 7, 31: 1})()
			inside++
		})
	}
	inside++
	unlock()
	wg.Wait()
	if inside != 9 || len(l.keys) != 0 {
		t.Errorf("%d users were inside, %d keys are left", inside, len(l.keys))
	}
}
