//go:build !linux || portable

package rootfs

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// On these systems os.Root resolves all paths, from the mount's directory. That is
// less exact: a path may leave the Dir it starts from, though not the mount; links
// and file types are checked before a call, which leaves a race; and the links of
// guests can't climb.

// dirHandle is a path in a mount.
type dirHandle struct {
	root *os.Root
	path string
}

func openRoot(hostDir string) (dirHandle, error) {
	root, err := os.OpenRoot(hostDir)
	return dirHandle{root, "."}, err
}

// close closes the mount's directory. Other handles have nothing open.
func (d dirHandle) close() error {
	if d.path != "." {
		return nil
	}
	return d.root.Close()
}

func (d dirHandle) at(name string) string { return d.path + "/" + name }

func (d dirHandle) descend(path string) (dirHandle, error) {
	st, err := statOf(d.root.Stat(d.at(path)))
	if err == nil && st.Type != Directory {
		err = syscall.ENOTDIR
	}
	return dirHandle{d.root, d.at(strings.TrimRight(path, "/"))}, err
}

func (d dirHandle) lstat(name string) (Stat, error) { return statOf(d.root.Lstat(d.at(name))) }
func (d dirHandle) stat() (Stat, error)             { return statOf(d.root.Stat(d.path)) }
func (d dirHandle) sync() error                     { return nil }

func (d dirHandle) openDir(name string) (dirHandle, error) { return d.descend(name) }

func (d dirHandle) openFile(name string, flags Flags) (fileHandle, error) {
	host := harmless
	switch flags & (Read | Write) {
	case Read | Write:
		host |= os.O_RDWR
	case Write:
		host |= os.O_WRONLY
	}
	for _, f := range [...]struct {
		flag Flags
		host int
	}{{Append, os.O_APPEND}, {Create, os.O_CREATE}, {Exclusive, os.O_EXCL}, {Truncate, os.O_TRUNC}} {
		if flags&f.flag != 0 {
			host |= f.host
		}
	}
	file, err := d.root.OpenFile(d.at(name), host, 0o666)
	return fileHandle{file}, errnoOf(err)
}

func (d dirHandle) mkdir(name string) error { return errnoOf(d.root.Mkdir(d.at(name), 0o777)) }

func (d dirHandle) unlink(name string) error { return d.remove(name, false) }
func (d dirHandle) rmdir(name string) error  { return d.remove(name, true) }

func (d dirHandle) remove(name string, dir bool) error {
	st, err := d.lstat(strings.TrimRight(name, "/"))
	switch {
	case err != nil:
		return err
	case dir && st.Type != Directory, strings.HasSuffix(name, "/") && st.Type != Directory:
		return syscall.ENOTDIR
	case !dir && st.Type == Directory:
		return syscall.EISDIR
	}
	return errnoOf(d.root.Remove(d.at(name)))
}

func (d dirHandle) rename(name string, to dirHandle, newName string) error {
	if st, err := d.lstat(strings.TrimRight(name, "/")); err == nil && st.Type != Directory &&
		(strings.HasSuffix(name, "/") || strings.HasSuffix(newName, "/")) {
		return syscall.ENOTDIR
	}
	name, newName = d.at(strings.TrimRight(name, "/")), to.at(strings.TrimRight(newName, "/"))
	err := errnoOf(d.root.Rename(name, newName))
	if err != syscall.EEXIST {
		return err
	}
	return d.replace(name, newName)
}

// replace renames onto a directory. os.Root never does; POSIX does when both are
// directories and the one replaced is empty.
func (d dirHandle) replace(name, newName string) error {
	from, err := d.root.Lstat(name)
	if err != nil {
		return errnoOf(err)
	}
	target, err := d.root.Lstat(newName)
	switch {
	case err != nil:
		return errnoOf(err)
	case os.SameFile(from, target):
		return nil
	case !from.IsDir():
		return syscall.EISDIR
	}
	if err := d.root.Remove(newName); err != nil {
		return errnoOf(err)
	}
	if err := d.root.Rename(name, newName); err != nil {
		// The directory may have been moved into itself: restore the target.
		_ = d.root.Mkdir(newName, target.Mode().Perm())
		return errnoOf(err)
	}
	return nil
}

