package cache

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

const codeDir = codePrefix + "v0-test"

// put stores an entry whose native code is a text.
func put(t *testing.T, c *Cache, key Key, code string) {
	t.Helper()
	made, err := c.Compile(func(dir string) error {
		dir = filepath.Join(dir, codeDir)
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, code), []byte("native "+code), 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	e := &Entry{Meta: json.RawMessage(`{"a":1}`), Wasm: []byte("module\n" + code), Data: []byte("\x00data"), Code: made}
	if err := c.Put(key, e); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T) *Cache {
	t.Helper()
	c, err := Open(filepath.Join(t.TempDir(), "cache"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestPutAndGet(t *testing.T) {
	c := open(t)
	key := KeyOf([]byte("module"), "settings")
	if e, err := c.Get(key); e != nil || err != nil {
		t.Fatalf("an empty cache returned %v, %v", e, err)
	}
	put(t, c, key, "one")
	put(t, c, KeyOf([]byte("module"), "other settings"), "two")
	e, err := c.Get(key)
	if err != nil {
		t.Fatal(err)
	}
	if string(e.Meta) != `{"a":1}` || string(e.Wasm) != "module\none" || string(e.Data) != "\x00data" ||
		e.Code.File != filepath.Join(codeDir, "one") {
		t.Errorf("%+v", e)
	}
	if info, err := os.Stat(c.Dir()); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder: %v, %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(c.Dir(), tempPrefix+"*")); len(left) > 0 {
		t.Errorf("temporary files are left: %v", left)
	}
}

// TestDamage checks that Get refuses and removes an entry if any bit of it is
// flipped, if a file is cut off anywhere, or if a file is missing.
func TestDamage(t *testing.T) {
	c := open(t)
	key := KeyOf([]byte("module"), "")
	put(t, c, key, "one")
	entry, code := c.file(key), filepath.Join(c.Dir(), codeDir, "one")
	refused := func(what string, at int) {
		t.Helper()
		e, err := c.Get(key)
		if _, ok := errors.AsType[*DamagedError](err); !ok || e != nil {
			t.Fatalf("%s at %d: %v, %v", what, at, e, err)
		}
		if e, err := c.Get(key); e != nil || err != nil {
			t.Fatalf("%s at %d: then %v, %v", what, at, e, err)
		}
	}
	for _, file := range []string{entry, code} {
		good, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for at := 0; at < len(good); at += 5 {
			bad := bytes.Clone(good)
			bad[at] ^= 1 << (at % 8)
			os.WriteFile(file, bad, 0o600)
			refused("a flipped bit", at)
			put(t, c, key, "one")
			os.WriteFile(file, good[:at], 0o600)
			refused("cut off", at)
			put(t, c, key, "one")
		}
	}
	os.Remove(code)
	refused("no code", 0)
}

// TestWithoutCode: an entry without native code is kept and counted like the others.
func TestWithoutCode(t *testing.T) {
	c := open(t)
	key := KeyOf([]byte("sources"), "script")
	if err := c.Put(key, &Entry{Wasm: []byte("module")}); err != nil {
		t.Fatal(err)
	}
	if e, err := c.Get(key); err != nil || string(e.Wasm) != "module" || e.Code != (Code{}) {
		t.Errorf("%+v, %v", e, err)
	}
	if info, err := c.Info(); err != nil || info.Entries != 1 || info.Others != 0 {
		t.Errorf("%+v, %v", info, err)
	}
	if n, err := c.Prune(time.Hour); n != 0 || err != nil {
		t.Errorf("prune removed %d bytes, %v", n, err)
	}
	if n, err := c.Prune(0); n == 0 || err != nil {
		t.Errorf("prune removed nothing, %v", err)
	}
}

// TestOutside checks that an entry can't refer to code outside the folder.
func TestOutside(t *testing.T) {
	c := open(t)
	outside := filepath.Join(t.TempDir(), "code")
	os.WriteFile(outside, []byte("native"), 0o600)
	rel, err := filepath.Rel(c.Dir(), outside)
	if err != nil {
		t.Fatal(err)
	}
	key := KeyOf(nil, "")
	if err := c.Put(key, &Entry{Meta: json.RawMessage("{}"), Code: Code{File: rel}}); err != nil {
		t.Fatal(err)
	}
	if e, err := c.Get(key); e != nil || err == nil {
		t.Errorf("%v, %v", e, err)
	}
}

func TestHousekeeping(t *testing.T) {
	c := open(t)
	old, young, others := KeyOf([]byte("old"), ""), KeyOf([]byte("young"), ""), filepath.Join(c.Dir(), "theirs")
	put(t, c, old, "old")
	put(t, c, young, "young")
	os.WriteFile(others, nil, 0o600) // does not belong to the cache
	long := time.Now().Add(-100 * time.Hour)
	os.Chtimes(c.file(old), long, long)
	orphan := filepath.Join(c.Dir(), codeDir, "orphan")
	os.WriteFile(orphan, []byte("x"), 0o600)
	os.Chtimes(orphan, long, long)
	foreign := filepath.Join(c.Dir(), "ff"+entrySuffix)
	os.WriteFile(foreign, []byte(`{"version":"another","code":"wazero-x/y"}`+"\n"+string(make([]byte, 32))), 0o600)
	making := filepath.Join(c.Dir(), tempPrefix+"1")
	os.Mkdir(making, 0o700)

	info, err := c.Info()
	if err != nil || info.Entries != 2 || info.Others != 3 || info.Bytes == 0 || time.Since(info.Oldest) < 99*time.Hour {
		t.Errorf("%+v, %v", info, err)
	}
	if _, err := c.Prune(200 * time.Hour); err != nil {
		t.Fatal(err)
	}
	if info, _ := c.Info(); info.Entries != 2 || info.Others != 1 || !exists(making) || exists(orphan) || exists(foreign) {
		t.Errorf("after pruning what can't be used: %+v", info)
	}
	if _, err := c.Prune(50 * time.Hour); err != nil {
		t.Fatal(err)
	}
	if e, err := c.Get(old); e != nil || err != nil || exists(filepath.Join(c.Dir(), codeDir, "old")) {
		t.Errorf("an entry that was not used for long is still there: %v, %v", e, err)
	}
	if e, err := c.Get(young); e == nil || err != nil {
		t.Errorf("an entry that was used is gone: %v, %v", e, err)
	}
	if bytes, err := c.Clean(); err != nil || bytes == 0 {
		t.Errorf("%d, %v", bytes, err)
	}
	if left, _ := os.ReadDir(c.Dir()); len(left) != 1 || !exists(others) {
		t.Errorf("after cleaning: %v are left", left)
	}
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// TestUseIsRecorded checks that using an entry updates its time of last use.
func TestUseIsRecorded(t *testing.T) {
	c := open(t)
	key := KeyOf(nil, "")
	put(t, c, key, "one")
	long := time.Now().Add(-100 * time.Hour)
	os.Chtimes(c.file(key), long, long)
	if _, err := c.Get(key); err != nil {
		t.Fatal(err)
	}
	if info, _ := c.Info(); time.Since(info.Oldest) > time.Hour {
		t.Errorf("last used %v ago", time.Since(info.Oldest))
	}
}

// TestSum: the sum of pieces is that of the whole.
func TestSum(t *testing.T) {
	for _, n := range []int{0, 1, pieceSize - 1, pieceSize, 2*pieceSize + 3} {
		b := bytes.Repeat([]byte{7}, n)
		if Sum(b) != sha256.Sum256(b) {
			t.Errorf("the sum of %d bytes is wrong", n)
		}
	}
}
