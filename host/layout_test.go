package host_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const project = "github.com/wexec/wexec/"

// rooms lists for each package those of the project that it may import, beside
// what those may import. Imports go one way: abi ← executors ← host ← cmd, and
// abi ← sdk/go ← guests/go. A new package gets a line here.
var rooms = map[string][]string{
	"abi":                     {},
	"executors":               {},
	"executors/executorstest": {"executors"},

	"host": {
		"host/capability", "host/internal/kind/wexec", "host/internal/kind/command", "host/internal/kind/bare",
		"host/internal/kind/script/javascript", "host/internal/kind/script/python",
		"host/internal/env", "host/internal/schema", "host/internal/suggest", "host/internal/grants",
	},
	"host/cache":             {},
	"host/capability":        {"abi"},
	"host/capability/config": {"host/capability"},
	"host/policy": {
		"host/capability/config", "host/capability/files", "host/capability/http", "host/capability/kv",
		"host/capability/system",
	},
	"host/capability/system": {"host/capability"},
	"host/capability/http":   {"abi", "host/capability"},
	"host/capability/kv":     {"abi", "host/capability"},
	"host/capability/files": {
		"abi", "host/capability", "host/internal/rootfs", "host/internal/wasi/descriptors",
	},
	"host/hosttest": {
		"host", "host/capability/files", "host/capability/http", "host/capability/kv",
		"host/internal/kind/script/javascript", "host/internal/kind/script/python",
	},
	"host/internal/engine": {
		"host/cache", "host/internal/fault", "host/internal/instrument", "host/internal/linear",
	},
	"host/internal/env":    {"host/internal/guest"},
	"host/internal/events": {"abi"},
	"host/internal/fault":  {"abi", "executors"},
	"host/internal/gate":   {"executors"},
	"host/internal/grants": {"host/capability", "host/internal/fault", "host/internal/gate"},
	"host/internal/guest": {
		"host/internal/engine", "host/internal/events", "host/internal/handle", "host/internal/wasi",
	},
	"host/internal/handle":                 {},
	"host/internal/instrument":             {"host/internal/wasm"},
	"host/internal/kind":                   {"host/internal/guest"},
	"host/internal/kind/bare":              {"host/internal/kind"},
	"host/internal/kind/command":           {"host/internal/kind"},
	"host/internal/kind/calls":             {"host/internal/guest"},
	"host/internal/kind/script":            {"host/internal/kind", "host/internal/kind/calls", "host/internal/sourcemap"},
	"host/internal/kind/script/javascript": {"host/internal/kind/script"},
	"host/internal/kind/script/python":     {"host/internal/kind/script"},
	"host/internal/kind/wexec":             {"host/internal/kind", "host/internal/kind/calls"},
	"host/internal/sourcemap":              {},
	"host/internal/linear":                 {},
	"host/internal/rootfs":                 {},
	"host/internal/schema":                 {},
	"host/internal/suggest":                {},
	"host/internal/wasi": {
		"host/internal/rootfs", "host/internal/wasi/descriptors", "host/internal/wasi/stdio",
	},
	"host/internal/wasi/descriptors": {},
	"host/internal/wasi/stdio":       {},
	"host/internal/wasm":             {},

	"host/build": {
		"host", "host/build/engines", "host/build/internal/types", "host/build/toolchain", "host/cache",
	},
	"host/build/engines":        {"host/build/toolchain"},
	"host/build/internal/types": {"abi"},
	"host/build/toolchain":      {},

	"cmd/wexec":                   {"cmd/wexec/internal/root"},
	"cmd/wexec/internal/bench":    {"cmd/wexec/internal/progress", "cmd/wexec/internal/task"},
	"cmd/wexec/internal/build":    {"cmd/wexec/internal/module", "cmd/wexec/internal/quantity"},
	"cmd/wexec/internal/dev":      {"cmd/wexec/internal/module"},
	"cmd/wexec/internal/doctor":   {"cmd/wexec/internal/exit", "cmd/wexec/internal/term", "host/build"},
	"cmd/wexec/internal/engine":   {"cmd/wexec/internal/quantity", "cmd/wexec/internal/term", "cmd/wexec/internal/exit", "host/build"},
	"cmd/wexec/internal/scaffold": {"cmd/wexec/internal/exit", "cmd/wexec/internal/term", "host/build", "sdk/js"},
	"cmd/wexec/internal/cache":    {"cmd/wexec/internal/exit", "cmd/wexec/internal/quantity", "cmd/wexec/internal/term"},
	"cmd/wexec/internal/demo": {
		"cmd/wexec/internal/module", "cmd/wexec/internal/progress", "cmd/wexec/internal/timeline", "guests",
		"host/capability/http",
	},
	"cmd/wexec/internal/exit":    {"host"},
	"cmd/wexec/internal/inspect": {"cmd/wexec/internal/grant", "cmd/wexec/internal/module", "cmd/wexec/internal/quantity"},
	"cmd/wexec/internal/module": {
		"cmd/wexec/internal/quantity", "cmd/wexec/internal/stdin", "cmd/wexec/internal/trust", "host/build",
	},
	"cmd/wexec/internal/progress": {"cmd/wexec/internal/term"},
	"cmd/wexec/internal/quantity": {},
	"cmd/wexec/internal/root": {
		"cmd/wexec/internal/bench", "cmd/wexec/internal/cache", "cmd/wexec/internal/demo", "cmd/wexec/internal/inspect",
		"cmd/wexec/internal/build", "cmd/wexec/internal/dev", "cmd/wexec/internal/doctor", "cmd/wexec/internal/engine",
		"cmd/wexec/internal/run", "cmd/wexec/internal/scaffold", "cmd/wexec/internal/version",
	},
	"cmd/wexec/internal/run": {
		"cmd/wexec/internal/progress", "cmd/wexec/internal/task", "cmd/wexec/internal/timeline",
	},
	"cmd/wexec/internal/stdin": {"abi", "cmd/wexec/internal/exit", "cmd/wexec/internal/term"},
	"cmd/wexec/internal/task": {
		"cmd/wexec/internal/grant", "cmd/wexec/internal/module", "cmd/wexec/internal/quantity",
	},
	"cmd/wexec/internal/grant":    {"cmd/wexec/internal/exit", "cmd/wexec/internal/quantity", "host/policy"},
	"cmd/wexec/internal/setting":  {},
	"cmd/wexec/internal/screen":   {},
	"cmd/wexec/internal/term":     {"abi", "cmd/wexec/internal/screen", "cmd/wexec/internal/setting"},
	"cmd/wexec/internal/timeline": {"host", "cmd/wexec/internal/setting"},
	"cmd/wexec/internal/trust":    {"cmd/wexec/internal/exit"},
	"cmd/wexec/internal/version":  {"cmd/wexec/internal/exit", "cmd/wexec/internal/term"},

	"guests":                  {},
	"guests/go/conformance":   {"sdk/go/files", "sdk/go/kv"},
	"guests/go/demo":          {"sdk/go"},
	"sdk/c":                   {},
	"sdk/cpp":                 {},
	"sdk/go":                  {"abi"},
	"sdk/go/example":          {"sdk/go"},
	"sdk/go/files":            {"sdk/go", "sdk/go/internal/entries"},
	"sdk/go/internal/entries": {},
	"sdk/go/kv":               {"sdk/go", "sdk/go/internal/entries"},
	"sdk/go/wexechttp":        {"sdk/go"},
	"sdk/go/wexecslog":        {"sdk/go"},
	"sdk/js":                  {},
	"sdk/rust":                {},
}

