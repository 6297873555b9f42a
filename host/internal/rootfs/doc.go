// Package rootfs gives a guest one directory of the host, and no way out of it.
//
//	mount, err := rootfs.Open("/srv/data", rootfs.Options{Access: rootfs.ReadOnly})
//	if err != nil { … }
//	defer mount.Close()
//	dir, err := mount.Root()
//	if err != nil { … }
//	defer dir.Close()
//	file, _, err := dir.Open("a/b", rootfs.Read)
//
// A [Mount] may be shared by many guests. Each of them has its own [Dir] and
// [File] values, which are used by one goroutine at a time. Errors are those of
// the kernel, as [syscall.Errno], and never tell where the mount is.
//
// # The threat
//
// The guest is hostile. It may share the directory with other guests and with
// programs of the host, and may work together with some of them. It must not
// read, change or find out about anything outside: not by "..", not by an
// absolute path, not by a symbolic link in any place of a path (there before,
// made by the guest, dangling, chained), not by a hard link, a rename, or by
// swapping a directory for a link while another call walks through it.
//
// # How it is kept
//
// A path is split into the directory part and its last component. The
// directory part is resolved by the kernel (openat2 with RESOLVE_BENEATH), by a
// walk over open directories where the kernel is too old for that, or by
// [os.Root] on other systems than Linux. The last component is then acted on
// without following links, by a call that takes the open directory and one
// name; a link in that place is read and the path that it makes is resolved from
// the start. So a swap finds nothing to race with. On top of that:
//
//   - Symbolic links made here never lead out, for other programs would follow
//     them. See [Dir.Symlink].
//   - Only regular files and directories are opened. Opening a FIFO would hang
//     the host, opening a device can do anything.
//   - A ReadOnly mount answers EROFS to every call that writes.
//   - Path lengths are limited, and a [Quota] limits what a mount holds.
//
// # What it does not do
//
// What the host itself puts into the directory belongs to the mount: a bind
// mount, or a hard link to a file that is also elsewhere. Symbolic links of the
// host that climb (with "..") are followed while they stay inside. The checks
// that keep links of guests from leading out see the other calls on mounts of the
// same path, but not those on mounts of directories inside or around it, nor programs
// of the host that move directories at the same moment. Quotas of such mounts don't
// see each other either.
//
// Open descriptors are not counted here. The caller that opens for a guest does it.
package rootfs
