package rootfs

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental/sysfs"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// TestWASI drives the package as guests do: through wazero's WASI.
func TestWASI(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a guest")
	}
	run := newGuest(t)
	t.Run("write", func(t *testing.T) {
		x := newFixture(t, ReadWrite)
		run(t, x, "write", `
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
		x := newFixture(t, ReadOnly)
		before := snapshot(t, x.mount)
		run(t, x, "read", `
			read inside: ok
			list ddir dempty -file: ok
			write: Read-only file system
			mkdir: Read-only file system
			remove: Read-only file system
			symlink: Read-only file system
			chtimes: Read-only file system`)
		if after := snapshot(t, x.mount); after != before {
			t.Errorf("the mount has changed from\n%s\nto\n%s", before, after)
		}
	})
	t.Run("escape", func(t *testing.T) {
		x := newFixture(t, ReadWrite)
		setLures(t, x)
		before := snapshot(t, x.outside)
		run(t, x, "escape", `
			self 0
			file opens beneath self`)
		if after := snapshot(t, x.outside); after != before {
			t.Errorf("outside has changed from\n%s\nto\n%s", before, after)
		}
	})
	t.Run("closed", func(t *testing.T) {
		x := newFixture(t, ReadOnly)
		if err := x.Close(); err != nil {
			t.Fatal(err)
		}
		run(t, x, "read", `
			read : Bad file number
			list : Bad file number
			write: Bad file number
			mkdir: Bad file number
			remove: Bad file number
			symlink: Bad file number
			chtimes: Bad file number`)
	})
}

// newGuest builds testdata/guest and returns a function that runs it with a
// fixture mounted at /data and compares what it prints.
func newGuest(t *testing.T) func(t *testing.T, x fixture, arg, want string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "guest.wasm")
	build := exec.Command("go", "build", "-o", file, "./testdata/guest")
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the guest: %v\n%s", err, out)
	}
	code, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	runtime := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	t.Cleanup(func() { _ = runtime.Close(ctx) })
	wasi_snapshot_preview1.MustInstantiate(ctx, runtime)
	module, err := runtime.CompileModule(ctx, code)
	if err != nil {
		t.Fatal(err)
	}
	return func(t *testing.T, x fixture, arg, want string) {
		t.Helper()
		var out bytes.Buffer
		mounts := wazero.NewFSConfig().(sysfs.FSConfig).WithSysFSMount(x.FS, "/data")
		config := wazero.NewModuleConfig().WithName("").WithArgs("guest", arg).
			WithStdout(&out).WithStderr(&out).WithFSConfig(mounts).WithSysWalltime()
		guest, err := runtime.InstantiateModule(ctx, module, config)
		if err != nil {
			t.Errorf("the guest ends with %v", err)
		}
		_ = guest.Close(ctx)
		if x.opened.Load() != 0 {
			t.Errorf("%d files are open after the guest's end", x.opened.Load())
		}
		want = strings.TrimPrefix(strings.ReplaceAll(want, "\n\t\t\t", "\n"), "\n") + "\n"
		if out.String() != want {
			t.Errorf("the guest prints\n%s\nwant\n%s", out.String(), want)
		}
	}
}
