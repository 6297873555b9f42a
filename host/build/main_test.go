package build

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/wexec/wexec/host/build/engines"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if dir, err := cacheDir(); err == nil {
			os.RemoveAll(dir)
		}
		os.Exit(code)
	}))
}

// cacheDir returns a folder for the caches of all tests: an engine takes long to compile.
var cacheDir = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "wexec-build-test-*") })

// shared is cacheDir for a test.
func shared(t *testing.T) string {
	t.Helper()
	dir, err := cacheDir()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// write makes a folder with files, and returns its name.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// collect collects the sources of a file, without an engine.
func collect(t *testing.T, file string, o Options) (*source, error) {
	t.Helper()
	o.CacheDir = "off"
	w, err := newWork(file, &o)
	if err != nil {
		t.Fatal(err)
	}
	return w.language.collect(t.Context(), w)
}

// needEngine skips a test if the user has no engine for a language.
func needEngine(t *testing.T, language string) {
	t.Helper()
	e, err := engines.Of(language)
	if err != nil {
		t.Fatal(err)
	}
	s, err := engines.DefaultStore()
	if err != nil || !s.Has(e) {
		t.Skipf("SKIPPED: no engine: wexec engine fetch %s", language)
	}
}
