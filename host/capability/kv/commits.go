package kv

import (
	"context"
	"fmt"
	"runtime"
	"sync"
)

// commits writes together what waits together: a write to the disk takes as long for
// a thousand keys as for one. Of the writes that wait, the first commits them all,
// and then passes the work on to the first that has come meanwhile.
type commits struct {
	backend backend
	mu      sync.Mutex
	waiting []*write
	busy    bool // one is committing
}

// write is one change that waits to be committed.
type write struct {
	ctx    context.Context
	size   int // bytes, about
	change func(*batch)
	err    error
	leads  chan bool // true: commit those that wait; false: it is done
}

// Most writes and bytes of one commit, beside its first write.
const (
	mostWrites     = 1000
	mostWriteBytes = 8 << 20
)

// batch is what the writes of one commit share: the tree, and the accounts of the
// tenants, each of which is read and written once.
type batch struct {
	tree
	accounts map[string]*openAccount
}

type openAccount struct {
	account
	before account
}

func (b *batch) account(t *tenant) *account {
	a := b.accounts[t.name]
	if a == nil {
		before := parseAccount(b.get(accountKey(t.name)))
		a = &openAccount{before, before}
		b.accounts[t.name] = a
	}
	return &a.account
}

// end writes the accounts that have changed.
func (b *batch) end() {
	for name, a := range b.accounts {
		if a.account != a.before {
			b.put(accountKey(name), a.account.append(nil))
		}
	}
}

func accountKey(tenant string) []byte { return join(accountKind, []byte(tenant)) }

// do runs change in an update. If ctx ends before the update begins, it does not.
func (c *commits) do(ctx context.Context, size int, change func(*batch)) error {
	w := &write{ctx: ctx, size: size, change: change, leads: make(chan bool, 1)}
	c.mu.Lock()
	c.waiting = append(c.waiting, w)
	leads := !c.busy
	c.busy = true
	c.mu.Unlock()
	if leads || <-w.leads {
		c.gather()
		c.commit()
	}
	return w.err
}

// gather waits while more writes come: those that the last commit has woken may have
// more to write.
func (c *commits) gather() {
	for before := 0; ; {
		c.mu.Lock()
		n := len(c.waiting)
		c.mu.Unlock()
		if n == before || n >= mostWrites {
			return
		}
		before = n
		runtime.Gosched()
	}
}

// commit commits the writes that wait, up to the most of one commit.
func (c *commits) commit() {
	writes := c.take()
	err := fmt.Errorf("the commit panicked")
	defer func() {
		for i, w := range writes {
			if w.err == nil {
				w.err = err
			}
			if i > 0 { // the first is the caller
				w.leads <- false
			}
		}
		c.passOn()
	}()
	err = c.backend.update(func(t tree) {
		b := &batch{tree: t, accounts: map[string]*openAccount{}}
		for _, w := range writes {
			if w.err = context.Cause(w.ctx); w.err == nil {
				w.change(b)
			}
		}
		b.end()
	})
}

func (c *commits) take() []*write {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, size := 1, 0
	for n < min(len(c.waiting), mostWrites) {
		if size += c.waiting[n].size; size > mostWriteBytes {
			break
		}
		n++
	}
	writes := c.waiting[:n:n]
	c.waiting = c.waiting[n:]
	return writes
}

// passOn comes last, when those whose writes are done may have new ones.
func (c *commits) passOn() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.busy = len(c.waiting) > 0; c.busy {
		c.waiting[0].leads <- true
	} else {
		c.waiting = nil
	}
}
