package instrument_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/wexec/wexec/host/internal/instrument"
)

// specFolders are the specification tests that wazero has, with the features
// that they are for.
var specFolders = []struct {
	name     string
	features api.CoreFeatures
	options  instrument.Options
}{
	{name: "v1", features: api.CoreFeaturesV1},
	{name: "v2", features: api.CoreFeaturesV2},
	{
		name:     "threads",
		features: api.CoreFeaturesV2 | experimental.CoreFeaturesThreads,
		options:  instrument.Options{SharedMemory: true},
	},
	{name: "tail-call", features: api.CoreFeaturesV2 | experimental.CoreFeaturesTailCall},
	{name: "extended-const", features: api.CoreFeaturesV2 | experimental.CoreFeaturesExtendedConst},
	{
		name: "exception-handling",
		features: api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling |
			experimental.CoreFeaturesTailCall | experimental.CoreFeaturesTypedFunctionReferences,
		options: instrument.Options{Exceptions: true},
	},
	{
		name: "typed-function-references",
		features: api.CoreFeaturesV2 | experimental.CoreFeaturesTypedFunctionReferences |
			experimental.CoreFeaturesTailCall,
	},
}

// specDir is where wazero has the folders.
var specDir = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/tetratelabs/wazero").Output()
	return filepath.Join(strings.TrimSpace(string(out)), "internal/integration_test/spectest"), err
})

// specFile reads a file of the specification tests.
func specFile(t testing.TB, path ...string) []byte {
	t.Helper()
	dir, err := specDir()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(append([]string{dir}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// specFiles lists the files in a folder that match a pattern.
func specFiles(t testing.TB, folder, pattern string) []string {
	t.Helper()
	dir, err := specDir()
	if err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob(filepath.Join(dir, folder, "testdata", pattern))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no %s in %s: %v", pattern, dir, err)
	}
	for i, path := range paths {
		paths[i] = filepath.Base(path)
	}
	return paths
}

// TestSpec runs the scripts of the specification twice, as they are and with
// every module rewritten: each command gives what the script says, and the
// same both ways.
func TestSpec(t *testing.T) {
	for _, folder := range specFolders {
		folder.options.State = true
		for _, file := range specFiles(t, folder.name, "*.json") {
			t.Run(folder.name+"/"+strings.TrimSuffix(file, ".json"), func(t *testing.T) {
				t.Parallel()
				var s struct{ Commands []command }
				if err := json.Unmarshal(specFile(t, folder.name, "testdata", file), &s); err != nil {
					t.Fatal(err)
				}
				a := newStage(t, newWorld(t, folder.features, plain))
				b := newStage(t, newWorld(t, folder.features, rewritten(folder.options), 1, 7, 1000))
				for i, c := range s.Commands {
					if c.ModuleType == "text" {
						continue // which neither wazero nor Rewrite reads
					}
					c.folder = folder.name
					if c.Type == "module" && i+1 < len(s.Commands) {
						c.As = s.Commands[i+1].As
					}
					x, y := a.do(t, c), b.do(t, c)
					if !c.satisfied(t, x) || !c.satisfied(t, y) || !c.same(x, y) {
						t.Errorf("line %d: %s %s: %+v plain, %+v rewritten", c.Line, c.Type, c.Action.Field, x, y)
					}
				}
				if len(a.modules) != len(b.modules) {
					t.Fatalf("%d instances plain, %d rewritten", len(a.modules), len(b.modules))
				}
				for i, m := range a.modules {
					if diff := cmp.Diff(stateOf(m), stateOf(b.modules[i])); diff != "" {
						t.Errorf("instance %d after the script, - plain, + rewritten:\n%s", i, diff)
					}
				}
				t.Logf("%d pauses", b.pauses)
			})
		}
	}
}

// A stage is a world with a script in it.
type stage struct {
	*world
	named map[string]api.Module
	last  api.Module
}

func newStage(t *testing.T, w *world) *stage {
	if _, kind := w.instantiate("spectest", specFile(t, "testdata/spectest.wasm")); kind != "" {
		t.Fatal(kind)
	}
	return &stage{world: w, named: map[string]api.Module{}}
}

// do does a command.
func (s *stage) do(t *testing.T, c command) outcome {
	if c.Type == "register" {
		return outcome{} // which instantiating did
	}
	if c.Filename != "" {
		m, kind := s.instantiate(c.As, specFile(t, c.folder, "testdata", c.Filename))
		if c.Type == "module" {
			s.last, s.named[c.Name] = m, m
		}
		return outcome{Kind: kind}
	}
	m := s.last
	if c.Action.Module != "" {
		m = s.named[c.Action.Module]
	}
	if m == nil {
		t.Fatalf("line %d: there is no module %s", c.Line, c.Action.Module)
	}
	if c.Action.Type == "get" {
		g := m.ExportedGlobal(c.Action.Field)
		return outcome{Results: []uint64{comparable64(g.Type(), g.Get())}}
	}
	var args []uint64
	for _, v := range c.Action.Args {
		args = append(args, v.encode()...)
	}
	return s.call(m, c.Action.Field, args...)
}
