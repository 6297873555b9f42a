package instrument_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"

	"github.com/wexec/wexec/host/internal/instrument"
)

// Fuel tells the truth: it is at least what an exact count of all that runs
// says, and at most mostFuel times as much.
const mostFuel = 2.0

// compareFuel fails the test if fuel is less than an exact count, or too much.
func compareFuel(t *testing.T, counted, exact int64) {
	t.Helper()
	ratio := float64(counted) / float64(exact)
	t.Logf("%.4g units, %.4g by an exact count: %.2f", float64(counted), float64(exact), ratio)
	if counted+freeCost < exact || ratio > mostFuel {
		t.Errorf("%d units, %d by an exact count: %.2f times as much", counted, exact, ratio)
	}
}

// counts are the options that compareFuel compares.
var counts = []instrument.Options{{State: true}, {State: true, Exact: true}}

// TestKernelFuel compares the fuel of kernels.
func TestKernelFuel(t *testing.T) {
	for _, g := range kernelGuests {
		var fuel [2]map[string]int64
		for i, o := range counts {
			fuel[i] = kernelFuel(t, g.wasm(t), g.language, o)
		}
		for name, counted := range fuel[0] {
			t.Run(g.language+"/"+name, func(t *testing.T) { compareFuel(t, counted, fuel[1][name]) })
		}
	}
}

func kernelFuel(t *testing.T, wasm []byte, language string, o instrument.Options) map[string]int64 {
	w := newWorld(t, api.CoreFeaturesV2, rewritten(o), 1_000_000)
	wasi_snapshot_preview1.MustInstantiate(context.Background(), w.runtime)
	m, kind := w.instantiate("kernels", wasm)
	if kind != "" {
		t.Fatal(kind)
	}
	w.call(m, "_initialize")
	fuel := map[string]int64{}
	for _, k := range kernels {
		if k.work[language] == 0 {
			continue
		}
		before := w.consumed()
		if o := w.call(m, k.name, api.EncodeI32(k.n)); o.Kind != "" {
			t.Fatalf("%s: %s", k.name, o.Kind)
		}
		fuel[k.name] = w.consumed() - before
	}
	return fuel
}

// programs are real programs and what they do: see .ci/programs.
var programs = []struct {
	name, stdin string
	args        []string
}{
	{"goawk", "", []string{"BEGIN { for (i = 0; i < 300000; i++) { n += i % 7; s[i % 100] = n } print n }"}},
	{"goawk", "", []string{
		`{ gsub(/[^A-Za-z]+/, " "); for (i = 1; i <= NF; i++) n[$i]++ } END { print n["func"] }`, "/in/http.go",
	}},
	{"gojq", "std.json", []string{"-s", "map(.Imports // [] | .[]) | group_by(.) | map({(.[0]): length}) | add"}},
	{"gofumpt", "", []string{"/in/http.go"}},
	{"esbuild", "", []string{"--bundle", "--minify", "/in/package/src/Three.js", "--outfile=/dev/null"}},
	{"python", "", []string{"-c", `
import json, re, hashlib
words = re.findall(r"[a-z]+", open("/in/http.go").read(), re.I)
print(len(words), hashlib.sha256(" ".join(sorted(words)).encode()).hexdigest())
print(sum(i * i % 7 for i in range(200000)), len(json.dumps({w: words.count(w) for w in set(words[:500])})))`}},
	{"quickjs", "", []string{`
let n = 0, s = {}; for (let i = 0; i < 300000; i++) { n += i % 7; s["k" + i % 100] = n }
n + JSON.stringify(s).length + [...Array(20000).keys()].sort((a, b) => b % 97 - a % 97).join().length`}},
	{"minigzip", "http.go", []string{"-6"}},
	{"minigzip", "three-0.170.0.tgz", []string{"-d"}},
}

// TestProgramFuel compares the fuel of real programs. WEXEC_PROGRAMS is a folder
// with these in bin, and what they work on in in.
func TestProgramFuel(t *testing.T) {
	folder := os.Getenv("WEXEC_PROGRAMS")
	if folder == "" {
		t.Skip("WEXEC_PROGRAMS is not set: see .ci/programs")
	}
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			var fuel [2]int64
			for i, o := range counts {
				wasm, err := os.ReadFile(filepath.Join(folder, "bin", p.name+".wasm"))
				if err != nil {
					t.Skip(err)
				}
				w := newWorld(t, api.CoreFeaturesV2, rewritten(o), 1_000_000)
				wasi_snapshot_preview1.MustInstantiate(context.Background(), w.runtime)
				config := wazero.NewModuleConfig().WithArgs(append([]string{p.name}, p.args...)...).
					WithFSConfig(wazero.NewFSConfig().WithReadOnlyDirMount(folder, "/")).WithEnv("PWD", "/").
					WithStdout(io.Discard).WithStderr(os.Stderr)
				if p.stdin != "" {
					f, err := os.Open(filepath.Join(folder, "in", p.stdin))
					if err != nil {
						t.Fatal(err)
					}
					defer f.Close()
					config = config.WithStdin(f)
				}
				fuel[i] = w.runProgram(wasm, config, p.args[0])
			}
			compareFuel(t, fuel[0], fuel[1])
		})
	}
}

// runProgram runs a program to its end, and returns the fuel that took. QuickJS is a
// library, which evaluates the script.
func (w *world) runProgram(wasm []byte, config wazero.ModuleConfig, script string) int64 {
	ctx := context.Background()
	r, err := w.rewrite(wasm)
	if err != nil {
		w.t.Fatal(err)
	}
	c, err := w.runtime.CompileModule(ctx, r.Wasm)
	if err != nil {
		w.t.Fatal(err)
	}
	env := w.runtime.NewHostModuleBuilder("env")
	for _, f := range c.ImportedFunctions() {
		if module, name, _ := f.Import(); module == "env" {
			nothing := api.GoModuleFunc(func(_ context.Context, _ api.Module, stack []uint64) { clear(stack) })
			env.NewFunctionBuilder().WithGoModuleFunction(nothing, f.ParamTypes(), f.ResultTypes()).Export(name)
		}
	}
	if _, err := env.Instantiate(ctx); err != nil {
		w.t.Fatal(err)
	}
	m, err := w.runtime.InstantiateModule(ctx, c, config.WithStartFunctions().WithSysNanotime().WithSysWalltime())
	if err != nil {
		w.t.Fatal(err)
	}
	w.modules = append(w.modules, m)
	if err := begin(m, r); err != nil {
		w.t.Fatal(err)
	}
	if eval := m.ExportedFunction("qjs_eval"); eval != nil {
		w.evaluate(m, eval, script)
		return w.consumed()
	}
	var exit *sys.ExitError
	if _, err := m.ExportedFunction("_start").Call(ctx); err != nil && !errors.As(err, &exit) {
		w.t.Fatal(err)
	}
	return w.consumed()
}

// evaluate runs a script in QuickJS.
func (w *world) evaluate(m api.Module, eval api.Function, script string) {
	call := func(f api.Function, args ...uint64) uint64 {
		results, err := f.Call(context.Background(), args...)
		if err != nil {
			w.t.Fatal(err)
		}
		return append(results, 0)[0]
	}
	call(m.ExportedFunction("_initialize"))
	call(m.ExportedFunction("qjs_init"))
	text := append([]byte(script), 0)
	at := call(m.ExportedFunction("wasm_malloc"), uint64(len(text)))
	m.Memory().Write(uint32(at), text)
	call(eval, at, uint64(len(script)), at, 0)
}
