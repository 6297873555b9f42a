package files

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/capability"
)

func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestWholeFiles(t *testing.T) {
	c := newClient(t, capability.Quota{})
	if st, err := c.stat("/data/f"); st != (abi.FileStat{}) || err != nil {
		t.Errorf("nothing: %+v, %v", st, err)
	}
	must(t, c.mkdir("/data/d"), c.write("/data/d/f", "hello"), c.write("data/d/f", "h\x00"))
	for _, path := range []string{"/data/d/f", "data/d/f", "//data//d/./f", "/data/d/../d/f", "/ro/d/f"} {
		if text, err := c.read(path); text != "h\x00" || err != nil {
			t.Errorf("%s: %q, %v", path, text, err)
		}
	}
	st, err := c.stat("/data/d/f")
	age := time.Since(time.Unix(0, st.Modified))
	if st.Kind != abi.FileRegular || st.Size != 2 || err != nil || age < -time.Minute || age > time.Minute {
		t.Errorf("%+v, %v", st, err)
	}
	must(t, c.rename("/data/d/f", "/data/g"), c.write("/data/empty", ""))
	must(t, os.Symlink("g", filepath.Join(c.host, "link")))
	want := map[string]abi.FileKind{
		"d": abi.FileDirectory, "g": abi.FileRegular, "empty": abi.FileRegular, "link": abi.FileLink,
	}
	if got, err := c.list("/data"); err != nil || cmp.Diff(got, want) != "" {
		t.Errorf("%v, %v", got, err)
	}
	if text, err := c.read("/data/link"); text != "h\x00" || err != nil {
		t.Errorf("by a link: %q, %v", text, err)
	}
	must(t, c.remove("/data/link"), c.remove("/data/d"), c.remove("/data/g"), c.remove("/data/empty"))
	if got, err := c.list("/data/"); err != nil || len(got) > 0 {
		t.Errorf("after all was removed: %v, %v", got, err)
	}
}

func TestLongList(t *testing.T) {
	c := newClient(t, capability.Quota{})
	want := map[string]abi.FileKind{}
	for i := range 1000 {
		name := fmt.Sprintf("%0100d", i)
		must(t, os.WriteFile(filepath.Join(c.host, name), nil, 0o600))
		want[name] = abi.FileRegular
	}
	if got, err := c.list("/data"); err != nil || cmp.Diff(got, want) != "" {
		t.Errorf("%d entries, %v", len(got), err)
	}
}

func TestStreams(t *testing.T) {
	c := newClient(t, capability.Quota{})
	const readWrite = abi.FileRead | abi.FileWrite
	for _, step := range []struct {
		flags   abi.FileFlags
		offset  uint64
		write   string
		read    string // after writing
		content string
	}{
		{flags: abi.FileWrite | abi.FileCreate | abi.FileExclusive, write: "hello world", content: "hello world"},
		{flags: abi.FileRead, read: "hello world", content: "hello world"},
		{flags: abi.FileRead, offset: 6, read: "world", content: "hello world"},
		{flags: abi.FileRead, offset: 100, read: "", content: "hello world"},
		{flags: readWrite, write: "HELLO", read: " world", content: "HELLO world"},
		{flags: abi.FileWrite, offset: 6, write: "W", content: "HELLO World"},
		{flags: abi.FileWrite | abi.FileAppend, write: "!", content: "HELLO World!"},
		{flags: readWrite | abi.FileTruncate | abi.FileCreate, write: "new", content: "new"},
		{flags: abi.FileWrite, offset: 5, write: "x", content: "new\x00\x00x"},
	} {
		handle, err := c.open("/data/f", step.flags, step.offset)
		must(t, err)
		if step.write != "" {
			must(t, c.streams.Write(t.Context(), handle, []byte(step.write)))
		}
		if step.flags&abi.FileRead != 0 {
			if got, err := c.all(handle); got != step.read || err != nil {
				t.Errorf("%+v: read %q, %v", step, got, err)
			}
		} else {
			_, err := c.streams.Read(t.Context(), handle, 1)
			wantError(t, err, abi.InvalidInput, "the stream can't be read")
			must(t, c.streams.Close(handle))
		}
		if got, _ := c.read("/data/f"); got != step.content {
			t.Errorf("%+v: the file is %q", step, got)
		}
	}
	handle, err := c.open("/data/f", abi.FileRead, 0)
	must(t, err)
	wantError(t, c.streams.Write(t.Context(), handle, []byte("x")), abi.InvalidInput, "the stream can't be written")
	for range 7 { // they are left open
		_, err = c.open("/data/f", abi.FileRead, 0)
		must(t, err)
	}
	_, err = c.open("/data/f", abi.FileRead, 0)
	wantError(t, err, abi.QueueFull, "(Config.Limits.Streams)")
	_, err = c.list("/data")
	wantError(t, err, abi.QueueFull, "(Config.Limits.Streams)")
}