// libraries lists the packages that may import a library, and its packages.
var libraries = map[string][]string{
	"github.com/tetratelabs/wazero": {"host/internal/engine"},
	"github.com/santhosh-tekuri":    {"host/internal/schema"},
	"golang.org/x/text":             {"host/internal/schema"},
	"golang.org/x/time":             {"host/internal/guest", "host/capability/http"},
	"golang.org/x/sync":             {"host", "executors"},
	"golang.org/x/sys": {
		"host/cache", "host/internal/engine", "host/internal/linear", "host/internal/rootfs", "host/internal/wasi/stdio",
		"host/internal/wasi/descriptors",
	},
	"github.com/BurntSushi/toml":     {"host/policy"},
	"golang.org/x/term":              {"cmd/wexec/internal/term", "host/internal/wasi/stdio"},
	"github.com/charmbracelet":       {"cmd/wexec/internal/term"},
	"github.com/schollz/progressbar": {"cmd/wexec/internal/progress"},
	"github.com/HdrHistogram":        {"cmd/wexec/internal/bench"},
	"go.etcd.io/bbolt":               {"host/capability/kv"},
	"net/http": {
		"host/capability/http", "host/hosttest", "cmd/wexec/internal/demo", "sdk/go/wexechttp",
	},
	"github.com/spf13/cobra":          {"cmd/wexec/internal/"},
	"github.com/evanw/esbuild":        {"host/build"},
	"github.com/fsnotify/fsnotify":    {"cmd/wexec/internal/dev"},
	"testing":                         {"executors/executorstest", "host/hosttest"},
	"github.com/google/go-cmp":        {},
	"github.com/rogpeppe/go-internal": {},
	"pgregory.net/rapid":              {},
	"go.uber.org/goleak":              {},
}

