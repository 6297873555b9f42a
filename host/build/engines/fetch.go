package engines

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/wexec/wexec/host/build/toolchain"
)

// Registry is a registry of packages, which its own client reads: it knows the user's
// mirrors, proxies and credentials.
type Registry struct {
	Name   string
	Client *toolchain.Tool
	// download returns the arguments that download a package to the working folder.
	download func(Package) []string
}

// The registries.
var (
	NPM = &Registry{Name: "npm", Client: toolchain.Npm, download: func(p Package) []string {
		return []string{"pack", "--ignore-scripts", "--loglevel=error", p.Name + "@" + p.Version}
	}}
	PyPI = &Registry{Name: "PyPI", Client: toolchain.Pip, download: func(p Package) []string {
		return []string{"download", "--no-deps", "--only-binary=:all:", "--quiet", "--disable-pip-version-check",
			"--dest", ".", p.Name + "==" + p.Version}
	}}
)

// Fetch downloads an engine with the client of its registry. The client runs no code of
// the package.
func (s Store) Fetch(ctx context.Context, e *Engine) error {
	client, _, err := e.Package.Registry.Client.Find(ctx)
	if err != nil {
		return fmt.Errorf("%w, or on another machine, and then wexec engine add FILE here", err)
	}
	dir, err := os.MkdirTemp("", "wexec-engine-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := client.Run(ctx, dir, e.Package.Registry.download(e.Package)...); err != nil {
		return fmt.Errorf("%s was not downloaded: %w", e.Package, err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 1 {
		return fmt.Errorf("%s: %s left %d files, not one", e.Package, client, len(files))
	}
	got, err := s.Add(files[0])
	if err != nil {
		return fmt.Errorf("%s: %w", e.Package, err)
	}
	if got.Language != e.Language {
		return fmt.Errorf("%s has the engine of %s", e.Package, got.Language)
	}
	return nil
}
