package host_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/hosttest"
)

// echoes loads the module into a host with a cache in dir, and calls it.
func echoes(t *testing.T, dir string, log *hosttest.Log, wasm []byte) {
	t.Helper()
	h := hosttest.New(t, host.Config{CacheDir: dir, Logger: log.Logger()})
	m := hosttest.Load(t, h, wasm)
	if out, err := m.Call(t.Context(), "echo", []byte("hello")).Wait(t.Context()); err != nil || string(out) != "hello" {
		t.Errorf("%s, %v", out, err)
	}
	info := m.Info()
	if len(m.Tasks()) < 20 || m.Tasks()[0].Doc == "" || info.Manifest != "section" || info.Style != host.Direct {
		t.Errorf("%+v", info)
	}
}

// TestDamagedCache: a damaged entry is noticed, wherever the damage is, and written
// again.
func TestDamagedCache(t *testing.T) {
	dir := t.TempDir()
	wasm := guest(t, "c/conformance.wasm")
	var log hosttest.Log
	echoes(t, dir, &log, wasm)
	files, _ := filepath.Glob(filepath.Join(dir, "*", "*"))
	entries, _ := filepath.Glob(filepath.Join(dir, "*.entry"))
	if len(files) != 1 || len(entries) != 1 {
		t.Fatalf("%v, %v", files, entries)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for _, file := range append(files, entries...) {
		good, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range [][]byte{
			nil, good[:len(good)/2],
			flipped(good, 7), flipped(good, random.IntN(len(good))), flipped(good, len(good)-40),
		} {
			if err := os.WriteFile(file, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			log = hosttest.Log{}
			echoes(t, dir, &log, wasm)
			text := log.String()
			if !strings.Contains(text, "the module is compiled again") || !strings.Contains(text, "module=guest") {
				t.Errorf("nothing in the log of a damaged cache: %q", log.String())
			}
			log = hosttest.Log{}
			if echoes(t, dir, &log, wasm); log.String() != "" {
				t.Errorf("it was not made again: %q", log.String())
			}
		}
	}
}

func flipped(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 0x10
	return b
}

// TestCacheThatFails: a host that can't write to its cache any more goes on without
// it.
func TestCacheThatFails(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	var log hosttest.Log
	h := hosttest.New(t, host.Config{CacheDir: dir, Logger: log.Logger()})
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		m, err := h.Load(t.Context(), fmt.Sprint(i), guest(t, "wat/hazards.wasm"))
		if err != nil {
			t.Fatal(err)
		}
		if out, err := m.Call(t.Context(), "add", []byte("[1,2]")).Wait(t.Context()); err != nil || string(out) != "3" {
			t.Errorf("%s, %v", out, err)
		}
	}
	if !strings.Contains(log.String(), "without the cache") {
		t.Errorf("no warning in %q", log.String())
	}
}

// TestCacheTogether: hosts that share a cache don't disturb each other while it is
// filled, cleaned and used.
func TestCacheTogether(t *testing.T) {
	dir := t.TempDir()
	wasm := guest(t, "c/conformance.wasm")
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			for j := range 5 {
				var log hosttest.Log
				echoes(t, dir, &log, wasm)
				if i == 0 && j%2 == 0 {
					files, _ := filepath.Glob(filepath.Join(dir, "*.entry"))
					for _, f := range files {
						os.Remove(f)
					}
				}
			}
		})
	}
	wg.Wait()
}

// TestCacheBySettings: code that is compiled with other settings has another entry.
func TestCacheBySettings(t *testing.T) {
	dir := t.TempDir()
	wasm := guest(t, "wat/hazards.wasm")
	for i, cfg := range []host.Config{{}, {Limits: host.Limits{Stack: 1 << 20}}, {Limits: host.Limits{Table: 100}}, {}} {
		cfg.CacheDir = dir
		hosttest.Load(t, hosttest.New(t, cfg), wasm)
		entries, _ := filepath.Glob(filepath.Join(dir, "*.entry"))
		if want := min(i+1, 3); len(entries) != want {
			t.Errorf("%d entries, want %d", len(entries), want)
		}
	}
}

// TestOddCache: a host works with a cache folder of any name, without wazero's part of
// it, and without a folder that others may write to.
func TestOddCache(t *testing.T) {
	var log hosttest.Log
	echoes(t, filepath.Join(t.TempDir(), "a[b]*?c"), &log, guest(t, "c/conformance.wasm"))
	if log.String() != "" {
		t.Errorf("a folder of an odd name: %s", log.String())
	}
	dir := t.TempDir()
	echoes(t, dir, &log, guest(t, "c/conformance.wasm"))
	folders, _ := filepath.Glob(filepath.Join(dir, "wazero-*"))
	if len(folders) != 1 || os.RemoveAll(folders[0]) != nil || os.WriteFile(folders[0], nil, 0o600) != nil {
		t.Fatal(folders)
	}
	echoes(t, dir, &log, guest(t, "c/conformance.wasm"))
	if !strings.Contains(log.String(), "no compile cache") {
		t.Errorf("no warning in %q", log.String())
	}
	shared := t.TempDir()
	if err := os.Chmod(shared, 0o777); err != nil {
		t.Fatal(err)
	}
	log = hosttest.Log{}
	echoes(t, shared, &log, guest(t, "c/conformance.wasm"))
	if !strings.Contains(log.String(), "others may write") {
		t.Errorf("a folder that others may write to is used: %q", log.String())
	}
}
