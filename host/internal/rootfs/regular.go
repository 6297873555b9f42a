package rootfs

import (
	"io"

	"github.com/tetratelabs/wazero/experimental/sys"
)

// regular is an open regular file.
type regular struct {
	handle
	append   bool
	nonblock bool
}

var _ sys.PollableFile = (*regular)(nil)

// IsDir implements sys.File.
func (*regular) IsDir() (bool, sys.Errno) {
	return false, 0
}

// Read implements sys.File.
func (r *regular) Read(buf []byte) (int, sys.Errno) {
	r.charge(len(buf))
	n, err := r.host.Read(buf)
	return n, errnoOf(err)
}

// Pread implements sys.File.
func (r *regular) Pread(buf []byte, off int64) (int, sys.Errno) {
	if off < 0 {
		return 0, sys.EINVAL
	}
	r.charge(len(buf))
	n, err := r.host.ReadAt(buf, off)
	return n, errnoOf(err)
}

// Seek implements sys.File.
func (r *regular) Seek(offset position, whence int) (position, sys.Errno) {
	if whence < io.SeekStart || whence > io.SeekEnd {
		return 0, sys.EINVAL
	}
	at, err := r.host.Seek(offset, whence)
	return at, errnoOf(err)
}

// Write implements sys.File.
func (r *regular) Write(buf []byte) (int, sys.Errno) {
	if errno := r.writable(); errno != 0 {
		return 0, errno
	}
	r.charge(len(buf))
	n, err := r.host.Write(buf)
	return n, errnoOf(err)
}

// Pwrite implements sys.File. It writes at off in append mode too, as POSIX has
// it; Linux appends unless the mode is put off.
func (r *regular) Pwrite(buf []byte, off int64) (int, sys.Errno) {
	if errno := r.writable(); errno != 0 {
		return 0, errno
	}
	if off < 0 {
		return 0, sys.EINVAL
	}
	r.charge(len(buf))
	if r.append {
		if errno := setAppend(r.host, false); errno != 0 {
			return 0, errno
		}
		defer setAppend(r.host, true)
	}
	n, err := r.host.WriteAt(buf, off)
	return n, errnoOf(err)
}

// Truncate implements sys.File.
func (r *regular) Truncate(size int64) sys.Errno {
	if errno := r.writable(); errno != 0 {
		return errno
	}
	return errnoOf(r.host.Truncate(size))
}

// IsAppend implements sys.File.
func (r *regular) IsAppend() bool {
	return r.append
}

// SetAppend implements sys.File.
func (r *regular) SetAppend(enable bool) sys.Errno {
	if enable == r.append {
		return 0
	}
	if errno := setAppend(r.host, enable); errno != 0 {
		return errno
	}
	r.append = enable
	return 0
}

// IsNonblock implements sys.PollableFile. wazero takes a file that is not
// pollable for standard input, and waits for that when the guest polls it.
func (r *regular) IsNonblock() bool {
	return r.nonblock
}

// SetNonblock implements sys.PollableFile. Regular files never block in the
// sense of POSIX, so the flag is only remembered.
func (r *regular) SetNonblock(enable bool) sys.Errno {
	r.nonblock = enable
	return 0
}

// Poll implements sys.PollableFile.
func (*regular) Poll(sys.Pflag, int32) (bool, sys.Errno) {
	return true, 0
}
