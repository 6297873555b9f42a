package hosttest

import (
	"archive/zip"
	"bytes"
	"io/fs"
	"os"
	"testing"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/internal/kind/script/javascript"
	"github.com/wexec/wexec/host/internal/kind/script/python"
)

// engines are the SHA-256 of the engines that the tests use, by language.
var engines = map[string]string{"javascript": javascript.Engine, "python": python.Engine}

// Engines returns the folder of engines that the environment variable WEXEC_ENGINES
// names. It skips the test if the one for the language is not there.
func Engines(t testing.TB, language string) fs.FS {
	t.Helper()
	folder := os.Getenv("WEXEC_ENGINES")
	if folder == "" {
		t.Skipf("no engine for %s: WEXEC_ENGINES does not name a folder (.github/CONTRIBUTING.md)", language)
	}
	dir := os.DirFS(folder)
	if _, err := fs.Stat(dir, engines[language]+".wasm"); err != nil {
		t.Skipf("no engine for %s in WEXEC_ENGINES: %v", language, err)
	}
	return dir
}

// Script returns a script module with these files, of which the first is run. files has
// their names and contents in turn.
func Script(t testing.TB, language string, files ...string) []byte {
	t.Helper()
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	for i := 0; i < len(files); i += 2 {
		f, err := w.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		f.Write([]byte(files[i+1]))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	s := abi.Script{Language: language, Engine: engines[language], Main: files[0]}
	return s.Module(archive.Bytes(), nil)
}
