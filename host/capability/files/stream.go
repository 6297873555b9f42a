package files

import (
	"io"
	"sync"
	"syscall"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/internal/rootfs"
	"github.com/wexec/wexec/host/internal/wasi/descriptors"
)

// file is an open file, which takes one of the descriptors that guests may have.
type file struct {
	*rootfs.File
	closed bool
}

func openFile(dir *rootfs.Dir, path string, flags rootfs.Flags) (*file, error) {
	if !descriptors.Default().Acquire() {
		return nil, syscall.EMFILE
	}
	f, d, err := dir.Open(path, flags)
	if err == nil && f == nil {
		_ = d.Close()
		err = syscall.EISDIR
	}
	if err != nil {
		descriptors.Default().Release()
		return nil, err
	}
	return &file{File: f}, nil
}

// Close closes the file. Closing again does nothing.
func (f *file) Close() error {
	if f.closed {
		return nil
	}
	f.closed = true
	descriptors.Default().Release()
	return f.File.Close()
}

func writeAll(f *rootfs.File, bytes []byte) error {
	for len(bytes) > 0 {
		n, err := f.Writev([][]byte{bytes})
		if err != nil {
			return err
		}
		bytes = bytes[n:]
	}
	return nil
}

// stream reads and writes a file from its position on. The lock is for Close, which
// may come during a read.
type stream struct {
	what string // in errors
	mu   sync.Mutex
	file *file
}

// newStream returns a stream that can do what the flags say, and no more.
func newStream(f *file, what string, flags abi.FileFlags) io.Closer {
	s := &stream{what: what, file: f}
	switch flags & (abi.FileRead | abi.FileWrite) {
	case abi.FileRead:
		return struct {
			io.Reader
			io.Closer
		}{s, s}
	case abi.FileWrite:
		return struct {
			io.Writer
			io.Closer
		}{s, s}
	}
	return s
}

func (s *stream) Read(p []byte) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file.closed {
		return 0, failure(s.what, syscall.EBADF)
	}
	if n, err = s.file.Readv([][]byte{p}); err != nil {
		return n, failure(s.what, err)
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file.closed {
		return 0, failure(s.what, syscall.EBADF)
	}
	if err := writeAll(s.file.File, p); err != nil {
		return 0, failure(s.what, err)
	}
	return len(p), nil
}

func (s *stream) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.file.Close(); err != nil {
		return failure(s.what, err)
	}
	return nil
}

// list opens a stream of the entries of a directory.
func (f *Files) list(t target, _ []byte) ([]byte, error) {
	if !descriptors.Default().Acquire() {
		return nil, syscall.EMFILE
	}
	_, dir, err := t.dir.Open(t.path, rootfs.Read|rootfs.OnlyDir)
	if err != nil {
		descriptors.Default().Release()
		return nil, err
	}
	return opened(t.use, &listing{what: t.use.Op + ": " + t.use.Detail, dir: dir})
}

// listing is a stream of entries.
type listing struct {
	what   string
	mu     sync.Mutex
	dir    *rootfs.Dir
	next   uint64
	page   []byte
	closed bool
}

// pageBytes is about how many bytes of entries are read at once.
const pageBytes = 32 << 10

func (l *listing) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return 0, failure(l.what, syscall.EBADF)
	}
	for len(l.page) == 0 {
		from := l.next
		err := l.dir.ReadDir(l.next, pageBytes, func(e rootfs.Entry) bool {
			l.next = e.Next
			if e.Name != "." && e.Name != ".." {
				l.page = abi.FileEntry{Kind: kind(e.Type), Name: e.Name}.Append(l.page)
			}
			return len(l.page) < pageBytes
		})
		if err != nil {
			return 0, failure(l.what, err)
		}
		if l.next == from {
			return 0, io.EOF
		}
	}
	n := copy(p, l.page)
	l.page = l.page[n:]
	return n, nil
}

func (l *listing) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	descriptors.Default().Release()
	return l.dir.Close()
}
