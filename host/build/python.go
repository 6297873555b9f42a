package build

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
)

// pythonVersion is the version of the language that its engine runs.
const pythonVersion = "3.12"

// collectPython takes a file, the modules beside it that it imports, the folders of
// packages, and the packages in the file requirements.txt beside it. The first of these
// that has a module wins, as in Python's own search path.
func collectPython(ctx context.Context, w *work) (*source, error) {
	dir, name := filepath.Dir(w.file), filepath.Base(w.file)
	s := &source{main: name, inputs: []string{w.file}}
	if err := s.files.add(name, w.content); err != nil {
		return nil, wrong(w.given, "%v", err)
	}
	read := func(file string) { s.inputs = append(s.inputs, file) }
	if err := addImported(&s.files, dir, w.content, read); err != nil {
		return nil, wrong(w.given, "%v", err)
	}
	for _, folder := range w.options.Path {
		if err := s.files.addTree(folder, "", read); err != nil {
			return nil, wrong(folder, "%v", err)
		}
	}
	// Asking tells of a SyntaxError, too; a program that is run tells of it itself.
	s.noTasks = w.options.Program && !s.files.mention("wexec")
	list := filepath.Join(dir, requirementsFile)
	requirements, err := os.ReadFile(list)
	if os.IsNotExist(err) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	read(list)
	s.vendored, err = w.vendor(ctx, requirements)
	return s, err
}

// addImported adds the modules of a folder that a source imports, and those that they
// import. A package is added with all its files.
func addImported(f *files, dir string, main []byte, read func(file string)) error {
	sources := [][]byte{main}
	seen := map[string]bool{}
	for len(sources) > 0 {
		next := sources[0]
		sources = sources[1:]
		for _, name := range imported(string(next)) {
			if seen[name] {
				continue
			}
			seen[name] = true
			added := &files{}
			if err := addModule(added, dir, name, read); err != nil {
				return err
			}
			for _, path := range added.paths() {
				if err := f.add(path, added.content[path]); err != nil {
					return err
				}
				if strings.HasSuffix(path, ".py") {
					sources = append(sources, added.content[path])
				}
			}
		}
	}
	return nil
}

// addModule adds the module or package of a folder with a name, if there is one.
func addModule(f *files, dir, name string, read func(file string)) error {
	folder := filepath.Join(dir, name)
	if info, err := os.Stat(folder); err == nil && info.IsDir() {
		return f.addTree(folder, name, read)
	}
	file := folder + ".py"
	content, err := readBounded(file)
	if os.IsNotExist(err) {
		return nil // a module of Python's own, of a package, or none
	}
	if err != nil {
		return err
	}
	read(file)
	return f.add(name+".py", content)
}

// Patterns are compiled when they are first needed, since most runs need none.
var (
	importLine = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?m)^[ \t]*(import|from)[ \t]+([^\n#;]+)`)
	})
	identifier = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[\pL_][\pL\pN_]*$`) })
)

// imported returns the names of the top-level modules that a source imports, as far as
// its lines tell. A line of a text that looks like an import does no harm.
func imported(source string) (names []string) {
	for _, m := range importLine().FindAllStringSubmatch(source, -1) {
		list := m[2]
		if m[1] == "from" {
			list, _, _ = strings.Cut(list, " import")
		}
		for part := range strings.SplitSeq(list, ",") {
			name, _, _ := strings.Cut(strings.TrimSpace(part), " ")
			name, _, _ = strings.Cut(name, ".")
			if identifier().MatchString(name) {
				names = append(names, name)
			}
		}
	}
	return names
}