func TestRefused(t *testing.T) {
	c := newClient(t, capability.Quota{})
	must(t, c.mkdir("/data/d"), c.write("/data/f", "f"), c.write("/data/d/f", "f"))
	for name, target := range map[string]string{
		"out": "../secret", "up": "..", "abs": "/etc/passwd", "loop": "loop", "dangling": "nothing",
	} {
		must(t, os.Symlink(target, filepath.Join(c.host, name)))
	}
	must(t, os.Truncate(filepath.Join(c.host, "f"), mostWhole+1))
	opened := func(path string, flags abi.FileFlags, offset uint64) error {
		_, err := c.open(path, flags, offset)
		return err
	}
	read := func(path string) error { _, err := c.read(path); return err }
	list := func(path string) error { _, err := c.list(path); return err }
	stat := func(path string) error { _, err := c.stat(path); return err }
	raw := func(op string, arg string) error { _, err := c.do(op, []byte(arg)); return err }
	const leaves = "it leads out of the folder, or is not allowed there"
	for i, step := range []struct {
		err    error
		status abi.Status
		text   string
	}{
		{read("/data/none"), abi.Failed, "no such file"},
		{read("/data/dangling"), abi.Failed, "no such file"},
		{opened("/data/none", abi.FileWrite, 0), abi.Failed, "no such file"},
		{c.remove("/data/none"), abi.Failed, "no such file"},
		{c.rename("/data/none", "/data/x"), abi.Failed, "no such file"},
		{c.write("/data/none/x", ""), abi.Failed, "no such file"},
		{c.mkdir("/data/d"), abi.Failed, "it exists already"},
		{opened("/data/f", abi.FileWrite|abi.FileCreate|abi.FileExclusive, 0), abi.Failed, "it exists already"},
		{read("/data/d"), abi.Failed, "it is a directory"},
		{read("/data"), abi.Failed, "it is a directory"},
		{c.write("/data/d", "x"), abi.Failed, "it is a directory"},
		{c.write("/data", "x"), abi.Failed, "it is a directory"},
		{c.write("/data/x/", "x"), abi.Failed, "it is a directory"},
		{list("/data/f"), abi.Failed, "it is not in a directory"},
		{read("/data/f/x"), abi.Failed, "it is not in a directory"},
		{c.remove("/data/d"), abi.Failed, "the directory is not empty"},
		{c.rename("/data/f", "/ro/f"), abi.Failed, "it can't be moved from one folder to another"},
		{c.write("/ro/f", "x"), abi.Denied, "the folder is read-only (Mount.ReadOnly)"},
		{c.remove("/ro/f"), abi.Denied, "(Mount.ReadOnly)"},
		{c.mkdir("/ro/x"), abi.Denied, "(Mount.ReadOnly)"},
		{opened("/ro/f", abi.FileWrite, 0), abi.Denied, "(Mount.ReadOnly)"},
		{read("/etc/passwd"), abi.Denied, "no folder is mounted there, only at /data, /ro"},
		{read(""), abi.Denied, "only at /data, /ro"},
		{read("/database"), abi.Denied, "only at /data, /ro"},
		{read("/data/../secret"), abi.Denied, leaves},
		{read("/data/out"), abi.Denied, leaves},
		{read("/data/up/secret"), abi.Denied, leaves},
		{read("/data/abs"), abi.Denied, leaves},
		{stat("/data/out"), abi.Denied, leaves},
		{list("/data/up"), abi.Denied, leaves},
		{opened("/data/out", abi.FileWrite|abi.FileCreate, 0), abi.Denied, leaves},
		{c.write("/data/up/x", ""), abi.Denied, leaves},
		{c.rename("/data/d", "/data/../d"), abi.Denied, leaves},
		{read("/data/loop"), abi.InvalidInput, "it has too many links"},
		{read("/data/a\x00b"), abi.InvalidInput, "it is not possible"},
		{read("/data/" + strings.Repeat("x/", 5000)), abi.InvalidInput, "the path is too long"},
		{read("/data/" + strings.Repeat("x", 300)), abi.InvalidInput, "the path is too long"},
		{c.remove("/data"), abi.InvalidInput, "it is not possible"},
		{read("/data/f"), abi.InvalidInput, "read its stream (files.open)"},
		{c.write("/data/x", strings.Repeat("x", mostWhole+1)), abi.InvalidInput, "write to its stream (files.open)"},
		{opened("/data/f", 0, 0), abi.InvalidInput, "neither read (1) nor write (2)"},
		{opened("/data/f", abi.FileRead|64, 0), abi.InvalidInput, "the flags 0x40 are not known"},
		{opened("/data/f", abi.FileRead|abi.FileTruncate, 0), abi.InvalidInput, "need the flag write (2)"},
		{opened("/data/f", abi.FileRead, 1<<63), abi.InvalidInput, "is impossible"},
		{opened("/data/f", abi.FileWrite|abi.FileAppend, 1), abi.InvalidInput, "is impossible"},
		{raw(abi.CapFilesOpen, "short"), abi.InvalidInput, "has 5 bytes"},
		{raw(abi.CapFilesRename, "\xff\xff\xff\xffx"), abi.InvalidInput, "larger than what follows it"},
		{raw(abi.CapFilesWrite, ""), abi.InvalidInput, "there are 0"},
	} {
		if step.err == nil {
			t.Errorf("step %d: succeeded, want %q", i, step.text)
			continue
		}
		wantError(t, step.err, step.status, step.text)
	}
	if got, _ := c.list("/data"); len(got) != 7 {
		t.Errorf("something was left: %v", got)
	}
}

