package engines

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/wexec/wexec/host/build/toolchain"
)

// engine is the content of the engine that these tests know.
var engine = []byte("\x00asm\x01\x00\x00\x00 and so on")

// useTable gives the tests a table of two small engines.
func useTable(t *testing.T) {
	old := Table
	t.Cleanup(func() { Table = old })
	sum := func(b []byte) string { s := sha256.Sum256(b); return hex.EncodeToString(s[:]) }
	Table = []Engine{
		{
			Language: "one", Title: "One 1.0", Package: Package{NPM, "one-wasm", "1.0.0", "package/one.wasm"},
			Size: int64(len(engine)), SHA256: sum(engine),
		},
		{
			Language: "two", Title: "Two 2.0", Package: Package{PyPI, "two-wasm", "2.0.0", "two/two.wasm"},
			Size: 3, SHA256: sum([]byte("two")),
		},
	}
}

func TestTable(t *testing.T) {
	for _, e := range Table {
		if len(e.SHA256) != 64 || e.Size <= 0 || e.Size > maxFile || e.License == "" || e.Package.Registry == nil {
			t.Errorf("%s is incomplete: %+v", e.Language, e)
		}
		if found, err := Of(e.Language); err != nil || found.SHA256 != e.SHA256 {
			t.Errorf("Of(%s): %v, %v", e.Language, found, err)
		}
	}
	if _, err := Of("cobol"); err == nil || !strings.Contains(err.Error(), "javascript, python") {
		t.Errorf("an unknown language: %v", err)
	}
}

func TestDefaultStore(t *testing.T) {
	t.Setenv(DirVariable, "/some/where")
	if s, err := DefaultStore(); err != nil || s.Dir != "/some/where" {
		t.Errorf("%v, %v", s, err)
	}
	data := t.TempDir()
	t.Setenv(DirVariable, "")
	t.Setenv("XDG_DATA_HOME", data)
	if s, err := DefaultStore(); err != nil || s.Dir != filepath.Join(data, "wexec", "engines") {
		t.Errorf("%v, %v", s, err)
	}
}

