package build

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestCollectJavaScript(t *testing.T) {
	dir := write(t, map[string]string{
		"task.ts": `import { task } from "wexec";
import type { Point } from "./lib/point";
import { double } from "./lib/double.js";
import half from "half";
import table from "./table.json";
/** Doubles. */
export const f = task({ mode: "cpu" }, (n: number): number => double(n) + half(n) + table[0]);
`,
		"lib/point.ts":                   `export interface Point { x: number }`,
		"lib/double.ts":                  `export const double = (n: number) => 2 * n;`,
		"table.json":                     `[1]`,
		"node_modules/half/package.json": `{"name": "half", "exports": {"worker": "./worker.js", "default": "./node.js"}}`,
		"node_modules/half/worker.js":    `module.exports = (n) => n / 2;`,
	})
	s, err := collect(t, filepath.Join(dir, "task.ts"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.files.paths(); s.main != "task.js" || !slices.Equal(got, []string{"task.js", "task.js.map"}) {
		t.Errorf("main %s, files %v", s.main, got)
	}
	bundle := string(s.files.content["task.js"])
	for _, want := range []string{`import { task } from "wexec"`, "2 * n", "n / 2", "export {\n  f\n}"} {
		if !strings.Contains(bundle, want) {
			t.Errorf("the bundle lacks %q:\n%s", want, bundle)
		}
	}
	if strings.Contains(bundle, dir) {
		t.Errorf("the bundle names a folder of this machine:\n%s", bundle)
	}
	var sourceMap struct{ Sources []string }
	if err := json.Unmarshal(s.files.content["task.js.map"], &sourceMap); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(sourceMap.Sources, "lib/double.ts") || !slices.Contains(sourceMap.Sources, "task.ts") {
		t.Errorf("the map has the sources %v", sourceMap.Sources)
	}
	for _, file := range []string{"task.ts", "lib/double.ts", "table.json", "node_modules/half/worker.js"} {
		if !slices.Contains(s.inputs, filepath.Join(dir, filepath.FromSlash(file))) {
			t.Errorf("%s is not among the inputs %v", file, s.inputs)
		}
	}
	if told := s.told["f"]; told.Doc != "Doubles." || string(told.Input) != `{"type":"number"}` {
		t.Errorf("the types tell %+v", told)
	}
}

// TestBundleIsTheSame: the folder that a source is in changes nothing, nor does the time.
func TestBundleIsTheSame(t *testing.T) {
	sources := map[string]string{
		"task.js": "import { a } from './a.js'; export const f = () => a;",
		"a.js":    "export const a = new Error('a');",
	}
	sum := func() string {
		s, err := collect(t, filepath.Join(write(t, sources), "task.js"), Options{})
		if err != nil {
			t.Fatal(err)
		}
		archive, err := s.files.zip()
		if err != nil {
			t.Fatal(err)
		}
		return string(s.files.sum()) + string(archive)
	}
	if first := sum(); first != sum() {
		t.Error("the same sources gave two modules")
	}
}

func TestJavaScriptErrors(t *testing.T) {
	for name, c := range map[string]struct{ source, want string }{
		"syntax": {"let a = 1;\n\tlet b = (;\n", "task.ts:2:11: Unexpected \";\"\n    \tlet b = (;\n    \t         ^"},
		"file":   {`import "./nowhere"`, `task.ts:1:8: Could not resolve "./nowhere"`},
		"other":  {`import { c } from "./c"; c()`, "c.ts:1:8: Unexpected \"c\""},
		"node":   {`import "node:fs"`, "Node's own modules are not in the sandbox"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, map[string]string{"task.ts": c.source, "c.ts": "export c is wrong"})
			t.Chdir(dir)
			s, err := collect(t, "task.ts", Options{})
			if err == nil {
				t.Fatalf("no error, but %s", s.files.content["task.js"])
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v, want %s", err, c.want)
			}
			if _, ok := err.(*SourceError); !ok {
				t.Errorf("the error is a %T", err)
			}
		})
	}
}
