package rootfs

import (
	"errors"
	"io/fs"
	"os"

	"github.com/tetratelabs/wazero/experimental/sys"
	wasys "github.com/tetratelabs/wazero/sys"
)

const (
	// forWriting are the access modes that write; O_RDONLY is zero.
	forWriting = sys.O_RDWR | sys.O_WRONLY
	// changing are the flags that a ReadOnly mount refuses.
	changing = forWriting | sys.O_CREAT | sys.O_TRUNC
	// exclusive, both together, is: create it, and follow no link.
	exclusive = sys.O_CREAT | sys.O_EXCL
	// syncing are the kinds of synchronous writing. Go knows the strongest,
	// which serves for all.
	syncing = sys.O_SYNC | sys.O_DSYNC | sys.O_RSYNC
)

// OpenFile implements sys.FS. What is neither a regular file nor a directory
// is refused with ENOTSUP.
func (f *FS) OpenFile(path string, flag sys.Oflag, perm fs.FileMode) (sys.File, sys.Errno) {
	file, errno := f.open(path, flag, perm)
	if errno != 0 {
		if path == "." && flag == sys.O_RDONLY {
			// This is wazero opening the mount for its first use. It panics
			// at any other errno, say when the FS was closed or has too
			// many open files; at this one the guest gets EBADF.
			errno = sys.ENOENT
		}
		return nil, errno
	}
	return file, 0
}

func (f *FS) open(path string, flag sys.Oflag, perm fs.FileMode) (sys.File, sys.Errno) {
	name, errno := nameOf(path)
	if errno != 0 {
		return nil, errno
	}
	if errno := f.permits(flag); errno != 0 {
		return nil, errno
	}
	if errno := f.inspect(name, flag); errno != 0 {
		return nil, errno
	}
	if errno := f.acquire(); errno != 0 {
		return nil, errno
	}
	host, err := f.root.OpenFile(name, hostFlags(flag), perm&fs.ModePerm)
	if err != nil {
		f.release()
		return nil, errnoOf(err)
	}
	file, errno := f.adopt(host, flag)
	if errno != 0 {
		_ = host.Close()
		f.release()
		return nil, errno
	}
	return file, 0
}

// permits applies the mount's access to flag.
func (f *FS) permits(flag sys.Oflag) sys.Errno {
	switch {
	case flag&forWriting == forWriting:
		return sys.EINVAL
	case flag&sys.O_DIRECTORY != 0 && flag&forWriting != 0:
		return sys.EISDIR
	case f.access != ReadWrite && flag&changing != 0:
		return sys.EROFS
	}
	return 0
}

// inspect looks at what name is before it is opened, since opening alone can
// harm (a tape rewinds, a terminal takes control) and adopt comes too late for
// that. It also applies O_NOFOLLOW, which os.Root does not know. That is a
// guest's care for its own files, not the wall around them, so a race is left.
func (f *FS) inspect(name string, flag sys.Oflag) sys.Errno {
	if flag&exclusive != exclusive && flag&sys.O_NOFOLLOW != 0 {
		info, err := f.root.Lstat(name)
		if err == nil && info.Mode()&fs.ModeSymlink != 0 {
			if flag&sys.O_DIRECTORY != 0 {
				return sys.ENOTDIR
			}
			return sys.ELOOP
		}
	}
	info, err := f.root.Stat(name)
	switch {
	case err == nil && flag&exclusive == exclusive:
		return sys.EEXIST
	case err == nil:
		return openable(info.Mode(), flag)
	case errors.Is(err, fs.ErrNotExist) && flag&sys.O_CREAT != 0:
		return 0
	}
	return errnoOf(err)
}

// openable says whether a file of this mode may be opened with flag.
func openable(mode fs.FileMode, flag sys.Oflag) sys.Errno {
	switch {
	case mode.IsDir() && flag&changing != 0:
		return sys.EISDIR
	case !mode.IsDir() && flag&sys.O_DIRECTORY != 0:
		return sys.ENOTDIR
	case !mode.IsDir() && !mode.IsRegular():
		return sys.ENOTSUP
	}
	return 0
}

// hostFlags leaves out O_DIRECTORY and O_NOFOLLOW, which inspect and adopt
// apply on every platform, and O_NONBLOCK, which means nothing to regular files.
func hostFlags(flag sys.Oflag) int {
	host := os.O_RDONLY | harmless
	switch flag & forWriting {
	case sys.O_RDWR:
		host |= os.O_RDWR
	case sys.O_WRONLY:
		host |= os.O_WRONLY
	}
	if flag&sys.O_APPEND != 0 {
		host |= appendFlag
	}
	if flag&sys.O_CREAT != 0 {
		host |= os.O_CREATE
	}
	if flag&sys.O_EXCL != 0 {
		host |= os.O_EXCL
	}
	if flag&sys.O_TRUNC != 0 {
		host |= os.O_TRUNC
	}
	if flag&syncing != 0 {
		host |= os.O_SYNC
	}
	return host
}

// adopt makes a file for the guest of one of the host. It asks the open file
// again what it is: the name may have been given to a FIFO since inspect.
func (f *FS) adopt(host *os.File, flag sys.Oflag) (sys.File, sys.Errno) {
	info, err := host.Stat()
	if err != nil {
		return nil, errnoOf(err)
	}
	if errno := openable(info.Mode(), flag); errno != 0 {
		return nil, errno
	}
	st := wasys.NewStat_t(info)
	h := handle{fs: f, host: host, dev: st.Dev, ino: st.Ino}
	if info.IsDir() {
		return &directory{handle: h}, 0
	}
	file := &regular{handle: h, nonblock: flag&sys.O_NONBLOCK != 0}
	if flag&sys.O_APPEND != 0 {
		file.append = true
		if appendFlag == 0 {
			return file, setAppend(host, true)
		}
	}
	return file, 0
}
