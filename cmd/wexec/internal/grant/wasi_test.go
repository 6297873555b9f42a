package grant

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/wexec/wexec/host"
)

func TestParseMount(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.MkdirAll(filepath.Join("a", "b"), 0o700); err != nil {
		t.Fatal(err)
	}
	for s, want := range map[string]host.Mount{
		".":                         {Host: ".", Guest: "/"},
		"./":                        {Host: "./", Guest: "/"},
		".:ro":                      {Host: ".", Guest: "/", ReadOnly: true},
		"a/b":                       {Host: "a/b", Guest: "/a/b"},
		"./a/../a":                  {Host: "./a/../a", Guest: "/a"},
		"a:ro":                      {Host: "a", Guest: "/a", ReadOnly: true},
		dir:                         {Host: dir, Guest: filepath.ToSlash(dir)},
		"/":                         {Host: "/", Guest: "/"},
		"..::/up":                   {Host: "..", Guest: "/up"},
		".::.":                      {Host: ".", Guest: "."},
		"a::/data:ro":               {Host: "a", Guest: "/data", ReadOnly: true},
		"a:max=10":                  {Host: "a", Guest: "/a", Quota: host.Quota{Bytes: 10}},
		"a:ro:max=1KiB":             {Host: "a", Guest: "/a", ReadOnly: true, Quota: host.Quota{Bytes: 1024}},
		"a::/b:max=1M:ro":           {Host: "a", Guest: "/b", ReadOnly: true, Quota: host.Quota{Bytes: 1 << 20}},
		"a::/b:max=0":               {Host: "a", Guest: "/b", Quota: host.Quota{Bytes: host.NoLimit, Files: host.NoLimit}},
		"a:max=":                    {},
		"a:max":                     {},
		"a:max=1:max=2":             {},
		"a::/b:max=-1":              {},
		"a:max=9223372036854775808": {},
		"..":                        {},
		"a/../..":                   {},
		"":                          {},
		":ro":                       {},
		"c":                         {},
		"a:/data":                   {},
		"a:rw":                      {},
		"::/data":                   {},
		"a::":                       {},
		"a::/data:rw":               {},
		"a::/data:ro:ro":            {},
		"a::/data::/more":           {},
		"c::/data":                  {},
	} {
		got, err := parseMount(s)
		if got != want || (err != nil) != (want == host.Mount{}) {
			t.Errorf("%s: %+v, %v, want %+v", s, got, err, want)
		}
	}
}

func TestParseVariable(t *testing.T) {
	t.Setenv("SET", "a=b")
	t.Setenv("EMPTY", "")
	for s, want := range map[string]string{
		"K=V": "K=V", "K=": "K=", "K=a=b": "K=a=b", "SET": "SET=a=b", "EMPTY": "EMPTY=", "SET=x": "SET=x",
		"": "", "=V": "", "ABSENT_FROM_HERE": "",
	} {
		got, err := parseVariable(s)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%s: %s, %v, want %s", s, got, err, want)
		}
	}
}