func (d dirHandle) link(name string, to dirHandle, newName string) error {
	if strings.HasSuffix(newName, "/") {
		return syscall.ENOENT
	}
	return errnoOf(d.root.Link(d.at(name), to.at(newName)))
}

func (d dirHandle) symlink(target, name string) error {
	if trimmed := strings.TrimRight(name, "/"); trimmed != name {
		if _, err := d.lstat(trimmed); err != nil {
			return err
		}
		return syscall.EEXIST
	}
	return errnoOf(d.root.Symlink(target, d.at(name)))
}

func (d dirHandle) readlink(name string) (string, error) {
	target, err := d.root.Readlink(d.at(name))
	switch {
	case err != nil:
		return "", errnoOf(err)
	case filepath.IsAbs(target):
		return "", syscall.EPERM
	}
	return filepath.ToSlash(target), nil
}

func (d dirHandle) setTimes(name string, t Times) error {
	if st, err := d.lstat(name); err == nil && st.Type == SymbolicLink {
		return syscall.ENOTSUP // os.Root would follow it
	}
	return errnoOf(d.root.Chtimes(d.at(name), timeOf(t.Atim), timeOf(t.Mtim)))
}

// timeOf converts a time for Chtimes, which takes the zero time for Omit.
func timeOf(nanos int64) time.Time {
	switch nanos {
	case Omit:
		return time.Time{}
	case Now:
		return time.Now()
	}
	return time.Unix(0, nanos)
}

// contains checks that a link in d to target does not lead out of the mount. The
// link may not climb at all, since the depth of d is not known.
func (*Mount) contains(d dirHandle, target string) error {
	if climbs(target) > 0 || !filepath.IsLocal(filepath.FromSlash(target)) {
		return syscall.EPERM
	}
	if _, err := d.root.Stat(d.at(target)); errnoOf(err) == syscall.EPERM {
		return syscall.EPERM
	}
	return nil
}

// movable allows every move, since no link of a guest climbs.
func (*Mount) movable(_, _ *entry) error { return nil }

func statOf(info fs.FileInfo, err error) (Stat, error) {
	if err != nil {
		return Stat{}, errnoOf(err)
	}
	mtim := info.ModTime().UnixNano()
	st := Stat{Nlink: 1, Type: typeOf(info.Mode()), Size: info.Size(), Atim: mtim, Mtim: mtim, Ctim: mtim}
	detail(&st, info)
	return st, nil
}

func typeOf(mode fs.FileMode) FileType {
	switch mode.Type() {
	case 0:
		return Regular
	case fs.ModeDir:
		return Directory
	case fs.ModeSymlink:
		return SymbolicLink
	case fs.ModeDevice:
		return BlockDevice
	case fs.ModeDevice | fs.ModeCharDevice:
		return CharacterDevice
	case fs.ModeSocket:
		return Socket
	}
	return Unknown
}

// errnoOf returns the errno in an error of os. An error without one is a refusal by
// os.Root, most often because the path leads out.
func errnoOf(err error) error {
	var host syscall.Errno
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist) && !errors.As(err, &host):
		return syscall.ENOENT
	case errors.As(err, &host):
		return posix(host)
	case errors.Is(err, fs.ErrClosed):
		return syscall.EBADF
	}
	return syscall.EPERM
}

// posix translates errors of Windows.
func posix(host syscall.Errno) error {
	for _, known := range []syscall.Errno{
		syscall.ENOENT, syscall.EEXIST, syscall.EACCES, syscall.ENOTDIR, syscall.ENOTEMPTY,
		syscall.EISDIR, syscall.EINVAL, syscall.ELOOP, syscall.ENAMETOOLONG,
	} {
		if errors.Is(host, known) {
			return known
		}
	}
	switch {
	case errors.Is(host, fs.ErrNotExist):
		return syscall.ENOENT
	case errors.Is(host, fs.ErrExist):
		return syscall.EEXIST
	case errors.Is(host, fs.ErrPermission):
		return syscall.EACCES
	}
	return host
}

