package host_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/capability/http"
	"github.com/wexec/wexec/host/hosttest"
)

func TestLoadRefuses(t *testing.T) {
	puppet := guest(t, "wat/puppet.wasm")
	hazards := guest(t, "wat/hazards.wasm")
	manifest := func(text string) []byte { return withSection(puppet, abi.ManifestSection, text) }
	for _, c := range []struct {
		name string
		wasm []byte
		kind abi.Status
		want string
	}{
		{"empty", nil, abi.InvalidModule, "the file is empty"},
		{"cut off in the magic", []byte("\x00as"), abi.InvalidModule, "cut off"},
		{"cut off after the magic", []byte("\x00asm\x01"), abi.InvalidModule, "cut off"},
		{"cut off in a section", puppet[:len(puppet)/2], abi.InvalidModule, "unexpected end"},
		{"a component", []byte("\x00asm\x0d\x00\x01\x00rest"), abi.InvalidModule, "components are not supported"},
		{"a version to come", []byte("\x00asm\x02\x00\x00\x00"), abi.InvalidModule, "version"},
		{"an ELF", []byte("\x7fELF\x02\x01\x01"), abi.InvalidModule, "ELF executable"},
		{"text", []byte("  (module)"), abi.InvalidModule, "wat2wasm"},
		{"something else", []byte("hello, world"), abi.InvalidModule, "not WebAssembly"},
		{"garbage after the header", []byte("\x00asm\x01\x00\x00\x00garbage"), abi.InvalidModule, "unexpected end"},
		{"nothing in it", []byte("\x00asm\x01\x00\x00\x00"), abi.InvalidModule, "it has no tasks"},

		{"a bad mode", manifest(`{"tasks":[{"name":"a"},{"name":"b","mode":"gpu"}]}`),
			abi.InvalidManifest, `tasks[1].mode: unknown mode "gpu": want io, blocking or cpu`},
		{"two tasks of one name", manifest(`{"tasks":[{"name":"a"},{"name":"a"}]}`),
			abi.InvalidManifest, `tasks[1].name: "a" is already the name of tasks[0]`},
		{"an empty section", manifest(""), abi.InvalidManifest, "not a JSON object"},
		{"not JSON", manifest(`tasks`), abi.InvalidManifest, "not a JSON object"},
		{"a bad schema", manifest(`{"tasks":[{"name":"a","input":{"type":"numbr"}}]}`),
			abi.InvalidManifest, "tasks[0].input"},
		{"a schema from elsewhere", manifest(`{"tasks":[{"name":"a","output":{"$ref":"file:///etc/passwd"}}]}`),
			abi.InvalidManifest, "tasks[0].output"},
		{"no export for a task", withSection(hazards, abi.ManifestSection, `{"tasks":[{"name":"resize"}]}`),
			abi.InvalidModule, `it has a manifest, but exports neither wexec_call nor wexec_resume to run its tasks`},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := hosttest.New(t, host.Config{CacheDir: "off"})
			_, err := h.Load(t.Context(), "bad", c.wasm)
			if host.Kind(err) != c.kind || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), `"bad"`) {
				t.Errorf("got %v: %v; want %v with %q", host.Kind(err), err, c.kind, c.want)
			}
		})
	}
}

func TestLoadLimits(t *testing.T) {
	puppet := guest(t, "wat/puppet.wasm")
	h := hosttest.New(t, host.Config{Limits: host.Limits{Module: 100}})
	_, err := h.Load(t.Context(), "m", puppet)
	if host.Kind(err) != abi.InvalidModule || !strings.Contains(err.Error(), "at most 100 are allowed") {
		t.Errorf("a large module: %v", err)
	}
	h = hosttest.New(t, host.Config{Limits: host.Limits{Memory: 1000}})
	if _, err := h.Load(t.Context(), "m", puppet); host.Kind(err) != abi.InvalidModule {
		t.Errorf("a module with more memory than allowed: %v", err)
	}
}

func TestLoadSameNameTwice(t *testing.T) {
	h := hosttest.New(t, host.Config{})
	wasm := guest(t, "wat/hazards.wasm")
	m := hosttest.Load(t, h, wasm)
	if _, err := h.Load(t.Context(), "guest", wasm); err == nil || !strings.Contains(err.Error(), "loaded already") {
		t.Errorf("the same name: %v", err)
	}
	if err := m.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Call(t.Context(), "add", nil).Wait(t.Context()); !errors.Is(err, host.ErrClosed) {
		t.Errorf("a call of a closed module: %v", err)
	}
	if _, err := h.Load(t.Context(), "guest", wasm); err != nil {
		t.Errorf("under the name of a closed module: %v", err)
	}
}

func TestLoadFileAndFS(t *testing.T) {
	h := hosttest.New(t, host.Config{})
	m, err := h.LoadFile(t.Context(), "../guests/wat/hazards.wasm")
	if err != nil || m.Name() != "hazards" {
		t.Fatalf("%v, %v", m, err)
	}
	m, err = h.LoadFS(t.Context(), os.DirFS("../guests"), "wat/puppet.wasm")
	if err != nil || m.Name() != "puppet" {
		t.Fatalf("%v, %v", m, err)
	}
	if _, err = h.LoadFile(t.Context(), filepath.Join(t.TempDir(), "none.wasm")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	badClient := &http.Client{Allow: []string{"https:/example.com"}}
	for want, cfg := range map[string]host.Config{
		"Config.Capabilities":  {Capabilities: []capability.Capability{badClient}},
		`no capability "nope"`: {Grants: []string{"nope"}},
		"Config.IO.Workers":    {IO: host.ExecutorLimits{Workers: -1}},
		"Config.CPU.Warm":      {CPU: host.ExecutorLimits{Warm: -1}},
		"Config.Idle":          {Idle: -1},
	} {
		if h, err := host.New(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, %v; want %q", h, err, want)
		}
	}
}

// TestUnusableCache: a host whose cache folder can't be used works without a cache.
func TestUnusableCache(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var log hosttest.Log
	h := hosttest.New(t, host.Config{CacheDir: file, Logger: log.Logger()})
	m := hosttest.Load(t, h, guest(t, "wat/hazards.wasm"))
	if out, err := result(t, m, "add", "[1,2]"); err != nil || out != "3" {
		t.Errorf("%s, %v", out, err)
	}
	if !strings.Contains(log.String(), "no compile cache") {
		t.Errorf("no warning in %q", log.String())
	}
}

func TestCacheIsPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	h := hosttest.New(t, host.Config{CacheDir: dir})
	hosttest.Load(t, h, guest(t, "wat/hazards.wasm"))
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestInfo(t *testing.T) {
	h := hosttest.New(t, host.Config{})
	info := hosttest.Load(t, h, guest(t, "c/conformance.wasm")).Info()
	if info.Style != "direct" || info.Manifest != "section" || info.MemoryMin == 0 || info.Size == 0 {
		t.Errorf("%+v", info)
	}
	if !slices.Contains(info.Imports, "wexec/v1.op_start") ||
		!slices.Contains(info.Exports, "wexec_call (i32, i32) -> ()") {
		t.Errorf("imports %v, exports %v", info.Imports, info.Exports)
	}
}
