// Package files is the capability files: reading and writing files by ops, for guests
// that have no WASI, and for those that do other things meanwhile.
//
//	folders, err := files.Open(host.Mount{Host: "/srv/data", Guest: "/data", ReadOnly: true})
//	if err != nil {
//		return err
//	}
//	h, err := host.New(host.Config{Capabilities: []capability.Capability{folders}})
//
// All guests that are granted the ops see the same folders. A path begins with the path
// of a folder as guests see it; no path and no link leads out of it, as with WASI.
// Folders that a guest also sees by WASI have one account: see capability.Quota. The
// wire forms are in abi/files.go and in section 6.8 of SPEC.md.
//
// files.read and files.write work on a whole file of up to 16 MiB. files.write makes a
// new file and renames it, so a reader sees the old bytes or the new ones, and a disk
// or quota that is full loses nothing. Larger files are streams: see files.open.
package files

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/internal/rootfs"
)

// Files is the capability. It is safe for concurrent use.
type Files struct{ folders []folder }

// folder is an open mount.
type folder struct {
	guest string // clean and absolute
	*rootfs.Mount
}

// Open opens the folders. It keeps a descriptor for each until Close.
func Open(mounts ...capability.Mount) (*Files, error) {
	f := &Files{}
	for _, m := range mounts {
		at := path.Clean("/" + m.Guest)
		if f.find(at) == at {
			return nil, errors.Join(fmt.Errorf("files: two folders are mounted at %s", at), f.Close())
		}
		o := rootfs.Options{Access: rootfs.ReadWrite, Quota: rootfs.Quota(m.Quota)}
		if m.ReadOnly {
			o.Access = rootfs.ReadOnly
		}
		mount, err := rootfs.Open(m.Host, o)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("files: mount %s: %w", m.Host, err), f.Close())
		}
		f.folders = append(f.folders, folder{at, mount})
	}
	return f, nil
}

// find returns where the folder is mounted that has a path, or "".
func (f *Files) find(name string) string {
	at, _ := f.folder(name)
	return at.guest
}

// folder returns the folder that has a path, and the rest of the path: that of the
// longest name, if folders are mounted in one another.
func (f *Files) folder(name string) (at folder, rest string) {
	name = "/" + strings.TrimLeft(name, "/")
	for _, candidate := range f.folders {
		prefix := strings.TrimSuffix(candidate.guest, "/")
		after, ok := strings.CutPrefix(name, prefix)
		if ok && (after == "" || after[0] == '/') && len(candidate.guest) > len(at.guest) {
			at, rest = candidate, strings.TrimLeft(after, "/")
		}
	}
	if rest == "" {
		rest = "."
	}
	return at, rest
}

// Names implements capability.Capability.
func (f *Files) Names() []string { return slices.Sorted(maps.Keys(ops)) }

// For implements capability.Capability.
func (f *Files) For(capability.Scope) (map[string]capability.Op, error) {
	all := map[string]capability.Op{}
	for name, op := range ops {
		all[name] = op.of(f)
	}
	return all, nil
}

// Close closes the folders. Streams keep working until they are closed.
func (f *Files) Close() error {
	var errs []error
	for _, at := range f.folders {
		errs = append(errs, at.Mount.Close())
	}
	return errors.Join(errs...)
}

var kinds = map[rootfs.FileType]abi.FileKind{
	rootfs.Directory:    abi.FileDirectory,
	rootfs.Regular:      abi.FileRegular,
	rootfs.SymbolicLink: abi.FileLink,
}

func kind(t rootfs.FileType) abi.FileKind {
	if k, ok := kinds[t]; ok {
		return k
	}
	return abi.FileOther
}
