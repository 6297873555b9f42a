package wasi

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"

	"github.com/wexec/wexec/host/internal/rootfs"
)

// outside is a tree with a mount, and something beside it that a guest must not
// reach.
func outside(t *testing.T, o rootfs.Options) (base string, mount *rootfs.Mount) {
	t.Helper()
	base, _ = tree(t, o, "mount/file=inside", "mount/dir/file=inside", "mount/empty/",
		"outside/file=secret", "outside/dir/file=secret")
	return base, openMount(t, filepath.Join(base, "mount"), o)
}

// setLures makes links that lead out, as a careless host might.
func setLures(t *testing.T, base string) {
	t.Helper()
	out := filepath.Join(base, "outside")
	for name, target := range map[string]string{
		"abs": out, "abs-file": filepath.Join(out, "file"), "up": "../outside", "up-file": "../outside/file",
		"dir/up": "../../outside", "chain": "chain2", "chain2": "dir/up", "turn": "dir/../../outside", "slash": "/",
	} {
		if err := os.Symlink(target, filepath.Join(base, "mount", name)); err != nil {
			t.Skip(err)
		}
	}
}

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
		fmt.Fprintln(&all, path, info.Mode(), info.ModTime().UnixNano(), string(content))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// buildGuest builds a command of testdata.
func buildGuest(t testing.TB, name string, flags ...string) []byte {
	t.Helper()
	if testing.Short() {
		t.Skip("builds a guest")
	}
	file := filepath.Join(t.TempDir(), "guest.wasm")
	build := exec.Command("go", append(append([]string{"build"}, flags...), "-o", file, "./testdata/"+name)...)
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the guest: %v\n%s", err, out)
	}
	code, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// TestGuest drives the package as programs do.
func TestGuest(t *testing.T) {
	code := buildGuest(t, "guest")
	e := newEngine(t, wazero.NewRuntimeConfig())
	run := func(t *testing.T, mount *rootfs.Mount, arg, want string) {
		t.Helper()
		var out lines
		config := Config{Args: []string{"guest", arg}, Stdout: &out, Stderr: &out, Mounts: []Mount{{"/data", mount}}}
		exit, err := e.run(t.Context(), t, "guest", code, config)
		if err != nil || exit != 0 {
			t.Errorf("the guest ends with code %d (%v)", exit, err)
		}
		want = strings.TrimPrefix(strings.ReplaceAll(want, "\n\t\t\t", "\n"), "\n") + "\n"
		if out.String() != want {
			t.Errorf("the guest prints\n%s\nwant\n%s", out.String(), want)
		}
	}
	t.Run("write", func(t *testing.T) {
		_, mount := outside(t, readWrite)
		run(t, mount, "write", `
			mkdir: ok
			write: ok
			append: ok
			rename: ok
			symlink: ok
			hard link: ok
			read first second: ok
			readlink sub/two: ok
			truncate: ok
			chtimes: ok
			stat 5 00:00:02: ok
			replace dir: ok
			list db ddir dempty -file -hard Llink dsub: ok
			list -two: ok
			remove link: ok
			remove full dir: Directory not empty
			remove all: ok
			list db ddir dempty -file -hard: ok`)
	})
	t.Run("read", func(t *testing.T) {
		base, mount := outside(t, rootfs.Options{})
		before := snapshot(t, base)
		run(t, mount, "read", `
			read inside: ok
			list ddir dempty -file: ok
			write: Read-only file system
			mkdir: Read-only file system
			remove: Read-only file system
			symlink: Read-only file system
			chtimes: Read-only file system`)
		if after := snapshot(t, base); after != before {
			t.Errorf("it has changed from\n%s\nto\n%s", before, after)
		}
	})
	t.Run("escape", func(t *testing.T) {
		base, mount := outside(t, readWrite)
		setLures(t, base)
		before := snapshot(t, filepath.Join(base, "outside"))
		run(t, mount, "escape", `
			self 0
			file opens beneath self`)
		if after := snapshot(t, filepath.Join(base, "outside")); after != before {
			t.Errorf("outside has changed from\n%s\nto\n%s", before, after)
		}
	})
}

// TestGuestsRaceWithTheHost: guests try to get out of one mount, while the host
// swaps its directories for links.
func TestGuestsRaceWithTheHost(t *testing.T) {
	code := buildGuest(t, "guest")
	e := newEngine(t, wazero.NewRuntimeConfig())
	base, mount := outside(t, readWrite)
	setLures(t, base)
	before := snapshot(t, filepath.Join(base, "outside"))
	path := func(name string) string { return filepath.Join(base, "mount", name) }
	if err := os.Symlink("../outside", path("trap")); err != nil {
		t.Skip(err)
	}
	if _, err := e.run(t.Context(), t, "guest", code, Config{Args: []string{"guest", "none"}}); err != nil {
		t.Fatal(err) // to have it compiled
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			var out lines
			mounts := []Mount{{"/data", mount}}
			config := Config{Args: []string{"guest", "race"}, Stdout: &out, Stderr: &out, Mounts: mounts}
			exit, err := e.run(ctx, t, "guest", code, config)
			if err != nil || exit != 0 || out.Len() > 0 {
				t.Errorf("a guest ends with code %d (%v) and prints\n%s", exit, err, out.String())
			}
		})
	}
	done := make(chan struct{})
	go func() {
		wg.Wait()
		close(done)
	}()
	for swapping := true; swapping; {
		for _, move := range [][2]string{{"dir", "real"}, {"trap", "dir"}, {"dir", "trap"}, {"real", "dir"}} {
			_ = os.Rename(path(move[0]), path(move[1]))
		}
		select {
		case <-done:
			swapping = false
		default:
		}
	}
	if after := snapshot(t, filepath.Join(base, "outside")); after != before {
		t.Errorf("outside has changed from\n%s\nto\n%s", before, after)
	}
}
