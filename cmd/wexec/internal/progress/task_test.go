package progress

import (
	"testing"

	"github.com/wexec/wexec/abi"
)

func TestDescribe(t *testing.T) {
	for _, c := range []struct {
		progress abi.Progress
		want     string
	}{
		{abi.Progress{}, "  "},
		{abi.Progress{Done: 3, Total: 10, Message: "files"}, "  files 3/10"},
		{abi.Progress{Done: 1e6, Total: 2e6}, "  1e+06/2e+06"},
		{abi.Progress{Done: 2.5, Message: "MB"}, "  MB 2.5"},
		{abi.Progress{Message: "\r\x1b[2Kwexec: done\n"}, `  \r\x1b[2Kwexec: done\n`},
		{abi.Progress{Message: "a message that is longer than forty characters"}, "  a message that is longer than forty cha…"},
	} {
		if got := describe(c.progress); got != c.want {
			t.Errorf("%+v: %q, want %q", c.progress, got, c.want)
		}
	}
}
