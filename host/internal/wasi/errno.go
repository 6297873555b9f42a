package wasi

import (
	"errors"
	"io"
	"io/fs"
	"syscall"
)

// errno is how a call ended, in WASI's numbers.
type errno uint32

const (
	success      errno = 0
	eAgain       errno = 6
	eBadf        errno = 8
	eExist       errno = 20
	eFault       errno = 21
	eIntr        errno = 27
	eInval       errno = 28
	eIO          errno = 29
	eIsDir       errno = 31
	eMFile       errno = 33
	eNameTooLong errno = 37
	eNFile       errno = 41
	eNoEnt       errno = 44
	eNotDir      errno = 54
	eNotSock     errno = 57
	eNotSup      errno = 58
	ePerm        errno = 63
	ePipe        errno = 64
	eSPipe       errno = 70
	eNotCapable  errno = 76
)

// posix lists the errors of POSIX in WASI's order, from 1.
var posix = [...]syscall.Errno{
	1: syscall.E2BIG, syscall.EACCES, syscall.EADDRINUSE, syscall.EADDRNOTAVAIL, syscall.EAFNOSUPPORT,
	syscall.EAGAIN, syscall.EALREADY, syscall.EBADF, syscall.EBADMSG, syscall.EBUSY, syscall.ECANCELED,
	syscall.ECHILD, syscall.ECONNABORTED, syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EDEADLK,
	syscall.EDESTADDRREQ, syscall.EDOM, syscall.EDQUOT, syscall.EEXIST, syscall.EFAULT, syscall.EFBIG,
	syscall.EHOSTUNREACH, syscall.EIDRM, syscall.EILSEQ, syscall.EINPROGRESS, syscall.EINTR, syscall.EINVAL,
	syscall.EIO, syscall.EISCONN, syscall.EISDIR, syscall.ELOOP, syscall.EMFILE, syscall.EMLINK,
	syscall.EMSGSIZE, syscall.EMULTIHOP, syscall.ENAMETOOLONG, syscall.ENETDOWN, syscall.ENETRESET,
	syscall.ENETUNREACH, syscall.ENFILE, syscall.ENOBUFS, syscall.ENODEV, syscall.ENOENT, syscall.ENOEXEC,
	syscall.ENOLCK, syscall.ENOLINK, syscall.ENOMEM, syscall.ENOMSG, syscall.ENOPROTOOPT, syscall.ENOSPC,
	syscall.ENOSYS, syscall.ENOTCONN, syscall.ENOTDIR, syscall.ENOTEMPTY, syscall.ENOTRECOVERABLE,
	syscall.ENOTSOCK, syscall.ENOTSUP, syscall.ENOTTY, syscall.ENXIO, syscall.EOVERFLOW, syscall.EOWNERDEAD,
	syscall.EPERM, syscall.EPIPE, syscall.EPROTO, syscall.EPROTONOSUPPORT, syscall.EPROTOTYPE, syscall.ERANGE,
	syscall.EROFS, syscall.ESPIPE, syscall.ESRCH, syscall.ESTALE, syscall.ETIMEDOUT, syscall.ETXTBSY,
	syscall.EXDEV,
}

var byPosix = func() map[syscall.Errno]errno {
	all := make(map[syscall.Errno]errno, len(posix))
	for i, host := range posix {
		all[host] = errno(i)
	}
	return all
}()

// errnoOf translates an error of the host. Errors that WASI does not have are EIO.
func errnoOf(err error) errno {
	var host syscall.Errno
	switch {
	case err == nil:
		return success
	case errors.As(err, &host):
		if e, ok := byPosix[host]; ok {
			return e
		}
	case errors.Is(err, io.ErrClosedPipe):
		return ePipe
	case errors.Is(err, fs.ErrClosed):
		return eBadf
	}
	return eIO
}
