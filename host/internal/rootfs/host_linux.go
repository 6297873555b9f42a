//go:build linux && !portable

package rootfs

import (
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// dirHandle is the descriptor of an open directory.
type dirHandle int

const (
	onlyDir = unix.O_DIRECTORY | unix.O_CLOEXEC
	// opening flags every open.
	opening = harmless | unix.O_NOFOLLOW | unix.O_CLOEXEC

	filePerm = 0o666 // before the host's umask
	dirPerm  = 0o777
)

// again repeats a call that a signal interrupts.
func again(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}

// openAt opens a name in d, and does not follow links.
func (d dirHandle) openAt(name string, flags int, perm uint32) (fd int, err error) {
	for {
		fd, err = unix.Openat(int(d), name, flags|unix.O_NOFOLLOW, perm)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

func openRoot(hostDir string) (dirHandle, error) {
	fd, err := unix.Open(hostDir, unix.O_RDONLY|onlyDir, 0)
	return dirHandle(fd), err
}

func (d dirHandle) close() error { return unix.Close(int(d)) }

// descend opens the directory at a path, which must be inside d.
func (d dirHandle) descend(path string) (dirHandle, error) {
	if !hasOpenat2() {
		return d.walkTo(path)
	}
	how := unix.OpenHow{Flags: unix.O_PATH | onlyDir, Resolve: beneath}
	for range maxRaces {
		fd, err := unix.Openat2(int(d), path, &how)
		switch err {
		case unix.EAGAIN, unix.EINTR: // a directory was moved meanwhile
			continue
		case unix.EXDEV:
			return 0, unix.EPERM
		}
		return dirHandle(fd), err
	}
	return d.walkTo(path)
}

const beneath = unix.RESOLVE_BENEATH | unix.RESOLVE_NO_MAGICLINKS

// hasOpenat2 reports whether openat2 works. Linux has it since 5.6, but some
// sandboxes deny it.
var hasOpenat2 = sync.OnceValue(func() bool {
	fd, err := unix.Openat2(unix.AT_FDCWD, ".", &unix.OpenHow{Flags: unix.O_PATH | onlyDir, Resolve: beneath})
	if err == nil {
		_ = unix.Close(fd)
	}
	return err == nil
})

func (d dirHandle) lstat(name string) (Stat, error) {
	var st unix.Stat_t
	err := unix.Fstatat(int(d), name, &st, unix.AT_SYMLINK_NOFOLLOW)
	return statOf(&st), err
}

func (d dirHandle) stat() (Stat, error) { return fileHandle(d).stat() }

func (d dirHandle) sync() error { return fileHandle(d).sync() }

func (d dirHandle) openDir(name string) (dirHandle, error) {
	fd, err := d.openAt(name, unix.O_RDONLY|onlyDir|opening, 0)
	return dirHandle(fd), err
}

func (d dirHandle) openFile(name string, flags Flags) (fileHandle, error) {
	host := opening
	switch flags & (Read | Write) {
	case Read | Write:
		host |= unix.O_RDWR
	case Write:
		host |= unix.O_WRONLY
	}
	for _, f := range [...]struct {
		flag Flags
		host int
	}{{Append, unix.O_APPEND}, {Create, unix.O_CREAT}, {Exclusive, unix.O_EXCL}, {Truncate, unix.O_TRUNC}} {
		if flags&f.flag != 0 {
			host |= f.host
		}
	}
	fd, err := d.openAt(name, host, filePerm)
	return fileHandle(fd), err
}

func (d dirHandle) mkdir(name string) error  { return unix.Mkdirat(int(d), name, dirPerm) }
func (d dirHandle) unlink(name string) error { return unix.Unlinkat(int(d), name, 0) }
func (d dirHandle) rmdir(name string) error  { return unix.Unlinkat(int(d), name, unix.AT_REMOVEDIR) }

func (d dirHandle) rename(name string, to dirHandle, newName string) error {
	return unix.Renameat(int(d), name, int(to), newName)
}

func (d dirHandle) link(name string, to dirHandle, newName string) error {
	return unix.Linkat(int(d), name, int(to), newName, 0)
}

func (d dirHandle) symlink(target, name string) error { return unix.Symlinkat(target, int(d), name) }

func (d dirHandle) readlink(name string) (string, error) {
	var buf [maxPath]byte
	n, err := unix.Readlinkat(int(d), name, buf[:])
	switch {
	case err != nil:
		return "", err
	case n == 0: // some files of /proc are links to nothing
		return "", syscall.ENOENT
	}
	return string(buf[:n]), nil
}

func (d dirHandle) setTimes(name string, t Times) error {
	return unix.UtimesNanoAt(int(d), name, timespecs(t), unix.AT_SYMLINK_NOFOLLOW)
}

func timespecs(t Times) []unix.Timespec {
	return []unix.Timespec{timespec(t.Atim), timespec(t.Mtim)}
}

func timespec(nanos int64) unix.Timespec {
	switch nanos {
	case Omit:
		return unix.Timespec{Nsec: unix.UTIME_OMIT}
	case Now:
		return unix.Timespec{Nsec: unix.UTIME_NOW}
	}
	return unix.NsecToTimespec(nanos)
}

func statOf(st *unix.Stat_t) Stat {
	return Stat{
		Dev: uint64(st.Dev), Ino: st.Ino, Nlink: uint64(st.Nlink),
		Type: typeOf(st.Mode), Size: st.Size,
		Atim: st.Atim.Nano(), Mtim: st.Mtim.Nano(), Ctim: st.Ctim.Nano(),
	}
}

func typeOf(mode uint32) FileType {
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		return Regular
	case unix.S_IFDIR:
		return Directory
	case unix.S_IFLNK:
		return SymbolicLink
	case unix.S_IFCHR:
		return CharacterDevice
	case unix.S_IFBLK:
		return BlockDevice
	case unix.S_IFSOCK:
		return Socket
	}
	return Unknown
}

// fileHandle is the descriptor of an open file.
type fileHandle int

// maxBufs is how many buffers the kernel takes at once.
const maxBufs = 1024

// close also forgets the number, which the next open may reuse.
func (f *fileHandle) close() error {
	fd := *f
	*f = -1
	return unix.Close(int(fd))
}

func (f fileHandle) stat() (Stat, error) {
	var st unix.Stat_t
	err := unix.Fstat(int(f), &st)
	return statOf(&st), err
}

func (f fileHandle) readv(bufs [][]byte) (int, error) {
	if len(bufs) == 1 {
		return count(unix.Read(int(f), bufs[0]))
	}
	return count(unix.Readv(int(f), bufs[:min(len(bufs), maxBufs)]))
}

func (f fileHandle) preadv(bufs [][]byte, offset int64) (int, error) {
	if len(bufs) == 1 {
		return count(unix.Pread(int(f), bufs[0], offset))
	}
	return count(unix.Preadv(int(f), bufs[:min(len(bufs), maxBufs)], offset))
}

func (f fileHandle) writev(bufs [][]byte) (int, error) {
	if len(bufs) == 1 {
		return count(unix.Write(int(f), bufs[0]))
	}
	return count(unix.Writev(int(f), bufs[:min(len(bufs), maxBufs)]))
}

// pwritev turns append mode off for the call, since Linux would write to the end.
func (f fileHandle) pwritev(bufs [][]byte, offset int64, append bool) (int, error) {
	if append {
		if err := f.setAppend(false); err != nil {
			return 0, err
		}
		defer func() { _ = f.setAppend(true) }()
	}
	if len(bufs) == 1 {
		return count(unix.Pwrite(int(f), bufs[0], offset))
	}
	return count(unix.Pwritev(int(f), bufs[:min(len(bufs), maxBufs)], offset))
}

// count turns the -1 of a failed call into 0.
func count(n int, err error) (int, error) { return max(n, 0), err }

func (f fileHandle) seek(offset int64, whence int) (int64, error) {
	return unix.Seek(int(f), offset, whence)
}

func (f fileHandle) truncate(size int64) error {
	return again(func() error { return unix.Ftruncate(int(f), size) })
}

func (f fileHandle) allocate(offset, n int64) error {
	return again(func() error { return unix.Fallocate(int(f), 0, offset, n) })
}

func (f fileHandle) sync() error     { return again(func() error { return unix.Fsync(int(f)) }) }
func (f fileHandle) datasync() error { return again(func() error { return unix.Fdatasync(int(f)) }) }

// setTimes calls utimensat without a path, which package unix does not offer.
func (f fileHandle) setTimes(t Times) error {
	times := [2]unix.Timespec(timespecs(t))
	_, _, errno := unix.Syscall6(unix.SYS_UTIMENSAT, uintptr(f), 0, uintptr(unsafe.Pointer(&times)), 0, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

func (f fileHandle) setAppend(on bool) error {
	flags, err := unix.FcntlInt(uintptr(f), unix.F_GETFL, 0)
	if err != nil {
		return err
	}
	flags &^= unix.O_APPEND
	if on {
		flags |= unix.O_APPEND
	}
	_, err = unix.FcntlInt(uintptr(f), unix.F_SETFL, flags)
	return err
}
