package rootfs

import (
	"errors"
	"math"
	"syscall"
)

// File is an open regular file.
type File struct {
	mount  *Mount
	host   fileHandle
	self   identity
	opened *opened
	append bool
	closed bool
}

// Close closes the file. Closing again does nothing.
func (f *File) Close() error {
	if f.closed {
		return nil
	}
	f.closed = true
	f.mount.usage.release(f)
	return f.host.close()
}

// Stat describes the file.
func (f *File) Stat() (Stat, error) { return f.host.stat() }

func (f *File) size() (int64, error) {
	st, err := f.host.stat()
	return st.Size, err
}

// Readv reads from the file's position into bufs. At the end it returns 0.
func (f *File) Readv(bufs [][]byte) (int, error) { return f.host.readv(bufs) }

// Preadv reads from offset into bufs, and keeps the position.
func (f *File) Preadv(bufs [][]byte, offset int64) (int, error) {
	return f.host.preadv(bufs, offset)
}

// Writev writes bufs at the file's position, or at its end in append mode.
func (f *File) Writev(bufs [][]byte) (n int, err error) {
	want := length(bufs)
	err = f.mount.usage.change(f, func(size int64) int64 {
		at := size
		if !f.append {
			at, _ = f.host.seek(0, seekCurrent)
		}
		return extended(size, at, want)
	}, func() (bool, error) {
		n, err = f.host.writev(bufs)
		return int64(n) == want, err
	})
	return n, err
}

// Pwritev writes bufs at offset, even in append mode, and keeps the position.
func (f *File) Pwritev(bufs [][]byte, offset int64) (n int, err error) {
	want := length(bufs)
	err = f.mount.usage.change(f, func(size int64) int64 {
		return extended(size, offset, want)
	}, func() (bool, error) {
		n, err = f.host.pwritev(bufs, offset, f.append)
		return int64(n) == want, err
	})
	return n, err
}

// extended returns the size of a file after n bytes were written at an offset.
func extended(size, offset, n int64) int64 {
	if n == 0 {
		return size
	}
	return max(size, plus(offset, n))
}

// Truncate sets the file's size.
func (f *File) Truncate(size int64) error {
	return f.mount.usage.change(f, func(int64) int64 { return size }, func() (bool, error) {
		return true, f.host.truncate(size)
	})
}

// Allocate makes the file at least offset+n bytes long, and reserves the space on
// disk if the file system can.
func (f *File) Allocate(offset, n int64) error {
	if offset < 0 || n <= 0 {
		return syscall.EINVAL
	}
	end := plus(offset, n)
	return f.mount.usage.change(f, func(size int64) int64 { return max(size, end) }, func() (bool, error) {
		err := f.host.allocate(offset, n)
		if !errors.Is(err, errors.ErrUnsupported) {
			return true, err
		}
		size, err := f.size()
		if err != nil || size >= end {
			return true, err
		}
		return true, f.host.truncate(end)
	})
}

// The values of whence are those of io.Seeker.
const (
	seekStart   = 0
	seekCurrent = 1
	seekEnd     = 2
)

// Seek sets the file's position, and returns it.
func (f *File) Seek(offset int64, whence int) (int64, error) {
	if whence < seekStart || whence > seekEnd {
		return 0, syscall.EINVAL
	}
	return f.host.seek(offset, whence)
}

// SetTimes sets the file's times.
func (f *File) SetTimes(t Times) error {
	if f.mount.access != ReadWrite {
		return syscall.EROFS
	}
	return f.host.setTimes(t)
}

// SetAppend sets whether Writev appends.
func (f *File) SetAppend(on bool) error {
	if on == f.append {
		return nil
	}
	err := f.host.setAppend(on)
	if err == nil {
		f.append = on
	}
	return err
}

// Sync writes the file to disk. Datasync leaves out metadata that reading does not
// need.
func (f *File) Sync() error     { return f.host.sync() }
func (f *File) Datasync() error { return f.host.datasync() }

func length(bufs [][]byte) (n int64) {
	for _, b := range bufs {
		n += int64(len(b))
	}
	return n
}

// plus adds two non-negative numbers, and saturates.
func plus(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// FileType is the type of a file, with WASI's numbers.
type FileType uint8

const (
	Unknown         FileType = 0
	BlockDevice     FileType = 1
	CharacterDevice FileType = 2
	Directory       FileType = 3
	Regular         FileType = 4
	Socket          FileType = 6
	SymbolicLink    FileType = 7
)

// Stat describes a file. Times are nanoseconds since 1970.
type Stat struct {
	Dev, Ino, Nlink  uint64
	Type             FileType
	Size             int64
	Atim, Mtim, Ctim int64
}

func (s Stat) identity() identity { return identity{s.Dev, s.Ino} }

// Times are the times to set, in nanoseconds since 1970, or Omit or Now.
type Times struct{ Atim, Mtim int64 }

const (
	// Omit leaves a time unchanged.
	Omit int64 = math.MinInt64
	// Now sets a time to the host's clock.
	Now int64 = math.MinInt64 + 1
)