// TestQuota: what is refused loses nothing, and holes count.
func TestQuota(t *testing.T) {
	c := newClient(t, capability.Quota{Bytes: 100, Files: 3})
	const full = "the folder has no room for more (Mount.Quota)"
	must(t, c.write("/data/f", strings.Repeat("x", 60)))
	wantError(t, c.write("/data/f", strings.Repeat("y", 41)), abi.Denied, full)
	if text, _ := c.read("/data/f"); text != strings.Repeat("x", 60) {
		t.Errorf("the file became %q", text)
	}
	handle, err := c.open("/data/sparse", abi.FileWrite|abi.FileCreate, 4<<40)
	must(t, err)
	wantError(t, c.streams.Write(t.Context(), handle, []byte("x")), abi.Denied, full)
	must(t, c.streams.Close(handle), c.write("/data/f", "x"), c.mkdir("/data/d"))
	wantError(t, c.mkdir("/data/e"), abi.Denied, full)
	wantError(t, c.write("/data/f", "y"), abi.Denied, full) // a new file takes a name until it is renamed
	must(t, c.remove("/data/d"), c.write("/data/f", "y"))
	if got, _ := c.list("/data"); len(got) != 2 {
		t.Errorf("something was left: %v", got)
	}
}

// TestQuotaRace: writers that are together at the limit don't pass it.
func TestQuotaRace(t *testing.T) {
	c := newClient(t, capability.Quota{Bytes: 1000, Files: 5})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 50 {
				path := fmt.Sprint("/data/", (i+j)%7)
				c.write(path, strings.Repeat("x", 10*(j%40)))
				if j%3 == 0 {
					c.remove(path)
				}
			}
		})
	}
	wg.Wait()
	got, err := c.list("/data")
	must(t, err)
	var size uint64
	for name := range got {
		st, err := c.stat("/data/" + name)
		must(t, err)
		size += st.Size
	}
	if size > 1000 || len(got) > 5 {
		t.Errorf("%d bytes in %v", size, got)
	}
	for name := range got {
		must(t, c.remove("/data/"+name))
	}
	must(t, c.write("/data/f", strings.Repeat("x", 1000)))
}

