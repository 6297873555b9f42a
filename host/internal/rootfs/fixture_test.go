package rootfs

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero/experimental/sys"
)

// fixture is a mount with something beside it that a guest must not reach:
//
//	mount/file           "inside"
//	mount/dir/file       "inside"
//	mount/empty/
//	outside/file         "secret"
//	outside/dir/file     "secret"
type fixture struct {
	*FS
	mount, outside string
}

func newFixture(t *testing.T, access Access) fixture {
	t.Helper()
	base := t.TempDir()
	x := fixture{mount: filepath.Join(base, "mount"), outside: filepath.Join(base, "outside")}
	for dir, text := range map[string]string{x.mount: "inside", x.outside: "secret"} {
		mustMkdir(t, dir)
		mustMkdir(t, filepath.Join(dir, "dir"))
		mustWrite(t, filepath.Join(dir, "file"), text)
		mustWrite(t, filepath.Join(dir, "dir", "file"), text)
	}
	mustMkdir(t, filepath.Join(x.mount, "empty"))
	fsys, err := Open(x.mount, access)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = fsys.Close() })
	x.FS = fsys
	return x
}

// path is the host's path of something in the mount.
func (x fixture) path(name string) string {
	return filepath.Join(x.mount, filepath.FromSlash(name))
}

// link makes a symbolic link as the host, which nothing restrains.
func (x fixture) link(t *testing.T, target, name string) {
	t.Helper()
	if err := os.Symlink(target, x.path(name)); err != nil {
		t.Fatal(err)
	}
}

func mustMkdir(t *testing.T, dir string) {
	t.Helper()
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
}

func mustWrite(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func mustOpen(t *testing.T, fsys *FS, path string, flag sys.Oflag) sys.File {
	t.Helper()
	file, errno := fsys.OpenFile(path, flag, 0o600)
	if errno != 0 {
		t.Fatalf("open %q: %v", path, errno)
	}
	t.Cleanup(func() { _ = file.Close() })
	return file
}

func wantErrno(t *testing.T, what string, got, want sys.Errno) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func wantContent(t *testing.T, name, want string) {
	t.Helper()
	got, err := os.ReadFile(name)
	if err != nil || string(got) != want {
		t.Errorf("%s holds %q (%v), want %q", filepath.Base(name), got, err, want)
	}
}

// openErrno opens and closes, for the errno alone.
func openErrno(fsys *FS, path string, flag sys.Oflag) sys.Errno {
	file, errno := fsys.OpenFile(path, flag, 0o600)
	if errno == 0 {
		_ = file.Close()
	}
	return errno
}

// snapshot is all there is to know of a tree, but for access times.
func snapshot(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		var content []byte
		if info.Mode().IsRegular() {
			content, err = os.ReadFile(path)
		}
		rel, _ := filepath.Rel(dir, path)
		fmt.Fprintln(&all, rel, info.Mode(), info.ModTime().UnixNano(), string(content))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}
