package guest

import (
	"errors"
	"sync"
	"syscall"

	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/rootfs"
	"github.com/wexec/wexec/host/internal/wasi/descriptors"
)

// Mount is a folder that a guest sees.
type Mount struct {
	Host, Guest string
	ReadOnly    bool
	Quota       rootfs.Quota
}

// mounts has the folders that the instances of a host see now. Instances that see
// the same folder share one rootfs.Mount, and so its descriptor.
type mounts struct {
	mu   sync.Mutex
	open map[mountKey]*sharedMount
}

// mountKey tells folders apart by their paths, since the same folder may be mounted
// by the system in several ways, and by their numbers, since another folder may have
// come to a path by which instances still see the old one.
type mountKey struct {
	path     string
	dev, ino uint64
	readOnly bool
	quota    rootfs.Quota
}

type sharedMount struct {
	*rootfs.Mount
	key   mountKey
	users int
}

// acquire returns the mount of a folder, and opens it if it is not open. Every
// acquire that succeeds needs one release.
func (ms *mounts) acquire(m Mount) (*sharedMount, error) {
	mount, err := openMount(m) // not under the lock: a path may take long to open
	if err != nil {
		return nil, err
	}
	dev, ino := mount.ID()
	key := mountKey{m.Host, dev, ino, m.ReadOnly, m.Quota}
	ms.mu.Lock()
	defer ms.mu.Unlock()
	shared := ms.open[key]
	if shared != nil {
		closeMount(mount)
	} else {
		shared = &sharedMount{Mount: mount, key: key}
		if ms.open == nil {
			ms.open = map[mountKey]*sharedMount{}
		}
		ms.open[key] = shared
	}
	shared.users++
	return shared, nil
}

// release undoes one acquire. It closes the folder after the last.
func (ms *mounts) release(shared *sharedMount) {
	ms.mu.Lock()
	defer ms.mu.Unlock()
	if shared.users--; shared.users == 0 {
		delete(ms.open, shared.key)
		closeMount(shared.Mount)
	}
}

func closeMount(mount *rootfs.Mount) {
	mount.Close() // it was only read from, or written through
	descriptors.Default().Release()
}

func openMount(m Mount) (*rootfs.Mount, error) {
	access := rootfs.ReadWrite
	if m.ReadOnly {
		access = rootfs.ReadOnly
	}
	if !descriptors.Default().Acquire() {
		return nil, fault.ErrDescriptors
	}
	mount, err := rootfs.Open(m.Host, rootfs.Options{Access: access, Quota: m.Quota})
	if err != nil {
		descriptors.Default().Release()
		return nil, mountError(m, err)
	}
	return mount, nil
}

// mountError returns the error of a mount that can't be opened. It blames the
// caller, unless the process has no descriptor left.
func mountError(m Mount, err error) error {
	if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		return fault.ErrDescriptors
	}
	return fault.InvalidInput("mount %s: %v", m.Host, err)
}
