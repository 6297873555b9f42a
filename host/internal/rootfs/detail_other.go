//go:build !unix

package rootfs

import "io/fs"

// harmless is nothing here: os.Root refuses the device names of Windows.
const harmless = 0

// detail fills in what fs.FileInfo does not tell, which is all there is here.
func detail(*Stat, fs.FileInfo) {}
