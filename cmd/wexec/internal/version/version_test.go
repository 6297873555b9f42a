package version

import (
	"bytes"
	"regexp"
	"runtime/debug"
	"testing"

	"github.com/wexec/wexec/cmd/wexec/internal/term"
)

func TestVersion(t *testing.T) {
	for want, info := range map[string]debug.BuildInfo{
		"(devel)": {},
		"v1.2.3":  {Main: debug.Module{Version: "v1.2.3"}},
		"v1.2.3 (0123456789ab, modified)": {
			Main: debug.Module{Version: "v1.2.3"},
			Settings: []debug.BuildSetting{
				{Key: "vcs.revision", Value: "0123456789abcdef"},
				{Key: "vcs.modified", Value: "true"},
			},
		},
	} {
		if got := ofWexec(&info); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestCommand(t *testing.T) {
	var out bytes.Buffer
	cmd := Command(term.Streams{Out: &out})
	cmd.SetArgs([]string{})
	if err := cmd.Execute(); err != nil {
		t.Fatal(err)
	}
	if want := regexp.MustCompile(`^wexec \S.*\ngo\S+ \w+/\w+\nwazero \S+\n$`); !want.Match(out.Bytes()) {
		t.Errorf("got %s, want %v", &out, want)
	}
}
