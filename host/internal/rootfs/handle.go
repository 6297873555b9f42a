package rootfs

import (
	"errors"
	"os"

	"github.com/tetratelabs/wazero/experimental/sys"
	wasys "github.com/tetratelabs/wazero/sys"
)

// position is int64 by another name: go vet takes any Seek(int64, int) for
// io.Seeker's and wants it to return an error, where wazero has an Errno.
type position = int64

// handle is what open files and open directories have in common.
type handle struct {
	sys.UnimplementedFile // what wazero may add to the interface is refused

	fs       *FS
	host     *os.File
	dev, ino uint64
}

// Dev implements sys.File.
func (h *handle) Dev() (uint64, sys.Errno) {
	return h.dev, 0
}

// Ino implements sys.File.
func (h *handle) Ino() (wasys.Inode, sys.Errno) {
	return h.ino, 0
}

// Stat implements sys.File.
func (h *handle) Stat() (wasys.Stat_t, sys.Errno) {
	info, err := h.host.Stat()
	if err != nil {
		return wasys.Stat_t{}, errnoOf(err)
	}
	return wasys.NewStat_t(info), 0
}

// Sync implements sys.File.
func (h *handle) Sync() sys.Errno {
	return errnoOf(h.host.Sync())
}

// Datasync implements sys.File.
func (h *handle) Datasync() sys.Errno {
	return h.Sync()
}

// Utimens implements sys.File.
func (h *handle) Utimens(atim, mtim int64) sys.Errno {
	if errno := h.writable(); errno != 0 {
		return errno
	}
	return setTimes(h.host, atim, mtim)
}

// Close implements sys.File. Closing again does nothing.
func (h *handle) Close() sys.Errno {
	err := h.host.Close()
	if errors.Is(err, os.ErrClosed) {
		return 0
	}
	h.fs.release()
	return errnoOf(err)
}

func (h *handle) charge(bytes int) {
	if h.fs.Charge != nil {
		h.fs.Charge(bytes)
	}
}

func (h *handle) writable() sys.Errno {
	if h.fs.access != ReadWrite {
		return sys.EROFS
	}
	return 0
}