// fileHandle is an open file.
type fileHandle struct{ *os.File }

func (f *fileHandle) close() error       { return errnoOf(f.Close()) }
func (f fileHandle) stat() (Stat, error) { return statOf(f.Stat()) }

// each runs io for each buffer, until a buffer is moved only in part.
func each(bufs [][]byte, io func(buf []byte, done int) (int, error)) (int, error) {
	done := 0
	for _, buf := range bufs {
		n, err := io(buf, done)
		if done += n; n < len(buf) || err != nil {
			return done, wholeOrErrno(done, err)
		}
	}
	return done, nil
}

// wholeOrErrno drops an error that came after some bytes.
func wholeOrErrno(done int, err error) error {
	if done > 0 || err == io.EOF {
		return nil
	}
	return errnoOf(err)
}

func (f fileHandle) readv(bufs [][]byte) (int, error) {
	return each(bufs, func(buf []byte, _ int) (int, error) { return f.Read(buf) })
}

func (f fileHandle) preadv(bufs [][]byte, offset int64) (int, error) {
	if offset < 0 {
		return 0, syscall.EINVAL
	}
	return each(bufs, func(buf []byte, done int) (int, error) { return f.ReadAt(buf, offset+int64(done)) })
}

func (f fileHandle) writev(bufs [][]byte) (int, error) {
	return each(bufs, func(buf []byte, _ int) (int, error) { return f.Write(buf) })
}

func (f fileHandle) pwritev(bufs [][]byte, offset int64, append bool) (int, error) {
	switch {
	case offset < 0:
		return 0, syscall.EINVAL
	case append: // os refuses it
		return 0, syscall.ENOTSUP
	}
	return each(bufs, func(buf []byte, done int) (int, error) { return f.WriteAt(buf, offset+int64(done)) })
}

func (f fileHandle) seek(offset int64, whence int) (int64, error) {
	at, err := f.Seek(offset, whence)
	return at, errnoOf(err)
}

func (f fileHandle) truncate(size int64) error      { return errnoOf(f.Truncate(size)) }
func (f fileHandle) allocate(offset, n int64) error { return errors.ErrUnsupported }
func (f fileHandle) sync() error                    { return errnoOf(f.Sync()) }
func (f fileHandle) datasync() error                { return errnoOf(f.Sync()) }
func (f fileHandle) setTimes(Times) error           { return syscall.ENOTSUP }
func (f fileHandle) setAppend(bool) error           { return syscall.ENOTSUP }

// maxSkip is the largest position in a directory, since each call reads it from the
// start.
const maxSkip = 1 << 16

// readDir reads the directory from the start, and skips entries before from. It
// begins with "." and "..", which os leaves out.
func (d dirHandle) readDir(_ bool, from uint64, _ int, yield func(Entry) bool) error {
	if from > maxSkip {
		return syscall.EOVERFLOW
	}
	dir, err := d.root.Open(d.path)
	if err != nil {
		return errnoOf(err)
	}
	defer dir.Close()
	at := uint64(0)
	give := func(e Entry) bool {
		at++
		e.Next = at
		return at <= from || yield(e)
	}
	self, err := d.stat()
	if err != nil {
		return err
	}
	if !give(Entry{Name: ".", Ino: self.Ino, Type: Directory}) || !give(Entry{Name: "..", Type: Directory}) {
		return nil
	}
	for {
		infos, err := dir.Readdir(128)
		for _, info := range infos {
			st, _ := statOf(info, nil)
			if !give(Entry{Name: info.Name(), Ino: st.Ino, Type: st.Type}) {
				return nil
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return errnoOf(err)
		}
	}
}
