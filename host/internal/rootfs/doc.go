// Package rootfs gives a WASI guest one directory of the host, and no way out
// of it.
//
//	data, err := rootfs.Open("/srv/data", rootfs.ReadOnly)
//	if err != nil { … }
//	defer data.Close()
//	mounts := wazero.NewFSConfig().(sysfs.FSConfig).WithSysFSMount(data, "/data")
//
// # The threat
//
// The guest is hostile. It may share the directory with other guests and with
// programs of the host, and may work together with some of them. It must not
// read, change or find out about anything outside: not by "..", not by an
// absolute path, not by a symbolic link in any place of a path (there before,
// made by the guest, dangling, chained), not by a hard link, a rename, or by
// swapping a directory for a link while another call walks through it.
// wazero's own WithDirMount joins strings and promises none of this.
//
// # How it is kept
//
// Every path is walked by [os.Root], one component at a time and from open
// directories, so a swap finds nothing to race with. This package adds what
// os.Root leaves open:
//
//   - Symbolic links made here never lead out, for other programs would follow
//     them. See [FS.Symlink].
//   - Only regular files and directories are opened. Opening a FIFO would hang
//     the host, opening a device can do anything.
//   - A ReadOnly mount answers EROFS to every call that writes.
//   - Open files and path lengths have limits.
//
// # What it does not do
//
// What the host itself puts into the directory belongs to the mount: a bind
// mount, or a hard link to a file that is also elsewhere. Symbolic links of the
// host that climb (with "..") are followed while they stay inside; but a guest
// that may write can move the directories around them, so that they lead out
// for programs which, unlike this package, follow them blindly. Put no such
// links in a ReadWrite mount. Bytes on disk are not limited here.
package rootfs
