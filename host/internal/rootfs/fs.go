package rootfs

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tetratelabs/wazero/experimental/sys"
	wasys "github.com/tetratelabs/wazero/sys"
)

// Access is what a guest may do in a mount.
type Access int

const (
	// ReadOnly lets the guest read.
	ReadOnly Access = iota
	// ReadWrite lets it also create, change and remove.
	ReadWrite
)

// DefaultMaxOpenFiles is the limit of an FS which sets none.
const DefaultMaxOpenFiles = 1024

// maxPath is Linux's PATH_MAX. The kernel can't apply it, since it sees one
// component at a time, and each component costs the host a system call.
const maxPath = 4096

// FS is a directory of the host as a file system for wazero. It is safe for
// concurrent use and may be mounted in many guests; the files it opens belong
// to one guest each.
type FS struct {
	sys.UnimplementedFS // what wazero may add to the interface is refused

	// MaxOpenFiles limits the files and directories open at a time, over all
	// guests, since one guest could take every descriptor of the process.
	// Zero means DefaultMaxOpenFiles. It is set before the FS is mounted.
	MaxOpenFiles int
	// Charge, if it is set, is called with the number of bytes before they are
	// read or written. It may panic to end the guest.
	Charge func(bytes int)

	root   *os.Root
	access Access
	opened atomic.Int64
}

var _ sys.FS = (*FS)(nil)

// Open gives access to hostDir, which must be a directory. If hostDir is moved
// later on, the FS moves along.
func Open(hostDir string, access Access) (*FS, error) {
	if access != ReadOnly && access != ReadWrite {
		return nil, fmt.Errorf("rootfs: unknown access %d", access)
	}
	root, err := os.OpenRoot(hostDir)
	if err != nil {
		return nil, fmt.Errorf("rootfs: %w", err)
	}
	return &FS{root: root, access: access}, nil
}

// Close ends access by path: such calls then fail with EBADF. Files that are
// open go on working until their guest ends. wazero never closes an FS.
func (f *FS) Close() error {
	return f.root.Close()
}

// Lstat implements sys.FS.
func (f *FS) Lstat(path string) (wasys.Stat_t, sys.Errno) {
	return statOf(path, f.root.Lstat)
}

// Stat implements sys.FS.
func (f *FS) Stat(path string) (wasys.Stat_t, sys.Errno) {
	return statOf(path, f.root.Stat)
}

func statOf(path string, stat func(string) (fs.FileInfo, error)) (wasys.Stat_t, sys.Errno) {
	name, errno := nameOf(path)
	if errno != 0 {
		return wasys.Stat_t{}, errno
	}
	info, err := stat(name)
	if err != nil {
		return wasys.Stat_t{}, errnoOf(err)
	}
	return wasys.NewStat_t(info), 0
}

// Mkdir implements sys.FS.
func (f *FS) Mkdir(path string, perm fs.FileMode) sys.Errno {
	name, errno := f.writable(path)
	if errno != 0 {
		return errno
	}
	return errnoOf(f.root.Mkdir(name, perm&fs.ModePerm))
}

// Chmod implements sys.FS. It refuses setuid, setgid and sticky bits: a guest
// has no use for them, and the host runs the files it leaves behind.
func (f *FS) Chmod(path string, perm fs.FileMode) sys.Errno {
	name, errno := f.writable(path)
	if errno != 0 {
		return errno
	}
	if perm&^fs.ModePerm != 0 {
		return sys.EPERM
	}
	return errnoOf(f.root.Chmod(name, perm))
}

// Utimens implements sys.FS.
func (f *FS) Utimens(path string, atim, mtim int64) sys.Errno {
	name, errno := f.writable(path)
	if errno != 0 {
		return errno
	}
	return errnoOf(f.root.Chtimes(name, timeOf(atim), timeOf(mtim)))
}

// timeOf makes the zero time of UTIME_OMIT, which is how Chtimes is told to
// leave a time alone.
func timeOf(nanos int64) time.Time {
	if nanos == sys.UTIME_OMIT {
		return time.Time{}
	}
	return time.Unix(0, nanos)
}

// nameOf makes a path of wazero's one of os.Root's. Where a guest opens the
// mount itself as ".", wazero puts a "/" before what it then opens beneath: so
// a leading slash means the mount, and never the host's root.
func nameOf(path string) (string, sys.Errno) {
	if len(path) > maxPath {
		return "", sys.ENAMETOOLONG
	}
	name := strings.TrimLeft(path, "/")
	if name == "" {
		return ".", 0
	}
	return name, 0
}

// writable is nameOf for calls that write.
func (f *FS) writable(path string) (string, sys.Errno) {
	if f.access != ReadWrite {
		return "", sys.EROFS
	}
	return nameOf(path)
}

// acquire counts a file about to be opened, release one that was closed.
func (f *FS) acquire() sys.Errno {
	limit := f.MaxOpenFiles
	if limit == 0 {
		limit = DefaultMaxOpenFiles
	}
	if f.opened.Add(1) > int64(limit) {
		f.release()
		return sys.EAGAIN // wazero has no EMFILE
	}
	return 0
}

func (f *FS) release() {
	f.opened.Add(-1)
}
