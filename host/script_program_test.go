package host_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/wexec/wexec/host"
)

// TestScriptPrograms runs scripts as programs.
func TestScriptPrograms(t *testing.T) {
	for name, c := range map[string]struct {
		text, stdin string
		args        []string
		want        string // what it prints
		result      string // the output, or what is in the error
	}{
		"top level": {text: `console.log("hello", { n: 1 }); console.error("not here");`, want: "hello {n: 1}\n"},
		"await":     {text: `import { sleep } from "wexec"; await sleep(1); console.log("slept");`, want: "slept\n"},
		"default": {
			text: `console.log("first"); export default async function () { console.log("second"); return 5; }`,
			want: "first\nsecond\n", result: "5",
		},
		"timers": {text: `setTimeout(() => console.log("late"), 5); console.log("early");`, want: "early\nlate\n"},
		"tasks": {
			text: `import { task } from "wexec";
				console.log("top level");
				export const square = task({ mode: "cpu" }, (n) => n * n);
				export default async () => console.log(await Promise.all([1, 2, 3].map((n) => square(n))));`,
			want: "top level\n[1, 4, 9]\n",
		},
		"input": {
			text:  `import { program } from "wexec"; console.log(program.args, program.env.HOME, program.stdin.text());`,
			args:  []string{"a", "b"},
			stdin: "given",
			want:  "[\"a\", \"b\"] /home given\n",
		},
		"write": {text: `import { program } from "wexec"; program.stdout.write("no newline");`, want: "no newline"},
		"long":  {text: `console.log("x".repeat(200_000));`, want: strings.Repeat("x", 200_000) + "\n"},
		"exit": {
			text: `import { program } from "wexec"; console.log("x"); program.exit(3);`,
			want: "x\n", result: "exited with code 3",
		},
		"exit 0": {text: `import { program } from "wexec"; console.log("x"); program.exit(0);`, want: "x\n"},
		"throws": {
			text: `console.log("x"); throw new Error("no");`,
			want: "x\n", result: "Error: no\n    at <anonymous> (task.js:1:",
		},
		"rejects": {
			text:   `import { sleep } from "wexec"; await sleep(1); null.x;`,
			result: "TypeError: cannot read property 'x' of null",
		},
		"nobody awaits": {
			text:   `import { sleep } from "wexec"; async function main() { await sleep(1); null.x; } main();`,
			result: "TypeError: cannot read property 'x' of null\n    at main (task.js:1:",
		},
		"nobody awaits, and it ends": {
			text:   `async function main() { null.x; } main(); console.log("x");`,
			want:   "x\n",
			result: "TypeError: cannot read property 'x' of null",
		},
		"caught late": {
			text: `const failed = Promise.reject(new Error("no")); await null;
				await failed.catch((e) => console.log(e.message)); Promise.reject(1).catch(() => {});`,
			want: "no\n",
		},
		"a timer throws":     {text: `setTimeout(() => null.x, 1);`, result: "TypeError: cannot read property 'x' of null"},
		"a microtask throws": {text: `queueMicrotask(() => null.x);`, result: "TypeError: cannot read property 'x' of null"},
		"never":              {text: `await new Promise(() => {});`, result: "waits for a promise that nothing can settle"},
		"loops":              {text: `for (;;);`, result: "timed out"},
	} {
		t.Run(name, func(t *testing.T) {
			m := javascript(t, host.Config{Limits: host.Limits{RunTimeout: 2 * time.Second}}, c.text)
			var stdout bytes.Buffer
			m = m.With(host.Options{WASI: &host.WASI{
				Args: c.args, Env: []string{"HOME=/home"}, Stdin: strings.NewReader(c.stdin), Stdout: &stdout,
			}})
			result := callText(t, m, "main", "")
			if stdout.String() != c.want || !strings.Contains(result, c.result) || c.result == "" && result != "" {
				t.Errorf("printed %.100q and gave %.300s, want %.100q and %s", stdout.String(), result, c.want, c.result)
			}
		})
	}
}
