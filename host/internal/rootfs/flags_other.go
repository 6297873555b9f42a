//go:build !unix

package rootfs

// harmless is nothing here: os.Root refuses the device names of Windows.
const harmless = 0
