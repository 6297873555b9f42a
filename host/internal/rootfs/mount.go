package rootfs

import (
	"fmt"
	"path/filepath"
	"sync/atomic"
	"syscall"
)

// Access is what a guest may do in a mount.
type Access int

const (
	// ReadOnly lets the guest read.
	ReadOnly Access = iota
	// ReadWrite lets it also create, change and remove.
	ReadWrite
)

// Options say how a mount is opened. The zero value is a ReadOnly mount.
type Options struct {
	Access Access
	// Quota limits what guests put into the mount.
	Quota Quota
}

// Mount is a directory of the host that guests may use. It is safe for
// concurrent use.
type Mount struct {
	root   dirHandle
	self   identity
	access Access
	usage  *usage

	closed atomic.Bool
	users  atomic.Int64 // the Mount until it is closed, and each Dir that shares its root
}

// identity identifies a file or directory.
type identity struct{ dev, ino uint64 }

// Open gives access to hostDir, which must be a directory. The Mount follows the
// directory if it is moved later.
func Open(hostDir string, o Options) (*Mount, error) {
	if o.Access != ReadOnly && o.Access != ReadWrite {
		return nil, fmt.Errorf("rootfs: unknown access %d", o.Access)
	}
	hostDir, err := realPath(hostDir)
	if err != nil {
		return nil, fmt.Errorf("rootfs: %w", err)
	}
	root, err := openRoot(hostDir)
	if err != nil {
		return nil, fmt.Errorf("rootfs: %w", err)
	}
	st, err := root.stat()
	if err != nil {
		_ = root.close()
		return nil, fmt.Errorf("rootfs: %w", err)
	}
	self := st.identity()
	m := &Mount{root: root, self: self, access: o.Access}
	m.usage = &usage{openAccount(accountKey{hostDir, self}), o.Quota, hostDir, self}
	if max(o.Quota.Bytes, o.Quota.Files) > 0 && o.Access == ReadWrite {
		m.usage.recount(0)
	}
	m.users.Store(1)
	return m, nil
}

// ID tells the directory from all others for as long as the mount is open. It is
// zero on systems that don't number directories.
func (m *Mount) ID() (dev, ino uint64) { return m.self.dev, m.self.ino }

// Root returns the mount's directory, which the caller must close. It shares the
// mount's descriptor. The error is EBADF if the mount is closed.
func (m *Mount) Root() (*Dir, error) {
	for {
		users := m.users.Load()
		if users == 0 || m.closed.Load() {
			return nil, syscall.EBADF
		}
		if m.users.CompareAndSwap(users, users+1) {
			return &Dir{mount: m, at: m.root, shared: true}, nil
		}
	}
}

// Close ends access by path: later calls fail with EBADF. Open files keep working
// until they are closed. A second Close does nothing.
func (m *Mount) Close() error {
	if m.closed.Swap(true) {
		return nil
	}
	return m.leave()
}

// leave closes the mount's directory when nothing uses it any more.
func (m *Mount) leave() error {
	if m.users.Add(-1) > 0 {
		return nil
	}
	closeAccount(m.usage.account)
	return m.root.close()
}

// realPath is the path by which a folder is known, so that all of its mounts share an
// account.
func realPath(hostDir string) (string, error) {
	abs, err := filepath.Abs(hostDir)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(abs)
}
