// Package script runs scripts: modules whose files an engine, which is another
// module, interprets. See ABI section 8. Each language is a folder here.
package script

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/internal/engine"
	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/guest"
	"github.com/wexec/wexec/host/internal/kind"
	"github.com/wexec/wexec/host/internal/sourcemap"
	"github.com/wexec/wexec/host/internal/wasm"
)

// Style is the style of scripts.
const Style = "script"

// Source is a script.
type Source struct {
	abi.Script
	// Files has the script's files. It is read-only, and decompresses a file when it
	// is read. Any goroutine may use it.
	Files fs.FS

	sourceMap func() *sourcemap.Map // nil if there is none
}

// maxMap is the most bytes of a source map.
const maxMap = 8 << 20

// Origin returns the place that a place in the main file was made from, if the script has
// a source map, which is beside the file, under its name and .map.
func (s *Source) Origin(line, column int) (place sourcemap.Place, ok bool) {
	if m := s.sourceMap(); m != nil {
		return m.Find(line, column)
	}
	return place, false
}

func (s *Source) readMap() *sourcemap.Map {
	text, err := ReadFile(s.Files, s.Main+".map", maxMap)
	if err != nil {
		return nil
	}
	m, err := sourcemap.Parse(text)
	if err != nil {
		return nil
	}
	return m
}

// Language runs the scripts of one language.
type Language interface {
	// Name is the name of the language in abi.Script.
	Name() string
	// Imports returns the host functions that the engines import, besides WASI's.
	// Only engines get those.
	Imports() []engine.Import
	// Accept refuses a module that is not an engine of the language.
	Accept(*wasm.Module) error
	// Attach makes the side of an instance that runs a script.
	Attach(*guest.Instance, *Source) Side
}

// Side is the side of an instance that runs a script.
type Side interface {
	guest.Shared
	// Manifest returns the text of the manifest of an instance that has started.
	Manifest() ([]byte, error)
}

// Kind implements kind.Kind. It lists the languages.
type Kind []Language

// Imports implements kind.Kind.
func (k Kind) Imports() (imports []engine.Import) {
	for _, l := range k {
		for _, i := range l.Imports() {
			i.Private = true
			imports = append(imports, i)
		}
	}
	return imports
}

// Open implements kind.Kind.
func (k Kind) Open(m *wasm.Module) (*kind.Plan, error) {
	text, ok := m.Custom(abi.ScriptSection)
	if !ok {
		return nil, nil
	}
	s, err := open(m, text)
	if err != nil {
		return nil, err
	}
	language, err := k.language(s.Language)
	if err != nil {
		return nil, err
	}
	plan := &kind.Plan{
		Style:    Style,
		Engine:   &engine.Need{SHA256: s.Engine, Language: s.Language, Accept: language.Accept},
		Declared: true,
		Shares:   true,
		Attach:   func(inst *guest.Instance) guest.Side { return language.Attach(inst, s) },
	}
	section, ok := m.Custom(abi.ManifestSection)
	if !ok {
		plan.Ask = func(inst *guest.Instance) ([]byte, error) { return inst.Side().(Side).Manifest() }
		return plan, nil
	}
	plan.Manifest, err = abi.ParseManifest(section)
	return plan, err
}

// mostFiles is the most files of a script.
const mostFiles = 20_000

// open reads the description and the list of files.
func open(m *wasm.Module, text []byte) (*Source, error) {
	for _, section := range m.Sections {
		if section.ID != wasm.SectionCustom {
			return nil, fault.InvalidModule("it has a section %s, and so is no script: it must have no code of its own",
				abi.ScriptSection)
		}
	}
	described, err := abi.ParseScript(text)
	if err != nil {
		return nil, fault.InvalidModule("%v", err)
	}
	archive, _ := m.Custom(abi.FilesSection)
	// Each entry of the directory takes 46 bytes or more of the archive, and several
	// times as much memory.
	if n := bytes.Count(archive, []byte("PK\x01\x02")); n > mostFiles {
		return nil, fault.InvalidModule("%s: %d files, at most %d are allowed", abi.FilesSection, n, mostFiles)
	}
	files, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return nil, fault.InvalidModule("%s: %v", abi.FilesSection, err)
	}
	s := &Source{Script: *described, Files: files}
	s.sourceMap = sync.OnceValue(s.readMap)
	return s, nil
}

func (k Kind) language(name string) (Language, error) {
	for _, l := range k {
		if l.Name() == name {
			return l, nil
		}
	}
	return nil, fault.InvalidModule("it is a script in %.40q, which this host does not know", name)
}

// ReadFile reads a file, which may have most bytes.
func ReadFile(files fs.FS, name string, most int64) ([]byte, error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(b)) > most {
		err = fmt.Errorf("%s has more than %d bytes", name, most)
	}
	return b, err
}