// unreachable are what package host must not reach, even through others.
var unreachable = []string{
	"net/http", "github.com/prometheus/", "go.opentelemetry.io/", "github.com/nats-io/", "oras.land/",
	"github.com/evanw/esbuild", "go.etcd.io/", "github.com/spf13/", project + "host/capability/",
}

// listed is what the go command tells of a package.
type listed struct {
	ImportPath    string
	Imports, Deps []string
}

func list(t *testing.T, patterns ...string) (packages []listed) {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Imports,Deps"}, patterns...)...)
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

// TestRooms holds every package against the tables.
func TestRooms(t *testing.T) {
	for _, p := range list(t, "./...") {
		name := strings.TrimPrefix(p.ImportPath, project)
		if strings.Contains(name, "testdata/") || strings.HasPrefix(name, "guests/go/") && rooms[name] == nil {
			continue
		}
		if _, ok := rooms[name]; !ok {
			t.Errorf("%s has no line in the table of rooms", name)
			continue
		}
		allowed := reach(name)
		for _, imported := range p.Imports {
			if ours, ok := strings.CutPrefix(imported, project); ok && !allowed[ours] {
				t.Errorf("%s imports %s", name, ours)
			}
			for library, users := range libraries {
				within := imported == library || strings.HasPrefix(imported, library+"/")
				if within && !slices.ContainsFunc(users, func(user string) bool {
					return name == user || strings.HasSuffix(user, "/") && strings.HasPrefix(name, user)
				}) {
					t.Errorf("%s imports %s", name, imported)
				}
			}
		}
	}
}

// reach returns the packages that one may import.
func reach(name string) map[string]bool {
	all := map[string]bool{}
	var add func(string)
	add = func(name string) {
		for _, next := range rooms[name] {
			if !all[next] {
				all[next] = true
				add(next)
			}
		}
	}
	add(name)
	return all
}

// TestRoomsGoOneWay: no package can reach itself.
func TestRoomsGoOneWay(t *testing.T) {
	for name := range rooms {
		if reach(name)[name] {
			t.Errorf("%s leads back to itself", name)
		}
	}
}

// TestHostIsLight: an embedder gets no heavy library that it does not ask for.
func TestHostIsLight(t *testing.T) {
	for _, dep := range list(t, "./host")[0].Deps {
		for _, prefix := range unreachable {
			if strings.HasPrefix(dep, prefix) {
				t.Errorf("host reaches %s", dep)
			}
		}
	}
}
