package build

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/wexec/wexec/host/build/toolchain"
	"github.com/wexec/wexec/host/cache"
)

// requirementsFile lists the packages that a script needs, as pip reads it.
const requirementsFile = "requirements.txt"

// requirement matches a line that names a package, and nothing else that pip would take:
// addresses and folders may be built from source, which runs code.
var requirement = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*\s*(\[[A-Za-z0-9._,\s-]*\])?\s*` +
		`([<>=!~]=?=?\s*[A-Za-z0-9.*+!_-]+(\s*,\s*[<>=!~]=?=?\s*[A-Za-z0-9.*+!_-]+)*)?\s*(;.*)?$`)
})

// checkRequirements refuses what is more than a list of packages.
func (w *work) checkRequirements(text string) error {
	e := &SourceError{}
	line := 0
	for content := range strings.Lines(text) {
		line++
		content = strings.TrimRight(content, "\r\n")
		bare, _, _ := strings.Cut(content, " #")
		bare = strings.TrimSpace(bare)
		if bare == "" || bare[0] == '#' || requirement().MatchString(bare) {
			continue
		}
		e.Problems = append(e.Problems, Problem{
			File: w.shown(requirementsFile), Line: line, Column: 1, Source: content,
			Text: "want the name of a package and its versions, like idna>=3",
		})
	}
	if len(e.Problems) > 0 {
		return e
	}
	return nil
}

// vendor returns an archive of the packages in a requirements.txt, and of those that they
// need. Pip downloads them once: then they are in the cache.
func (w *work) vendor(ctx context.Context, requirements []byte) ([]byte, error) {
	if err := w.checkRequirements(string(requirements)); err != nil {
		return nil, err
	}
	if len(strings.TrimSpace(string(requirements))) == 0 {
		return nil, nil
	}
	key := cache.KeyOf(requirements, "requirements of Python "+pythonVersion)
	if archive := w.cached(key); archive != nil {
		return archive, nil
	}
	list := w.shown(requirementsFile)
	if what := "the packages that " + list + " names"; !w.mayFetch(what) {
		return nil, &DownloadError{what}
	}
	archive, err := w.download(ctx, list, requirements)
	if err == nil {
		w.keep(key, archive)
	}
	return archive, err
}

// download has pip download packages that run anywhere, and puts their files into an
// archive.
func (w *work) download(ctx context.Context, list string, requirements []byte) ([]byte, error) {
	pip, _, err := toolchain.Pip.Find(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", list, err)
	}
	dir, err := os.MkdirTemp("", "wexec-packages-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	copied := filepath.Join(dir, requirementsFile)
	if err := os.WriteFile(copied, requirements, 0o600); err != nil {
		return nil, err
	}
	err = pip.Run(ctx, dir, "download", "--quiet", "--disable-pip-version-check", "--no-input", "--dest", "wheels",
		"--only-binary=:all:", "--python-version", pythonVersion, "--implementation", "py", "--abi", "none",
		"--platform", "any", "-r", requirementsFile)
	if err != nil {
		return nil, refusedByPip(list, err)
	}
	wheels, err := filepath.Glob(filepath.Join(dir, "wheels", "*"))
	if err != nil {
		return nil, err
	}
	var f files
	for _, wheel := range wheels {
		if !strings.HasSuffix(wheel, "-none-any.whl") {
			return nil, wrong(list, "%s does not run anywhere: want a wheel that ends in none-any", filepath.Base(wheel))
		}
		b, err := readBounded(wheel)
		if err == nil {
			err = f.addZip(b, func(path string) bool { return !strings.Contains(path, ".data/") })
		}
		if err != nil {
			return nil, wrong(list, "%s: %v", filepath.Base(wheel), err)
		}
	}
	return f.zip()
}

// refusedByPip says which package pip has not found in the form that is wanted.
func refusedByPip(list string, err error) error {
	_, name, found := strings.Cut(err.Error(), "No matching distribution found for ")
	if !found {
		return fmt.Errorf("%s: %w", list, err)
	}
	name, _, _ = strings.Cut(name, "\n")
	return wrong(list, "pip finds no wheel of %s that runs anywhere (none-any). A package with native code, or "+
		"with sources alone, can't run in the sandbox", name)
}

// DownloadError says what would have to be downloaded first.
type DownloadError struct{ What string }

func (e *DownloadError) Error() string {
	return e.What + " must be downloaded first (Options.Fetch)"
}
