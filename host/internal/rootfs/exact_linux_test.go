//go:build linux && !portable

package rootfs

func isExact() bool { return true }
