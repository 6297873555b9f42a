package host_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/hosttest"
)

// telling returns a module that gives its manifest when it is asked: one text if
// it sees an environment, and another if it sees none.
func telling(environment, none string) []byte {
	const atEnvironment, atNone = 1 << 10, 1 << 14
	place := func(at int, text string) []byte { // (i64.const at<<32|len)
		return append([]byte{0x42}, sleb(int64(at)<<32|int64(len(text)))...)
	}
	name := func(s string) []byte { return append(u32(len(s)), s...) }
	body := func(code ...[]byte) []byte {
		b := append(append([]byte{0}, slices.Concat(code...)...), 0x0b)
		return append(u32(len(b)), b...)
	}
	data := func(at int, text string) []byte {
		return slices.Concat([]byte{0, 0x41}, sleb(int64(at)), []byte{0x0b}, name(text))
	}
	return slices.Concat([]byte("\x00asm\x01\x00\x00\x00"),
		section(1, []byte{3, 0x60, 0, 1, 0x7e, 0x60, 2, 0x7f, 0x7f, 0, 0x60, 2, 0x7f, 0x7f, 1, 0x7f}),
		section(2, []byte{1}, name("wasi_snapshot_preview1"), name("environ_sizes_get"), []byte{0, 2}),
		section(3, []byte{2, 0, 1}),
		section(5, []byte{1, 0, 1}),
		section(7, []byte{3}, name(abi.ExportMemory), []byte{2, 0},
			name(abi.ExportManifest), []byte{0, 1}, name(abi.ExportCall), []byte{0, 2}),
		section(10, []byte{2},
			// (environ_sizes_get 0 4) (if (i32.load 0) (then environment) (else none))
			body([]byte{0x41, 0, 0x41, 4, 0x10, 0, 0x1a, 0x41, 0, 0x28, 2, 0, 0x04, 0x7e},
				place(atEnvironment, environment), []byte{0x05}, place(atNone, none), []byte{0x0b}),
			body()),
		section(11, []byte{2}, data(atEnvironment, environment), data(atNone, none)),
	)
}

// sleb encodes a signed LEB128.
func sleb(v int64) (b []byte) {
	for {
		c := byte(v & 0x7f)
		v >>= 7
		if v == 0 && c&0x40 == 0 || v == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

const (
	goodManifest = `{"tasks":[{"name":"a"}]}`
	badManifest  = `{"tasks":[{"name":"a","input":{"type":"numbr"}}]}`
)

// TestRefusedAfterItWasAsked: a module that started, and is refused for what it
// said, leaves nothing.
func TestRefusedAfterItWasAsked(t *testing.T) {
	h := hosttest.New(t, host.Config{CacheDir: "off"})
	for range 3 {
		_, err := h.Load(t.Context(), "bad", telling(badManifest, badManifest))
		if host.Kind(err) != abi.InvalidManifest || !strings.Contains(err.Error(), "tasks[0].input") {
			t.Errorf("got %v", err)
		}
	}
	if n := h.Stats().MemoryBytes; n != 0 {
		t.Errorf("%d bytes of memory are left", n)
	}
}

// TestAskedWithoutItsEnvironment: what a guest said of itself where it saw an
// environment is not taken for what it says elsewhere.
func TestAskedWithoutItsEnvironment(t *testing.T) {
	h := hosttest.New(t, host.Config{CacheDir: t.TempDir()})
	wasm := telling(goodManifest, badManifest)
	if _, err := h.Load(t.Context(), "with", wasm, host.Options{WASI: &host.WASI{Env: []string{"A=1"}}}); err != nil {
		t.Fatal(err)
	}
	_, err := h.Load(t.Context(), "without", wasm)
	if host.Kind(err) != abi.InvalidManifest {
		t.Errorf("a manifest with a bad schema: %v", err)
	}
}

// TestAskedWithAnEnvironment is the other way round.
func TestAskedWithAnEnvironment(t *testing.T) {
	h := hosttest.New(t, host.Config{CacheDir: t.TempDir()})
	wasm := telling(`{"tasks":[{"name":"with"}]}`, `{"tasks":[{"name":"without"}]}`)
	for _, env := range [][]string{nil, {"A=1"}, nil} {
		want := "without"
		if env != nil {
			want = "with"
		}
		m, err := h.Load(t.Context(), "guest", wasm, host.Options{WASI: &host.WASI{Env: env}})
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Tasks()[0].Name; got != want {
			t.Errorf("with the environment %q it has the task %q", env, got)
		}
		if err := m.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