func targz(t *testing.T, files map[string]string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for name, content := range files {
		err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(content)), Mode: 0o644, Typeflag: tar.TypeReg})
		if _, wrote := w.Write([]byte(content)); errors.Join(err, wrote) != nil {
			t.Fatal(err, wrote)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipped(t *testing.T, files map[string]string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range files {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(content))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAdd(t *testing.T) {
	useTable(t)
	same := strings.Repeat("x", len(engine))
	for name, c := range map[string]struct {
		file []byte
		want string // in the error, or the language
	}{
		"the file itself":    {engine, "one"},
		"an npm package":     {targz(t, map[string]string{"package/a.js": "", "package/one.wasm": string(engine)}), "one"},
		"a wheel":            {zipped(t, map[string]string{"two/__init__.py": "", "two/two.wasm": "two"}), "two"},
		"another file":       {[]byte("\x00asm"), "no engine that this version of wexec knows"},
		"an empty file":      {nil, "no engine that this version"},
		"another package":    {targz(t, map[string]string{"package/a.js": ""}), "a package without an engine"},
		"another content":    {targz(t, map[string]string{"package/one.wasm": same}), "its SHA-256 is "},
		"another size":       {zipped(t, map[string]string{"two/two.wasm": "too"}), "its SHA-256 is "},
		"a wheel of another": {zipped(t, map[string]string{"two/two.wasm": "other"}), "a package without an engine"},
		"half a package":     {targz(t, map[string]string{"package/one.wasm": string(engine)})[:40], "unexpected EOF"},
		"half a wheel":       {[]byte("PK\x03\x04 half"), "zip: not a valid zip file"},
	} {
		t.Run(name, func(t *testing.T) {
			s := Store{filepath.Join(t.TempDir(), "new", "folder")}
			file := filepath.Join(t.TempDir(), "file")
			if err := os.WriteFile(file, c.file, 0o666); err != nil {
				t.Fatal(err)
			}
			e, err := s.Add(file)
			if err != nil {
				if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), file) {
					t.Errorf("the error is %q, want %q and the file", err, c.want)
				}
				if left, _ := os.ReadDir(s.Dir); len(left) > 0 {
					t.Errorf("it left %v", left)
				}
				return
			}
			if e.Language != c.want || !s.Has(e) {
				t.Errorf("it added %s (there: %t), want %s", e.Language, s.Has(e), c.want)
			}
			if got, err := fs.ReadFile(s.FS(), e.SHA256+".wasm"); err != nil || int64(len(got)) != e.Size {
				t.Errorf("FS has %d bytes, %v", len(got), err)
			}
		})
	}
	if _, err := (Store{t.TempDir()}).Add("missing"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}

func TestStore(t *testing.T) {
	useTable(t)
	s := Store{filepath.Join(t.TempDir(), "store")}
	one, two := &Table[0], &Table[1]
	if others, err := s.Others(); err != nil || others != nil || s.Has(one) {
		t.Errorf("an empty store: %v, %v, %t", others, err, s.Has(one))
	}
	if err := s.Remove(one); err != nil {
		t.Errorf("to remove what is not there: %v", err)
	}
	if _, err := s.add(engine); err != nil {
		t.Fatal(err)
	}
	old := filepath.Join(s.Dir, strings.Repeat("0", 64)+".wasm")
	if err := os.WriteFile(old, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.File(two), []byte("cut off"), 0o666); err != nil {
		t.Fatal(err)
	}
	others, err := s.Others()
	if err != nil || !slices.Equal(others, []string{old}) || !s.Has(one) || s.Has(two) {
		t.Errorf("others %v, %v, has %t %t", others, err, s.Has(one), s.Has(two))
	}
	if err := s.Remove(one); err != nil || s.Has(one) {
		t.Errorf("it was not removed: %v", err)
	}
}

// TestFetch has clients that are scripts of the shell.
func TestFetch(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the clients of this test are scripts of the shell")
	}
	useTable(t)
	wheel := filepath.Join(t.TempDir(), "a.whl")
	if err := os.WriteFile(wheel, zipped(t, map[string]string{"two/two.wasm": "two"}), 0o666); err != nil {
		t.Fatal(err)
	}
	pack := filepath.Join(t.TempDir(), "a.tgz")
	if err := os.WriteFile(pack, targz(t, map[string]string{"package/one.wasm": string(engine)}), 0o666); err != nil {
		t.Fatal(err)
	}
	const version = `[ "$1" = --version ] && echo 1.0 && exit
[ "$1 $2 $3" = "-m pip --version" ] && echo pip 9.0 from here && exit
`
	const asked = `[ "$*" = "pack --ignore-scripts --loglevel=error one-wasm@1.0.0" ] && `
	npm, pip := asked+"cp "+pack+" .", "cp "+wheel+" ."
	one, two := &Table[0], &Table[1]
	type programs map[string]string
	for name, c := range map[string]struct {
		programs programs
		engine   *Engine
		want     string // in the error
	}{
		"npm":           {programs{"npm": version + npm}, one, ""},
		"pip":           {programs{"pip": version + pip}, two, ""},
		"only pip3":     {programs{"pip3": version + pip}, two, ""},
		"a shim of pip": {programs{"pip": "exit 127", "python3": version + pip}, two, ""},
		"no npm":        {programs{"pip": version}, one, "npm is not here: get it with "},
		"no pip":        {programs{"python3": "exit 1"}, two, "and then wexec engine add FILE here"},
		"apt":           {programs{"apt-get": ""}, two, "get it with apt-get install python3-pip"},
		"no network":    {programs{"npm": version + "echo no route; exit 1"}, one, "1.0.0 was not downloaded: npm: no route"},
		"nothing":       {programs{"npm": version + ":"}, one, "npm left 0 files"},
		"another":       {programs{"npm": version + pip}, one, "has the engine of two"},
		"damaged":       {programs{"npm": version + "echo half > a.tgz"}, one, "its SHA-256 is "},
	} {
		t.Run(name, func(t *testing.T) {
			bin := t.TempDir()
			for _, program := range []string{"cp", "echo"} { // what the scripts use
				link(t, bin, program)
			}
			for name, script := range c.programs {
				if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+script+"\n"), 0o777); err != nil {
					t.Fatal(err)
				}
			}
			t.Setenv("PATH", bin)
			s := Store{filepath.Join(t.TempDir(), "store")}
			err := s.Fetch(context.Background(), c.engine)
			switch {
			case c.want == "" && (err != nil || !s.Has(c.engine)):
				t.Errorf("it was not fetched: %v", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("the error is %v, want %q", err, c.want)
			}
		})
	}
}

func link(t *testing.T, bin, program string) {
	for _, dir := range []string{"/bin", "/usr/bin"} {
		if os.Symlink(filepath.Join(dir, program), filepath.Join(bin, program)) == nil {
			return
		}
	}
	t.Fatalf("no %s", program)
}

// TestFetchReal fetches the engines of this version, if WEXEC_FETCH is set: the rest of
// the tests need no network.
func TestFetchReal(t *testing.T) {
	if os.Getenv("WEXEC_FETCH") == "" {
		t.Skip("SKIPPED: set WEXEC_FETCH=1 to download the engines")
	}
	s := Store{t.TempDir()}
	for _, e := range Table {
		err := s.Fetch(context.Background(), &e)
		if _, missing := errors.AsType[*toolchain.MissingError](err); missing {
			t.Errorf("%s: %v", e.Language, err)
		} else if err != nil || !s.Has(&e) {
			t.Errorf("%s was not fetched: %v", e.Language, err)
		}
	}
}
