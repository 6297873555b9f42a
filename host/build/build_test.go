package build

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/build/engines"
)

// load loads a module that was built, and returns its tasks' names.
func load(t *testing.T, m *Module) (names []string, loaded *host.Module) {
	t.Helper()
	s, err := engines.DefaultStore()
	if err != nil {
		t.Fatal(err)
	}
	h, err := host.New(host.Config{Engines: s.FS(), CacheDir: shared(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close(context.Background()) })
	if loaded, err = h.Load(t.Context(), m.Name, m.Bytes); err != nil {
		t.Fatal(err)
	}
	for _, task := range loaded.Tasks() {
		names = append(names, task.Name)
	}
	return names, loaded
}

func TestBuild(t *testing.T) {
	needEngine(t, "javascript")
	dir := write(t, map[string]string{"double.ts": "/** Doubles. */\nexport const double = (n: number): number => 2 * n;"})
	file := filepath.Join(dir, "double.ts")
	o := Options{CacheDir: shared(t)}
	first, err := Build(t.Context(), file, o)
	if err != nil {
		t.Fatal(err)
	}
	names, m := load(t, first)
	if first.Name != "double" || !slices.Equal(names, []string{"double", "main"}) {
		t.Errorf("module %s has the tasks %v", first.Name, names)
	}
	if i := m.Info(); i.Manifest != "section" || i.Style != host.Script {
		t.Errorf("%+v", i)
	}
	if task := m.Tasks()[0]; task.Doc != "Doubles." || string(task.Input) != `{"type":"number"}` {
		t.Errorf("%+v", task)
	}
	if out, err := m.Call(t.Context(), "double", []byte("21")).Wait(t.Context()); string(out) != "42" || err != nil {
		t.Errorf("%s, %v", out, err)
	}

	again, err := Build(t.Context(), file, o)
	if err != nil || !slices.Equal(again.Bytes, first.Bytes) {
		t.Errorf("another module, %v", err)
	}

	// What is not in the bundle matters too, if it is in the manifest.
	if err := os.WriteFile(file, []byte("export const double = (n: string): number => 2 * n;"), 0o666); err != nil {
		t.Fatal(err)
	}
	changed, err := Build(t.Context(), file, o)
	if err != nil {
		t.Fatal(err)
	}
	if _, m := load(t, changed); string(m.Tasks()[0].Input) != `{"type":"string"}` || m.Tasks()[0].Doc != "" {
		t.Errorf("%+v", m.Tasks()[0])
	}
}

// TestPrograms: a top level that can't run before the program does is no obstacle for it.
func TestPrograms(t *testing.T) {
	needEngine(t, "javascript")
	for name, c := range map[string]struct {
		source          string
		tasks           string // that the module has, or the error
		tasksForProgram string
	}{
		"a program": {"await new Promise((r) => setTimeout(r, 1)); throw 1;", "main", "main"},
		"both":      {"export const f = () => 1; export default () => 2;", "f main", "f main"},
		"fails":     {"export const f = () => 1; throw new Error('too early');", "Error: too early", "main"},
		"waits":     {"export const f = () => 1; await new Promise(() => {});", "its top level awaits", "main"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(write(t, map[string]string{"p.js": c.source}), "p.js")
			for _, program := range []bool{false, true} {
				want := c.tasks
				if program {
					want = c.tasksForProgram
				}
				m, err := Build(t.Context(), file, Options{CacheDir: shared(t), Program: program})
				if err != nil {
					if !strings.Contains(err.Error(), want) {
						t.Errorf("program %t: %v", program, err)
					}
					continue
				}
				if names, _ := load(t, m); strings.Join(names, " ") != want {
					t.Errorf("program %t: tasks %v, want %s", program, names, want)
				}
			}
		})
	}
}

func TestBuildErrors(t *testing.T) {
	dir := write(t, map[string]string{"a.txt": "", "a.py": "", "a.js": ""})
	none := engines.Store{Dir: filepath.Join(dir, "engines")}
	for file, want := range map[string]string{
		"a.txt":   "a.txt is no source file that wexec knows: want .py, .js, ",
		"none.py": "none.py: no such file",
		"a.js":    "the engine of javascript is not here",
		"a.py":    "get it with wexec engine fetch python",
	} {
		_, err := Build(t.Context(), filepath.Join(dir, file), Options{Engines: none, CacheDir: "off"})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", file, err, want)
		}
	}
	var asked string
	refuse := func(what string) bool { asked = what; return false }
	_, err := Build(t.Context(), filepath.Join(dir, "a.js"), Options{Engines: none, CacheDir: "off", Fetch: refuse})
	if _, ok := err.(*engines.MissingError); !ok || !strings.Contains(asked, "QuickJS-ng 0.17, which runs it (0.6 MB") {
		t.Errorf("asked %q, %v", asked, err)
	}
}

func TestLanguages(t *testing.T) {
	seen := map[string]string{}
	for _, l := range Languages() {
		for _, name := range append(append([]string{l.Name}, l.Short...), l.Extensions...) {
			if other, ok := seen[name]; ok {
				t.Errorf("%s and %s both have %s", l.Name, other, name)
			}
			seen[name] = l.Name
		}
		for _, name := range append(l.Short, l.Name) {
			if found, err := LanguageNamed(name); err != nil || found != l {
				t.Errorf("%s: %v, %v", name, found, err)
			}
		}
		if found := LanguageOf("a/b" + strings.ToUpper(l.Extensions[0])); found != l {
			t.Errorf("%s: %v", l.Extensions[0], found)
		}
	}
	if _, err := LanguageNamed("cobol"); err == nil || !strings.Contains(err.Error(), "py, js, ts") {
		t.Errorf("cobol: %v", err)
	}
	if l := LanguageOf("module.wasm"); l != nil {
		t.Errorf("a module is written in %s", l.Name)
	}
}
