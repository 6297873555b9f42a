package policy_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/policy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

// load loads a policy from a file in a folder of its own.
func load(t *testing.T, text string) (*policy.Policy, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "policy.toml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := policy.Load(file)
	if err == nil {
		t.Cleanup(func() {
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	return p, err
}

// granted returns the names of the ops that a scope gets, without those of all rules.
func granted(t *testing.T, p *policy.Policy, scope capability.Scope) string {
	t.Helper()
	ops, err := p.For(scope)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for name := range ops {
		if !slices.Contains(p.Names(), name) {
			t.Errorf("%s is granted, and Names does not list it", name)
		}
		if name != abi.CapNow && name != abi.CapRandom {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func TestRules(t *testing.T) {
	p, err := load(t, `
[kv]
file = "state.db"

[[rule]]
module = "images"
tenant = "acme"
[rule.kv]
bytes = "10MiB"
keys = 1000
[rule.config]
format = "webp"

[[rule]]
digest = "`+strings.ToUpper(digest)+`"
[[rule.files]]
host = "."
guest = "/data"
read_only = true
bytes = 4096

[[rule]]
owner = "acme"
[rule.http]
allow = ["GET https://api.example.com/v1"]
timeout = "10s"
max_response = "1.5MiB"

[[rule]]
module = "images"
`)
	if err != nil {
		t.Fatal(err)
	}
	const (
		ofKV    = "kv.add kv.delete kv.get kv.put kv.scan"
		ofFiles = "files.list files.mkdir files.open files.read files.remove files.rename files.stat files.write"
	)
	for _, c := range []struct {
		scope capability.Scope
		want  string
	}{
		{capability.Scope{}, ""},
		{capability.Scope{Module: "images", Tenant: "acme"}, "config.get " + ofKV},
		{capability.Scope{Module: "images", Tenant: "acme", Digest: digest}, "config.get " + ofKV}, // the first rule counts
		{capability.Scope{Module: "other", Digest: digest}, ofFiles},
		{capability.Scope{Module: "other", Owner: "acme"}, "http.fetch http.open"},
		{capability.Scope{Module: "images", Owner: "acme", Tenant: "b"}, "http.fetch http.open"},
		{capability.Scope{Module: "images", Tenant: "b"}, ""},
		// Tenants choose the names of their modules.
		{capability.Scope{Module: "images", Owner: "b", Tenant: "acme"}, ""},
	} {
		if got := granted(t, p, c.scope); got != c.want {
			t.Errorf("%+v gets %q, want %q", c.scope, got, c.want)
		}
	}
	// A rule without sections grants the time, and no rule nothing.
	for module, want := range map[string]bool{"images": true, "other": false} {
		ops, err := p.For(capability.Scope{Module: module, Tenant: "b"})
		if _, ok := ops[abi.CapNow]; ok != want || err != nil {
			t.Errorf("%s gets the time: %v, %v", module, ok, err)
		}
	}
}

// TestLimits: each rule has its own limits in the one store.
func TestLimits(t *testing.T) {
	p, err := load(t, `
kv.file = "state.db"
[[rule]]
module = "small"
kv.value = 3
[[rule]]
module = "large"
kv.value = "1KiB"
`)
	if err != nil {
		t.Fatal(err)
	}
	put := func(module, value string) error {
		ops, err := p.For(capability.Scope{Module: module})
		if err != nil {
			t.Fatal(err)
		}
		arg := abi.KVPut{Key: []byte("k"), Value: []byte(value)}.Append(nil)
		_, err = ops[abi.CapKVPut](t.Context(), &capability.Use{Op: abi.CapKVPut, Arg: arg})
		return err
	}
	if err := put("large", "12345"); err != nil {
		t.Error(err)
	}
	if err := put("small", "12345"); err == nil || !strings.Contains(err.Error(), "at most 3") {
		t.Errorf("the small one: %v", err)
	}
}

func TestMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"[[rule]\n": "line 2: expected",
		"[[rule]]\ntenant = \"a\"\n[[rule]]\n[[rule]]\nmodule = \"x\"\ntenant = \"b\"\n": "rule 3 is never used: rule 2 comes first",
		"[[rule]]\nmodule = \"x\"\n[[rule]]\nmodule = \"x\"\nowner = \"\"\n":             "rule 2 is never used: rule 1",
		"[[rules]]\nmodule = \"x\"\n":                           "there is no field rules",
		"[[rule]]\nmodul = \"x\"\n":                             "there is no field rule.modul",
		"[[rule]]\nmodule = 5\n":                                "line 2",
		"[[rule]]\ndigest = \"abc\"\n":                          "rule 1: digest \"abc\": want a SHA-256",
		"[[rule]]\nkv.keys = 5\n":                               "rule 1: it has a section kv",
		"[[rule]]\nconfig.a = 5\n":                              "line 2: rule.config.a is a whole number: want text in quotes",
		"[[rule]]\nhttp.allow = \"x\"\n":                        "line 2: rule.http.allow is text in quotes: want a list",
		"[rule]\nmodule = \"x\"\n":                              "line 1: rule is a table: want a list",
		"[[rule]]\nkv.keys = true\n":                            "rule.kv.keys is true or false: want a whole number",
		"[[rule]]\nhttp.rate = 2.5\n":                           "rule.http.rate is a number: want a whole number",
		"[[rule]]\nhttp.rate = -1\n":                            "http.Client.Rate is below zero",
		"kv.file = \"\"\n":                                      "kv.file: want the name",
		"kv.file = \"none/state.db\"\n":                         "no such file",
		"[[rule]]\n[[rule.files]]\nhost = \"none\"\n":           "rule 1: files: mount",
		"[[rule]]\nhttp.allow = [\"http:/\"]\n":                 "rule 1: http",
		"[[rule]]\nhttp.secrets = [\"key\"]\n":                  "there is no secret \"key\"",
		"[[rule]]\nhttp.timeout = \"soon\"\n":                   "want a time",
		"[[rule]]\nhttp.max_response = \"5 bananas\"\n":         "want a number of bytes",
		"[[rule]]\nhttp.max_response = true\n":                  "want a number of bytes",
		"secrets.a.for = [\"https://x.example\"]\n":             "secrets.a: want one of env",
		"secrets.a = {env = \"WEXEC_TEST_NO_SUCH_VARIABLE\"}\n": "no variable WEXEC_TEST_NO_SUCH_VARIABLE",
	} {
		_, err := load(t, text)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "policy.toml") {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}
