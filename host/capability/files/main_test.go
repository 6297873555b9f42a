package files

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/internal/wasi/descriptors"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// client uses folders as a guest does: by the wire forms.
type client struct {
	t       testing.TB
	ops     map[string]capability.Op
	streams *capability.Streams
	host    string // the folder that is mounted at /data
}

// newClient mounts a new folder at /data, and the same at /ro to read. It checks at the
// end that no descriptor is left open.
func newClient(t testing.TB, quota capability.Quota) *client {
	t.Helper()
	base := t.TempDir()
	c := &client{t: t, host: filepath.Join(base, "mount")}
	if err := os.Mkdir(c.host, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(base, "secret"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.mount(
		capability.Mount{Host: c.host, Guest: "/data", Quota: quota},
		capability.Mount{Host: c.host, Guest: "ro/", ReadOnly: true},
	)
	return c
}

func (c *client) mount(mounts ...capability.Mount) {
	c.t.Helper()
	f, err := Open(mounts...)
	if err != nil {
		c.t.Fatal(err)
	}
	if c.ops, err = f.For(capability.Scope{}); err != nil {
		c.t.Fatal(err)
	}
	before := descriptors.Default().Open()
	c.streams = capability.NewStreams(8, nil)
	c.t.Cleanup(func() {
		if closeAll := c.streams.Shut(); closeAll != nil {
			closeAll()
		}
		if after := descriptors.Default().Open(); after != before {
			c.t.Errorf("%d descriptors are open, %d were before", after, before)
		}
		f.Close()
	})
}

func (c *client) do(op string, arg []byte) ([]byte, error) {
	return c.ops[op](c.t.Context(), &capability.Use{Op: op, Arg: arg, Streams: c.streams})
}

func (c *client) write(path, text string) error {
	_, err := c.do(abi.CapFilesWrite, abi.AppendCounted(nil, []byte(path), []byte(text)))
	return err
}

func (c *client) read(path string) (string, error) {
	bytes, err := c.do(abi.CapFilesRead, []byte(path))
	return string(bytes), err
}

func (c *client) stat(path string) (abi.FileStat, error) {
	result, err := c.do(abi.CapFilesStat, []byte(path))
	if err != nil {
		return abi.FileStat{}, err
	}
	return abi.ParseFileStat(result)
}

func (c *client) open(path string, flags abi.FileFlags, offset uint64) (handle uint32, err error) {
	return c.handle(abi.CapFilesOpen, abi.FileOpen{Flags: flags, Offset: offset, Path: path}.Append(nil))
}

func (c *client) handle(op string, arg []byte) (uint32, error) {
	result, err := c.do(op, arg)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint32(result), nil
}

func (c *client) rename(from, to string) error {
	_, err := c.do(abi.CapFilesRename, abi.AppendCounted(nil, []byte(from), []byte(to)))
	return err
}

func (c *client) remove(path string) error {
	_, err := c.do(abi.CapFilesRemove, []byte(path))
	return err
}

func (c *client) mkdir(path string) error {
	_, err := c.do(abi.CapFilesMkdir, []byte(path))
	return err
}

// all reads a stream to its end, and closes it.
func (c *client) all(handle uint32) (string, error) {
	defer c.streams.Close(handle)
	var all []byte
	for {
		piece, err := c.streams.Read(c.t.Context(), handle, 10)
		if err != nil || len(piece) == 0 {
			return string(all), err
		}
		all = append(all, piece...)
	}
}

func (c *client) list(path string) (map[string]abi.FileKind, error) {
	handle, err := c.handle(abi.CapFilesList, []byte(path))
	if err != nil {
		return nil, err
	}
	all, err := c.all(handle)
	entries := map[string]abi.FileKind{}
	rest := []byte(all)
	for {
		e, after, ok := abi.CutFileEntry(rest)
		if !ok {
			break
		}
		if _, twice := entries[e.Name]; twice {
			c.t.Errorf("%s is listed twice", e.Name)
		}
		entries[e.Name], rest = e.Kind, after
	}
	if len(rest) > 0 {
		c.t.Errorf("the list ends with %q", rest)
	}
	return entries, err
}

// wantError checks the status and the text of an error, and that it tells nothing of
// the host.
func wantError(t testing.TB, err error, status abi.Status, text string) {
	t.Helper()
	if statusOf(err) != status || !strings.HasSuffix(err.Error(), text) || strings.Contains(err.Error(), "mount/") {
		t.Errorf("got %v\nwant %v, ending in %q", err, status, text)
	}
}

func statusOf(err error) abi.Status {
	if typed := (*capability.Error)(nil); errors.As(err, &typed) {
		return typed.Status
	}
	return abi.OK
}
