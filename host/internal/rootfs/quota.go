package rootfs

import (
	"errors"
	"sync"
	"syscall"
)

// Quota limits what guests put into a folder. Bytes are those of apparent sizes, so
// holes in files count. Files are names of any kind: files, directories and links.
//
// A positive number is the most that the folder may hold, with what the host has put
// there. 0 is a default for what guests add to that: 1 GiB and 100,000 names. Below 0
// there is no limit.
//
// All mounts of a folder in the process share one account. It is exact as long as only
// guests change the folder. What others add or remove is noticed when a limit is
// reached, at most once in ten seconds: the folder is then counted again.
type Quota struct{ Bytes, Files int64 }

// What guests may add to a folder by default.
const (
	defaultBytes = 1 << 30
	defaultFiles = 100_000
)

// errQuota means that a limit was reached.
var errQuota = errors.New("quota")

// usage is the account of a folder with the limits of a mount.
type usage struct {
	*account
	quota Quota
	path  string // of the folder, on the host
	self  identity
}

// opened is a file that guests have open. A file that was removed keeps its bytes
// until it is closed.
type opened struct {
	mu       sync.Mutex // held while the size changes
	size     int64      // as far as guests change it
	times    int
	nameless bool
}

// within runs do. If a limit is in the way, it counts the folder again, and if that
// changes the account it runs do once more.
func (u *usage) within(do func() error) error {
	attempt := func() (counts int, err error) {
		u.changing.RLock()
		defer u.changing.RUnlock()
		return u.counts, do()
	}
	counts, err := attempt()
	if err == errQuota && u.recount(counts) {
		_, err = attempt()
	}
	if err == errQuota {
		return syscall.EDQUOT
	}
	return err
}

// take counts what is added, or gives back what is removed. It refuses to add what is
// past a limit.
func (u *usage) take(t tally) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	fits := func(n, grown, base, limit, byDefault int64) bool {
		if limit == 0 {
			base, limit = 0, byDefault
		}
		return n <= 0 || limit < 0 || n <= limit-grown-base
	}
	if !fits(t.bytes, u.grown.bytes, u.base.bytes, u.quota.Bytes, defaultBytes) ||
		!fits(t.files, u.grown.files, u.base.files, u.quota.Files, defaultFiles) {
		return errQuota
	}
	u.grown = u.grown.plus(t)
	return nil
}

// give gives back what was taken.
func (u *usage) give(t tally) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.grown = u.grown.plus(tally{-t.bytes, -t.files})
}

// change runs change, which may change the size of an open file. reach returns the size
// that it leaves, given the one before, if it does all that it is to do. change reports
// whether it did.
func (u *usage) change(f *File, reach func(size int64) int64, change func() (all bool, err error)) error {
	return u.within(func() error {
		o := f.opened
		o.mu.Lock()
		defer o.mu.Unlock()
		before := o.size
		after := max(reach(before), 0)
		taken := max(after-before, 0)
		if err := u.take(tally{bytes: taken}); err != nil {
			return err
		}
		all, err := change()
		if !all || err != nil {
			after = before
			if size, err := f.size(); err == nil {
				after = size
			}
		}
		o.size = after
		u.give(tally{bytes: taken - (after - before)})
		if o.nameless {
			u.addNameless(after - before)
		}
		return err
	})
}

// add counts the name that make makes.
func (u *usage) add(make func() error) error {
	return u.within(func() error {
		if err := u.take(tally{files: 1}); err != nil {
			return err
		}
		err := make()
		if err != nil {
			u.give(tally{files: 1})
		}
		return err
	})
}

// look describes the file at e. If guests have it open, its size can't change until
// o.mu is unlocked. u.naming must be held.
func (u *usage) look(e *entry) (st Stat, o *opened, err error) {
	if st, err = e.dir.lstat(e.name); err != nil {
		return st, nil, err
	}
	if o = u.open[st.identity()]; o == nil {
		return st, nil, nil
	}
	o.mu.Lock()
	if st, err = e.dir.lstat(e.name); err != nil {
		o.mu.Unlock()
		return st, nil, err
	}
	return st, o, nil
}

// drop gives back the name of e, and its bytes, if remove removes it.
func (u *usage) drop(e *entry, remove func() error) error {
	return u.within(func() error {
		u.naming.Lock()
		defer u.naming.Unlock()
		st, o, lookErr := u.look(e)
		if o != nil {
			defer o.mu.Unlock()
		}
		if err := remove(); err != nil || lookErr != nil {
			return err
		}
		u.give(tally{files: 1})
		switch {
		case st.Type != Regular || st.Nlink > 1:
		case o == nil:
			u.give(tally{bytes: st.Size})
		default:
			o.nameless = true
			u.addNameless(st.Size)
		}
		return nil
	})
}

// hold notes that open opens the file at e. It must run in within or add.
func (u *usage) hold(f *File, e *entry, truncate bool, open func() (Stat, error)) error {
	u.naming.Lock()
	defer u.naming.Unlock()
	var size int64
	if truncate {
		st, o, err := u.look(e)
		if o != nil {
			defer o.mu.Unlock()
		}
		if err == nil {
			size = st.Size
		}
	}
	st, err := open()
	if err != nil {
		return err
	}
	u.give(tally{bytes: size})
	f.self = st.identity()
	f.opened = u.open[f.self]
	if f.opened == nil {
		f.opened = &opened{size: st.Size}
		if f.self != (identity{}) { // some systems don't number files
			u.open[f.self] = f.opened
		}
	} else if truncate {
		f.opened.size = 0
	}
	f.opened.times++
	return nil
}

// release notes that a file is about to be closed, and gives back its bytes if it
// has no name.
func (u *usage) release(f *File) {
	u.changing.RLock()
	defer u.changing.RUnlock()
	u.naming.Lock()
	defer u.naming.Unlock()
	if f.opened.times--; f.opened.times > 0 {
		return
	}
	delete(u.open, f.self)
	if f.opened.nameless {
		u.give(tally{bytes: f.opened.size})
		u.addNameless(-f.opened.size)
	}
}
