package term

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
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

func TestReport(t *testing.T) {
	var b bytes.Buffer
	Streams{Err: &b}.Report(errors.New("too large (Config.Limits.Memory)\n    at main\nwexec: \x1b[2J\n\n\tend"))
	want := `wexec: too large (--memory)
    at main
  wexec: \x1b[2J

  	end
`
	if got := b.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestPrintJSON(t *testing.T) {
	var b bytes.Buffer
	err := Streams{Out: &b}.PrintJSON("<é>\x1b\u009b\x7f\u00a0\xff")
	if got, want := b.String(), `"<é>\u001b\u009b\u007f`+"\u00a0"+`\ufffd"`+"\n"; err != nil || got != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
}

// TestGuest tests that streams which are no terminals stay as they are.
func TestGuest(t *testing.T) {
	var buffer bytes.Buffer
	open := func() *os.File {
		f, err := os.OpenFile(filepath.Join(t.TempDir(), "f"), os.O_CREATE|os.O_RDWR, 0o666)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	first, second := open(), open()
	for _, s := range []Streams{
		{Out: &buffer, Err: new(bytes.Buffer)}, {Out: &buffer, Err: first},
		{Out: first, Err: first}, {Out: first, Err: second},
	} {
		if guest, end := s.Guest(); guest != s || end() != nil {
			t.Errorf("%v became %v", s, guest)
		}
	}
}