// TestReplacedWhole: readers see the old file or the new one, and none between.
func TestReplacedWhole(t *testing.T) {
	c := newClient(t, capability.Quota{})
	must(t, c.write("/data/f", strings.Repeat("a", 10_000)))
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for range 50 {
				if err := c.write("/data/f", strings.Repeat(string(rune('a'+i)), 10_000)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 200 {
		text, err := c.read("/data/f")
		if err != nil || len(text) != 10_000 || strings.Trim(text, text[:1]) != "" {
			t.Fatalf("%d bytes, %v", len(text), err)
		}
	}
	wg.Wait()
	if got, _ := c.list("/data"); len(got) != 1 {
		t.Errorf("something was left: %v", got)
	}
}

func TestOpenFails(t *testing.T) {
	dir := t.TempDir()
	for want, mounts := range map[string][]capability.Mount{
		"no such file":                  {{Host: dir, Guest: "/a"}, {Host: filepath.Join(dir, "none"), Guest: "/b"}},
		"two folders are mounted at /a": {{Host: dir, Guest: "/a"}, {Host: dir, Guest: "a/"}},
	} {
		if _, err := Open(mounts...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestNested: a folder inside of another hides what is there.
func TestNested(t *testing.T) {
	outer, inner := t.TempDir(), t.TempDir()
	must(t, os.Mkdir(filepath.Join(outer, "in"), 0o755))
	c := &client{t: t}
	c.mount(capability.Mount{Host: outer, Guest: "/"}, capability.Mount{Host: inner, Guest: "/in"})
	must(t, c.write("/f", "outer"), c.write("/in/f", "inner"))
	for path, want := range map[string]string{filepath.Join(outer, "f"): "outer", filepath.Join(inner, "f"): "inner"} {
		if got, err := os.ReadFile(path); string(got) != want || err != nil {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
}

// FuzzOps gives ops random arguments. Each ends with a result or a typed error.
func FuzzOps(f *testing.F) {
	f.Add(byte(0), []byte("/data"))
	f.Add(byte(1), []byte("/data/f"))
	f.Add(byte(3), abi.FileOpen{Flags: abi.FileRead | abi.FileWrite | abi.FileCreate, Path: "/data/f"}.Append(nil))
	f.Add(byte(5), abi.AppendCounted(nil, []byte("/data/f"), []byte("/data/g")))
	f.Add(byte(7), abi.AppendCounted(nil, []byte("/data/f"), []byte("bytes")))
	f.Fuzz(func(t *testing.T, op byte, arg []byte) {
		c := newClient(t, capability.Quota{Bytes: 1000, Files: 10})
		names := (&Files{}).Names()
		if _, err := c.do(names[int(op)%len(names)], arg); err != nil && statusOf(err) == abi.OK {
			t.Errorf("%v has no status", err)
		}
		outside, err := os.ReadDir(filepath.Dir(c.host))
		if err != nil || len(outside) != 2 {
			t.Errorf("outside there is %v, %v", outside, err)
		}
	})
}
