package rootfs

import (
	"sync"
	"syscall"
)

// Quota limits what guests put into a mount. Bytes are those of apparent sizes, so
// holes in files count. Files are names of any kind: files, directories and links.
// A negative n gives back, and is never refused. Guests may remove files of the
// host, and so give back more than they took. The count is exact as long as only
// guests change the directory. A Quota must be safe for concurrent use.
type Quota interface {
	// Bytes reserves n bytes, and reports whether it could.
	Bytes(n int64) bool
	// Files reserves n names, and reports whether it could.
	Files(n int64) bool
}

// usage keeps the account of a mount with a quota. The methods of a nil usage run
// their functions and count nothing.
type usage struct {
	quota Quota
	mu    sync.Mutex // held while a size changes or a name is removed
	open  map[identity]*opened
}

// opened is a file that guests have open. A file that was unlinked keeps its bytes
// until it is closed.
type opened struct {
	times    int
	nameless bool
}

// change runs change, which may change a file's size. reach returns the largest
// size that it may reach, given the size before.
func (u *usage) change(size func() (int64, error), reach func(size int64) int64, change func() error) error {
	if u == nil {
		return change()
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	before, err := size()
	if err != nil {
		return err
	}
	taken := max(reach(before)-before, 0)
	if taken > 0 && !u.quota.Bytes(taken) {
		return syscall.EDQUOT
	}
	err = change()
	after, sizeErr := size()
	if sizeErr != nil {
		after = before
	}
	if rest := after - before - taken; rest != 0 {
		u.quota.Bytes(rest)
	}
	return err
}

// add counts the name that make makes.
func (u *usage) add(make func() error) error {
	if u == nil {
		return make()
	}
	if !u.quota.Files(1) {
		return syscall.EDQUOT
	}
	err := make()
	if err != nil {
		u.quota.Files(-1)
	}
	return err
}

// drop gives back the name of e, and its bytes, if remove removes it.
func (u *usage) drop(e *entry, remove func() error) error {
	if u == nil {
		return remove()
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	st, lookErr := e.dir.lstat(e.name)
	if err := remove(); err != nil || lookErr != nil {
		return err
	}
	u.quota.Files(-1)
	if st.Type != Regular || st.Nlink > 1 {
		return nil
	}
	if o := u.open[st.identity()]; o != nil {
		o.nameless = true
	} else {
		u.quota.Bytes(-st.Size)
	}
	return nil
}

// hold notes that open opens the file at e.
func (u *usage) hold(f *File, e *entry, truncate bool, open func() error) error {
	if u == nil {
		return open()
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	st, lookErr := e.dir.lstat(e.name)
	if err := open(); err != nil {
		return err
	}
	if truncate && lookErr == nil {
		u.quota.Bytes(-st.Size)
	}
	o := u.open[f.self]
	if o == nil {
		o = &opened{}
		u.open[f.self] = o
	}
	o.times++
	return nil
}

// release notes that a file is about to be closed, and gives back its bytes if it
// has no name.
func (u *usage) release(f *File) {
	if u == nil {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	o := u.open[f.self]
	if o.times--; o.times > 0 {
		return
	}
	delete(u.open, f.self)
	if size, err := f.size(); err == nil && o.nameless {
		u.quota.Bytes(-size)
	}
}
