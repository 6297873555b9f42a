package js

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// prelude is the module "wexec" of the host.
const prelude = "../../host/internal/kind/script/javascript/prelude/wexec.js"

// TestNames: the module has the same names in the host, under Node, and in the types.
func TestNames(t *testing.T) {
	want := exported(t, prelude)
	for _, file := range []string{"index.js", "index.d.ts"} {
		if got := exported(t, file); !slices.Equal(got, want) {
			t.Errorf("%s exports %v,\nthe host's module %v", file, got, want)
		}
	}
}

var (
	export = regexp.MustCompile(`(?m)^export (?:async )?(?:const|function|class) (\w+)`)
	list   = regexp.MustCompile(`(?s)export \{([^}]*)\}`)
)

// exported returns the names of the values that a module exports.
func exported(t *testing.T, file string) (names []string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range export.FindAllStringSubmatch(string(text), -1) {
		names = append(names, m[1])
	}
	for _, m := range list.FindAllStringSubmatch(string(text), -1) {
		for name := range strings.SplitSeq(strings.Trim(m[1], " \n\t,"), ",") {
			words := strings.Fields(name) // a as b
			names = append(names, words[len(words)-1])
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// TestNode runs the tests of the fake host under Node.
func TestNode(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("SKIPPED: no node")
	}
	out, err := exec.Command(node, "--test", "test/").CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
