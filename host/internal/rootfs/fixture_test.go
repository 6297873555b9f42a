package rootfs

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fixture is a mount with something beside it that a guest must not reach:
//
//	mount/file           "inside"
//	mount/dir/file       "inside"
//	mount/empty/
//	outside/file         "secret"
//	outside/dir/file     "secret"
type fixture struct {
	*Dir
	mount, outside string
}

func newFixture(t *testing.T, access Access) fixture {
	t.Helper()
	return newFixtureWith(t, Options{Access: access})
}

func newFixtureWith(t *testing.T, o Options) fixture {
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
	x.Dir = mustMount(t, x.mount, o)
	return x
}

// mustMount returns the directory of a mount.
func mustMount(t *testing.T, hostDir string, o Options) *Dir {
	t.Helper()
	m, err := Open(hostDir, o)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := m.Root()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = dir.Close()
		_ = m.Close()
	})
	return dir
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

func mustOpen(t *testing.T, d *Dir, path string, flags Flags) *File {
	t.Helper()
	file, _, err := d.Open(path, flags)
	if err != nil || file == nil {
		t.Fatalf("open %q: %v", path, err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return file
}

func mustOpenDir(t *testing.T, d *Dir, path string) *Dir {
	t.Helper()
	_, dir, err := d.Open(path, OnlyDir)
	if err != nil {
		t.Fatalf("open %q: %v", path, err)
	}
	t.Cleanup(func() { _ = dir.Close() })
	return dir
}

func wantErrno(t *testing.T, what string, got, want error) {
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

// openErrno opens and closes, for the error alone.
func openErrno(d *Dir, path string, flags Flags) error {
	file, dir, err := d.Open(path, flags)
	if file != nil {
		_ = file.Close()
	}
	if dir != nil {
		_ = dir.Close()
	}
	return err
}

// buf makes of one buffer what Readv and Writev take.
func buf(b []byte) [][]byte { return [][]byte{b} }

// text is buf of a string.
func text(s string) [][]byte { return buf([]byte(s)) }

// snapshot is all there is to know of a tree, except for access times.
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
