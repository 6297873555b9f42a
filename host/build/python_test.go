package build

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/wexec/wexec/host/build/engines"
)

func TestPythonVersion(t *testing.T) {
	e, err := engines.Of("python")
	if err != nil || !strings.HasPrefix(e.Title, "CPython "+pythonVersion+".") {
		t.Errorf("packages are chosen for Python %s, which is not %v, %v", pythonVersion, e, err)
	}
}

func TestImported(t *testing.T) {
	got := imported(`#!/usr/bin/env python
import json, os.path as p, größe
from . import sibling
from .relative import x
from package.sub import (a,
    b)
    import indented # import comment
x = "import inside"
import a; import b
important = 1
from __future__ import annotations
`)
	want := []string{"json", "os", "größe", "package", "indented", "a", "__future__"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCollectPython(t *testing.T) {
	dir := write(t, map[string]string{
		"task.py":                      "import json, helper, package.sub, lib\n",
		"helper.py":                    "import deeper\n",
		"deeper.py":                    "import helper\n",
		"package/__init__.py":          "import outer\n",
		"package/sub.py":               "",
		"package/data.json":            "{}",
		"package/__pycache__/sub.pyc":  "",
		"package/.git/config":          "",
		"outer.py":                     "",
		"unused.py":                    "",
		"vendored/lib/__init__.py":     "",
		"vendored/helper.py":           "the one beside the script wins",
		"vendored/.hidden":             "",
		"vendored/lib/nested/more.txt": "",
	})
	s, err := collect(t, filepath.Join(dir, "task.py"), Options{Path: []string{filepath.Join(dir, "vendored")}})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"deeper.py", "helper.py", "lib/__init__.py", "lib/nested/more.txt", "outer.py", "package/__init__.py",
		"package/data.json", "package/sub.py", "task.py",
	}
	if got := s.files.paths(); s.main != "task.py" || !slices.Equal(got, want) {
		t.Errorf("main %s, files %v", s.main, got)
	}
	if got := string(s.files.content["helper.py"]); got != "import deeper\n" {
		t.Errorf("helper.py is %q", got)
	}
	if !slices.Contains(s.inputs, filepath.Join(dir, "package", "data.json")) {
		t.Errorf("the inputs are %v", s.inputs)
	}
	if _, err := collect(t, filepath.Join(dir, "task.py"), Options{Path: []string{"nowhere"}}); err == nil {
		t.Error("a folder that is missing was no error")
	}
}

func TestRequirements(t *testing.T) {
	for line, ok := range map[string]bool{
		"idna":                                true,
		"idna==3.7":                           true,
		"idna >= 3, < 4  # a comment":         true,
		"requests[socks] ~= 2.31":             true,
		`tomli>=2; python_version < "3.11"`:   true,
		"# nothing":                           true,
		"":                                    true,
		"--index-url https://example.com":     false,
		"-e .":                                false,
		"-r other.txt":                        false,
		"./folder":                            false,
		"git+https://example.com/a.git":       false,
		"idna @ https://example.com/idna.whl": false,
		"idna ==3 --config-settings x=y":      false,
	} {
		w := &work{given: "a/task.py"}
		err := w.checkRequirements("idna\n" + line + "\r\n")
		if (err == nil) != ok {
			t.Errorf("%q: %v", line, err)
		}
		if err != nil && !strings.Contains(err.Error(), "requirements.txt:2:1: want the name of a package") {
			t.Errorf("the error is %v", err)
		}
	}
}

// TestVendor has a pip that is a script of the shell.
func TestVendor(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the pip of this test is a script of the shell")
	}
	var wheel bytes.Buffer
	z := zip.NewWriter(&wheel)
	for _, name := range []string{"idna/__init__.py", "idna-3.dist-info/METADATA", "idna-3.data/scripts/idna", "../out"} {
		if _, err := z.Create(name); err != nil {
			t.Fatal(err)
		}
	}
	z.Close()
	dir := write(t, map[string]string{"task.py": "import idna", "requirements.txt": "idna>=3\n", "a.whl": wheel.String()})
	leave := func(name string) string { return "mkdir wheels; cp " + filepath.Join(dir, "a.whl") + " wheels/" + name }
	const refuses = `echo "ERROR: No matching distribution found for numpy<2"; exit 1`
	for name, c := range map[string]struct{ script, want string }{
		"a wheel":        {leave("idna-3-py3-none-any.whl"), ""},
		"native code":    {leave("a-1-cp312-cp312-linux.whl"), "a-1-cp312-cp312-linux.whl does not run anywhere"},
		"none that fits": {refuses, "requirements.txt: pip finds no wheel of numpy<2 that runs anywhere (none-any)"},
		"no network":     {"echo no route to the registry; exit 1", "requirements.txt: pip: no route to the registry"},
		"damaged":        {"mkdir wheels; echo x > wheels/a-1-py3-none-any.whl", "a-1-py3-none-any.whl: zip: not a valid"},
	} {
		t.Run(name, func(t *testing.T) {
			bin := write(t, map[string]string{
				"pip": "#!/bin/sh\n[ \"$1\" = --version ] && echo pip 9.0 && exit\n" + c.script + "\n",
			})
			if err := os.Chmod(filepath.Join(bin, "pip"), 0o700); err != nil {
				t.Fatal(err)
			}
			t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
			s, err := collect(t, filepath.Join(dir, "task.py"), Options{Fetch: func(string) bool { return true }})
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("the error is %v, want %q", err, c.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var f files
			if err := f.addZip(s.vendored, func(string) bool { return true }); err != nil {
				t.Fatal(err)
			}
			if got := f.paths(); !slices.Equal(got, []string{"idna-3.dist-info/METADATA", "idna/__init__.py"}) {
				t.Errorf("vendored %v", got)
			}
		})
	}
	_, err := collect(t, filepath.Join(dir, "task.py"), Options{})
	if _, ok := err.(*DownloadError); !ok {
		t.Errorf("without leave to download: %v", err)
	}
}

// TestVendorReal has the real pip, if WEXEC_FETCH is set: the rest of the tests need no
// network.
func TestVendorReal(t *testing.T) {
	if os.Getenv("WEXEC_FETCH") == "" {
		t.Skip("SKIPPED: set WEXEC_FETCH=1 to download packages")
	}
	dir := write(t, map[string]string{"task.py": "import idna", "requirements.txt": "idna>=3\ncharset-normalizer\n"})
	cached := Options{Fetch: func(string) bool { return true }, CacheDir: t.TempDir()}
	collect := func() (*source, error) {
		w, err := newWork(filepath.Join(dir, "task.py"), &cached)
		if err != nil {
			t.Fatal(err)
		}
		return w.language.collect(t.Context(), w)
	}
	first, err := collect()
	if err != nil {
		t.Fatal(err)
	}
	var f files
	if err := f.addZip(first.vendored, func(string) bool { return true }); err != nil {
		t.Fatal(err)
	}
	paths := f.paths()
	if !slices.Contains(paths, "idna/__init__.py") || !slices.Contains(paths, "charset_normalizer/__init__.py") {
		t.Errorf("vendored %v", paths)
	}
	cached.Fetch = nil
	if again, err := collect(); err != nil || !bytes.Equal(again.vendored, first.vendored) {
		t.Errorf("they were not in the cache: %v", err)
	}

	dir = write(t, map[string]string{"task.py": "", "requirements.txt": "numpy\n"})
	cached.Fetch = func(string) bool { return true }
	if _, err := collect(); err == nil || !strings.Contains(err.Error(), "no wheel of numpy that runs anywhere") {
		t.Errorf("numpy: %v", err)
	}
}
