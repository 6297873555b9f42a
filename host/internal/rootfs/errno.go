package rootfs

import (
	"errors"
	"io"
	"io/fs"
	"syscall"

	"github.com/tetratelabs/wazero/experimental/sys"
)

// errnoOf translates an error of os.Root or os.File. What is no error of the
// system is a refusal of theirs, above all that a path leads out: os does not
// export that error, and WASI's own word for it, ENOTCAPABLE, is not in wazero.
func errnoOf(err error) sys.Errno {
	var host syscall.Errno
	switch {
	case err == nil || errors.Is(err, io.EOF):
		return 0
	case errors.As(err, &host):
		return errnoOfHost(host)
	case errors.Is(err, fs.ErrClosed):
		return sys.EBADF
	}
	return sys.EPERM
}

// errnoOfHost names the nearest for errors that wazero lacks, and would report
// as EIO, as if a disk were failing.
func errnoOfHost(host syscall.Errno) sys.Errno {
	switch host {
	case syscall.EXDEV, syscall.ENXIO:
		return sys.ENOTSUP
	case syscall.EBUSY:
		return sys.EPERM
	case syscall.ETXTBSY:
		return sys.EACCES
	case syscall.EMFILE, syscall.ENFILE:
		return sys.EAGAIN
	}
	return sys.UnwrapOSError(host)
}
