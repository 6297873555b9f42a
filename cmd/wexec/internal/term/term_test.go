package term

import (
	"bytes"
	"testing"
)

func TestVisible(t *testing.T) {
	for text, want := range map[string]string{
		"plain, größer, 漢字\n\tindented": "plain, größer, 漢字\n\tindented",
		"\x1b]0;title\x07\r":            `\x1b]0;title\a\r`,
		"\u202ereversed\u009b":          `\u202ereversed\u009b`,
		"it's \x00":                     `it's \x00`,
	} {
		if got := Visible(text); got != want {
			t.Errorf("Visible(%q) = %q, want %q", text, got, want)
		}
	}
	if got, want := OneLine("a\nb\x1b"), `a\nb\x1b`; got != want {
		t.Errorf("OneLine gave %q, want %q", got, want)
	}
}

func TestLogger(t *testing.T) {
	var b bytes.Buffer
	log := NewLogger(&b)
	log.Warn("no compile cache", "error", "full disk")
	guest := log.With("module", "images").WithGroup("ignored")
	guest.Info("two\nlines\x1b")
	guest.Warn("lines were dropped (Config.Limits.LogRate)", "lines", 3)
	guest.Error(`add "example.com" to http.Client.Allow`, "task", "re\nsize")
	want := `wexec: warn: no compile cache error=full disk
images: two
  lines\x1b
images: warn: lines were dropped lines=3
images.re\nsize: error: allow it with --allow-http example.com
`
	if got := b.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
