package files

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/capability"
)

// reasons has the statuses and the ends of the messages, which SPEC.md lists: a guest
// may look for them.
var reasons = map[syscall.Errno]*capability.Error{
	syscall.ENOENT:       capability.Errorf(abi.Failed, "no such file"),
	syscall.EEXIST:       capability.Errorf(abi.Failed, "it exists already"),
	syscall.EISDIR:       capability.Errorf(abi.Failed, "it is a directory"),
	syscall.ENOTDIR:      capability.Errorf(abi.Failed, "it is not in a directory"),
	syscall.ENOTEMPTY:    capability.Errorf(abi.Failed, "the directory is not empty"),
	syscall.ENOSPC:       capability.Errorf(abi.Failed, "the host's disk is full"),
	syscall.EXDEV:        capability.Errorf(abi.Failed, "it can't be moved from one folder to another"),
	syscall.EBUSY:        capability.Errorf(abi.Failed, "it can't be moved"),
	syscall.EROFS:        capability.Errorf(abi.Denied, "the folder is read-only (Mount.ReadOnly)"),
	syscall.EDQUOT:       capability.Errorf(abi.Denied, "the folder has no room for more (Mount.Quota)"),
	syscall.EPERM:        capability.Errorf(abi.Denied, "it leads out of the folder, or is not allowed there"),
	syscall.EACCES:       capability.Errorf(abi.Denied, "the host's system does not allow it"),
	syscall.EMFILE:       capability.Errorf(abi.QueueFull, "guests have too many files open"),
	syscall.ENFILE:       capability.Errorf(abi.QueueFull, "guests have too many files open"),
	syscall.EINVAL:       capability.Errorf(abi.InvalidInput, "it is not possible"),
	syscall.ENOTSUP:      capability.Errorf(abi.InvalidInput, "it is not a regular file"),
	syscall.ENAMETOOLONG: capability.Errorf(abi.InvalidInput, "the path is too long"),
	syscall.ELOOP:        capability.Errorf(abi.InvalidInput, "it has too many links"),
	syscall.EFBIG:        capability.Errorf(abi.InvalidInput, "the file would be too large"),
	syscall.EBADF:        capability.Errorf(abi.Closed, "it is closed"),
}

// failure translates an error for the guest, which learns nothing of the host.
func failure(what string, err error) error {
	var host syscall.Errno
	if errors.As(err, &host) {
		if reason := reasons[host]; reason != nil {
			return fmt.Errorf("%s: %w", what, reason)
		}
		return fmt.Errorf("%s: %w", what, capability.Errorf(abi.Failed, "%v", host))
	}
	return fmt.Errorf("%s: %w", what, err)
}

// notMounted says what is mounted.
func (f *Files) notMounted() error {
	if len(f.folders) == 0 {
		return capability.Errorf(abi.Denied, "no folder is mounted")
	}
	names := make([]string, len(f.folders))
	for i, at := range f.folders {
		names[i] = at.guest
	}
	return capability.Errorf(abi.Denied, "no folder is mounted there, only at %s", strings.Join(names, ", "))
}
