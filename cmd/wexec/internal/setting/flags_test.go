package setting_test

import (
	"io"
	"strings"
	"testing"

	"github.com/wexec/wexec/cmd/wexec/internal/run"
	"github.com/wexec/wexec/cmd/wexec/internal/setting"
	"github.com/wexec/wexec/cmd/wexec/internal/term"
)

// TestFlagsExist looks the flags of the table up in the command that has them.
func TestFlagsExist(t *testing.T) {
	known := run.Command(term.Streams{Out: io.Discard, Err: io.Discard}).Flags()
	for field, flag := range setting.Flags {
		if flag != "" && known.Lookup(strings.TrimPrefix(flag, "--")) == nil {
			t.Errorf("%s: run has no flag %s", field, flag)
		}
	}
}
