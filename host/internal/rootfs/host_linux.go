package rootfs

import (
	"os"
	"syscall"
	"unsafe"

	"github.com/tetratelabs/wazero/experimental/sys"
)

// appendFlag opens a file for append: with none, setAppend is called after. An
// os.File opened with O_APPEND would refuse WriteAt for good.
const appendFlag = 0

// setAppend changes the append mode of an open file.
func setAppend(host *os.File, enable bool) sys.Errno {
	return control(host, func(fd uintptr) syscall.Errno {
		flags, _, errno := syscall.Syscall(syscall.SYS_FCNTL, fd, syscall.F_GETFL, 0)
		if errno != 0 {
			return errno
		}
		flags &^= syscall.O_APPEND
		if enable {
			flags |= syscall.O_APPEND
		}
		_, _, errno = syscall.Syscall(syscall.SYS_FCNTL, fd, syscall.F_SETFL, flags)
		return errno
	})
}

// setTimes sets the times of an open file: utimensat with no path.
func setTimes(host *os.File, atim, mtim int64) sys.Errno {
	times := [2]syscall.Timespec{timespec(atim), timespec(mtim)}
	return control(host, func(fd uintptr) syscall.Errno {
		_, _, errno := syscall.Syscall6(syscall.SYS_UTIMENSAT, fd, 0, uintptr(unsafe.Pointer(&times)), 0, 0, 0)
		return errno
	})
}

func timespec(nanos int64) syscall.Timespec {
	if nanos == sys.UTIME_OMIT {
		return syscall.Timespec{Nsec: 1<<30 - 2} // the kernel's UTIME_OMIT
	}
	return syscall.NsecToTimespec(nanos)
}

// control calls f with a descriptor that nobody closes meanwhile.
func control(host *os.File, f func(fd uintptr) syscall.Errno) sys.Errno {
	conn, err := host.SyscallConn()
	if err != nil {
		return errnoOf(err)
	}
	var errno syscall.Errno
	if err := conn.Control(func(fd uintptr) { errno = f(fd) }); err != nil {
		return errnoOf(err)
	}
	return errnoOfHost(errno)
}
