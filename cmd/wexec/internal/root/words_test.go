package root

import (
	"io"
	"os"
	"strings"
	"testing"

	"github.com/wexec/wexec/cmd/wexec/internal/term"
)

func TestSpelled(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"file", "demo", "help", "-file"} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir("folder", 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := newCommand(term.Streams{Out: io.Discard, Err: io.Discard})
	for line, want := range map[string]string{
		"": "",

		// A module is run. It may be missing.
		"m.wasm":                   "run m.wasm",
		"m.wasm --help":            "run m.wasm --help",
		"file -i x":                "run file -i x",
		"./file":                   "run ./file",
		"-":                        "run -",
		"--json m.wasm":            "run --json m.wasm",
		"--dir=. m.wasm":           "run --dir=. m.wasm",
		"-i 5 m.wasm":              "run -i 5 m.wasm",
		"__complete m.wasm p":      "__complete run m.wasm p",
		"__completeNoDesc m.wasm ": "__completeNoDesc run m.wasm ",

		// All else is a command, a flag or a mistake.
		"demo":              "demo",
		"help":              "help",
		"completion bash":   "completion bash",
		"folder":            "folder",
		"missing":           "missing",
		"-file":             "-file",
		"--help":            "--help",
		"-h":                "-h",
		"--version":         "--version",
		"-v":                "-v",
		"--loud m.wasm":     "--loud m.wasm",
		"inspect m.wasm":    "inspect m.wasm",
		"__complete m.wasm": "__complete m.wasm",

		// A negative number is an argument, unless it is the value of a flag.
		"run m.wasm add -5 -.5 -1e9":     "run m.wasm add \u00b75 \u00b7.5 \u00b71e9",
		"m.wasm -5 --json -3":            "run m.wasm \u00b75 --json \u00b73",
		"run m.wasm add -i -5 -6":        "run m.wasm add -i -5 \u00b76",
		"run m.wasm --fuel -5":           "run m.wasm --fuel -5",
		"run m.wasm --fuel=5 -6":         "run m.wasm --fuel=5 \u00b76",
		"run m.wasm -inf -NaN -x -5s -":  "run m.wasm -inf -NaN -x -5s -",
		"run m.wasm -- -5":               "run m.wasm -- -5",
		"bench m.wasm add -n -5 -c 5 -6": "bench m.wasm add -n -5 -c 5 \u00b76",
		"cache prune --unused -1h -5":    "cache prune --unused -1h \u00b75",
	} {
		var args []string
		if line != "" {
			args = strings.Split(line, " ")
		}
		given := strings.Join(args, " ")
		got := spelled(cmd, args)
		for i, arg := range got {
			got[i] = strings.Replace(arg, " -", "\u00b7", 1)
		}
		if got := strings.Join(got, " "); got != want {
			t.Errorf("%s\n got %s\nwant %s", line, got, want)
		}
		if strings.Join(args, " ") != given {
			t.Errorf("%s: it has changed", line)
		}
	}
}
