package rootfs

import (
	"sync"
	"syscall"
)

// Quota counts what guests put into a mount. Sizes are apparent ones: a hole in
// a file counts. Names count, whatever they name. A negative number gives back,
// and is never refused; guests may also give back what the host put there. The
// count is exact as long as nothing else changes the directory. It is safe for
// concurrent use, and may be shared by mounts.
type Quota interface {
	// Bytes takes n bytes, or refuses.
	Bytes(n int64) bool
	// Files takes n names, or refuses.
	Files(n int64) bool
}

// usage is what a mount with a quota knows of its files. All methods of a nil
// usage do what they are about, without counting.
type usage struct {
	quota Quota
	mu    sync.Mutex // held while a size changes or a name goes
	open  map[identity]*opened
}

// opened is a file that guests have open. One without a name holds its bytes
// until it is closed.
type opened struct {
	times    int
	nameless bool
}

// change runs a change of a file's size, which may take it as far as reach says
// for the size before.
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

// add runs what makes a name.
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

// drop runs what makes an entry's name go, if there is one.
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

// hold runs what opens a file by an entry's name, and notes that it is open.
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

// release notes that a file is about to be closed.
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
