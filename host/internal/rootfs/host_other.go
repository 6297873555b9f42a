//go:build !linux

package rootfs

import (
	"os"

	"github.com/tetratelabs/wazero/experimental/sys"
)

const appendFlag = os.O_APPEND

// setAppend and setTimes have no portable form. To ENOSYS from setTimes wazero
// answers by setting the times by path, with FS.Utimens.

func setAppend(*os.File, bool) sys.Errno {
	return sys.ENOSYS
}

func setTimes(*os.File, int64, int64) sys.Errno {
	return sys.ENOSYS
}
