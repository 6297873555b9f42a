package engine

import "sync"

// keyedLock has a lock for each key. In the zero value, none is locked.
type keyedLock struct {
	mu   sync.Mutex
	keys map[[32]byte]*turn
}

// turn is the lock of a key that is in use.
type turn struct {
	sync.Mutex
	users int // how many have the lock or wait for it
}

// lock locks a key, and returns the function that unlocks it.
func (l *keyedLock) lock(key [32]byte) (unlock func()) {
	l.mu.Lock()
	if l.keys == nil {
		l.keys = map[[32]byte]*turn{}
	}
	t := l.keys[key]
	if t == nil {
		t = &turn{}
		l.keys[key] = t
	}
	t.users++
	l.mu.Unlock()
	t.Lock()
	return func() {
		t.Unlock()
		l.mu.Lock()
		defer l.mu.Unlock()
		if t.users--; t.users == 0 {
			delete(l.keys, key)
		}
	}
}
