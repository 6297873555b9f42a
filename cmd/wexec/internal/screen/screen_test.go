package screen

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// filtered returns what a guest's text becomes on a terminal.
func filtered(t *testing.T, colors Colors, indent string, pieces ...[]byte) string {
	t.Helper()
	var b bytes.Buffer
	s := New(&b, colors, indent)
	for _, p := range pieces {
		if n, err := s.Write(p); n != len(p) || err != nil {
			t.Fatalf("Write(%q) returned %d, %v", p, n, err)
		}
	}
	if err := s.End(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWriter(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"text", "größer, 漢字 👩‍🚀\n\ttabbed\n", "größer, 漢字 👩‍🚀\n\ttabbed\n"},
		{"a line without an end", "$ ", "$ \n"},
		{"progress", "\r 50%\r100%\r\n", "\r 50%\r100%\r\n"},
		{"progress without an end", "100%\r", "100%\r\n"},
		{"bytes that are no text", "a\xffb\xc3", "a�b�\n"},
		{"bells, backspaces and other controls", "a\a\bb\x00\x05\v\f\x0e\x0f\x7fc\n", "abc\n"},

		{"a colour", "\x1b[31mred\x1b[m\n", "\x1b[31mred\x1b[0m\n\x1b[0m"},
		{"a colour without an end", "\x1b[1;31mred", "\x1b[1m\x1b[31mred\x1b[0m\n"},
		{"a background", "\x1b[41;37mx\x1b[49m\n", "\x1b[37mx\n\x1b[0m"},

		{"the cursor", "a\x1b[2A\x1b[1;1H\x1b[5Gb\n", "ab\n"},
		{"what is erased", "a\x1b[2J\x1b[Kb\n", "ab\n"},
		{"modes", "a\x1b[?1049h\x1b[?25l\x1b[4hb\n", "ab\n"},
		{"questions to the terminal", "a\x1b[6n\x1b[c\x1b[>0qb\x1bZ\n", "ab\n"},
		{"resets", "a\x1bc\x1b7\x1b8\x1b#8b\n", "ab\n"},
		{"character sets", "a\x1b(0\x1b)B\x1b%Gb\n", "ab\n"},
		{"what only ends like a colour", "a\x1b[>4;2m\x1b[?4m\x1b[ m\x1b[1$mb\n", "ab\n"},

		{"a title", "a\x1b]0;title\ab\n", "ab\n"},
		{"a title that ends otherwise", "a\x1b]0;title\x1b\\b\n", "ab\n"},
		{"the clipboard", "a\x1b]52;c;d2V4ZWM=\ab\n", "ab\n"},
		{"a link", "\x1b]8;;http://example.com\x1b\\text\x1b]8;;\x1b\\\n", "text\n"},
		{"strings for the terminal", "a\x1bPq#0~\x1b\\\x1bXb\x1b\\\x1b^c\x1b\\\x1b_d\x1b\\e\n", "ae\n"},
		{"a string without an end", "a\x1b]0;lost\nkept\n", "a\nkept\n"},
		{"a string with a sequence in it", "a\x1b]0;\x1b[31mb\n", "a\x1b[31mb\n\x1b[0m"},

		{"C1 controls as characters", "a\u009b31mb\u009b2J\u009d0;title\u009cc\u0085\u008dd\n", "a\x1b[31mbcd\n\x1b[0m"},
		{"C1 controls as bytes", "a\x9b2J\x9d0;title\x9cb\n", "a�2J�0;title�b\n"},

		{"a newline in a sequence", "a\x1b[2\nJ\n", "a\nJ\n"},
		{"a sequence in a sequence", "a\x1b[3\x1b[1mb\n", "a\x1b[1mb\n\x1b[0m"},
		{"a cancelled sequence", "a\x1b[3\x18b\x1b]c\x1ad\n", "abd\n"},
		{"a character in a sequence", "a\x1b[3é\x1béb\n", "ab\n"},
		{"sequences without an end", "a\x1b", "a\n"},
		{"a control sequence without an end", "a\x1b[31", "a\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := filtered(t, TrueColors, "", []byte(c.text)); got != c.want {
				t.Errorf("%q became\n%q, want\n%q", c.text, got, c.want)
			}
			bytewise := slices.Collect(slices.Chunk([]byte(c.text), 1))
			if got := filtered(t, TrueColors, "", bytewise...); got != c.want {
				t.Errorf("%q, byte by byte, became\n%q, want\n%q", c.text, got, c.want)
			}
		})
	}
}

func TestColors(t *testing.T) {
	for _, c := range []struct {
		colors Colors
		params string
		want   string // the parameters that pass, each in a sequence of its own
	}{
		{NoColors, "", ""},
		{NoColors, "1;31", ""},
		{Colors16, "", "0"},
		{Colors16, "01;34", "1 34"},
		{Colors16, ";;3", "0 0 3"},
		{Colors16, "2;4;9;22;23;24;29;39;90;97", "2 4 9 22 23 24 29 39 90 97"},
		{Colors256, "38;5;200", "38;5;200"},
		{Colors256, "38;5;", "38;5;0"},
		{TrueColors, "38;2;1;20;255", "38;2;1;20;255"},
		{TrueColors, "1;38;2;7;7;7;3", "1 38;2;7;7;7 3"},
		// A terminal that does not know these takes their parts for other styles.
		{Colors16, "1;38;5;7;3", "1 3"},
		{Colors256, "1;38;2;7;7;7;3", "1 3"},
		// Backgrounds, and what is none of a text.
		{TrueColors, "7", ""},
		{TrueColors, "007", ""},
		{TrueColors, "5;6;8;10;20;21;25;27;28;53", ""},
		{TrueColors, "40;47;49;100;107", ""},
		{TrueColors, "48;5;31;48;2;31;31;31;58;5;31", ""},
		// What terminals disagree about.
		{TrueColors, "38", ""},
		{TrueColors, "38;5", ""},
		{TrueColors, "38;2;31;31", ""},
		{TrueColors, "256;31", ""},
		{TrueColors, "+31", ""},
		{TrueColors, "4:3", ""},
		{TrueColors, "38:2::1:2:3", ""},
		{TrueColors, "99999999999999999999", ""},
	} {
		var want strings.Builder
		for params := range strings.FieldsSeq(c.want) {
			want.WriteString("\x1b[" + params + "m")
		}
		if got := string(c.colors.appendStyles(nil, c.params)); got != want.String() {
			t.Errorf("%q with %d: %q, want %q", c.params, c.colors, got, want.String())
		}
	}
}

func TestIndent(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "",
		"a":                      "  a\n",
		"a\nwexec: b\n":          "  a\n  wexec: b\n",
		"a\n\n\nb\n":             "  a\n\n\n  b\n",
		"a\rwexec: b\r\n":        "  a\r  wexec: b\r\n",
		"\twexec: b\n":           "  \twexec: b\n",
		"a\n\x1b[2K\x1b]x\awe\n": "  a\n  we\n",
	} {
		if got := filtered(t, NoColors, "  ", []byte(text)); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

// TestPrompt tests that text is not held back.
func TestPrompt(t *testing.T) {
	var b bytes.Buffer
	s := New(&b, NoColors, "")
	for _, text := range []string{">>> ", "é", "\x1b[0m"} {
		io.WriteString(s, text)
	}
	if got, want := b.String(), ">>> é"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestBounded tests that a sequence without an end takes no memory.
func TestBounded(t *testing.T) {
	for _, begin := range []string{"\x1b[", "\x1b]0;", "\x1bP", "\x1b(", "\u009b", ""} {
		s := New(io.Discard, TrueColors, "")
		io.WriteString(s, begin)
		for range 20 {
			s.Write(bytes.Repeat([]byte("1;"), 2*piece))
		}
		if cap(s.params) > 2*maxParams || cap(s.rest) > 2*piece || cap(s.out) > 4*piece {
			t.Errorf("after %q, %d, %d and %d bytes are held", begin, cap(s.params), cap(s.rest), cap(s.out))
		}
	}
	long := "\x1b[" + strings.Repeat("1;", maxParams) + "1mx\n"
	if got := filtered(t, TrueColors, "", []byte(long)); got != "x\n" {
		t.Errorf("a long sequence became %q", got)
	}
}

// failing is a terminal that is closed after some bytes.
type failing int

func (f *failing) Write(p []byte) (int, error) {
	if *f -= failing(len(p)); *f < 0 {
		return 0, errors.New("closed")
	}
	return len(p), nil
}

func TestFailingTerminal(t *testing.T) {
	room := failing(piece)
	s := New(&room, NoColors, "")
	n, err := s.Write(make([]byte, 10)) // nothing of it passes
	if n != 10 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if n, err = s.Write(bytes.Repeat([]byte("a"), 2*piece)); n != piece || err == nil {
		t.Errorf("%d, %v", n, err)
	}
}

// FuzzWriter tests that the terminal gets nothing but text and its colours, and that
// it makes no difference in how many pieces the guest writes.
func FuzzWriter(f *testing.F) {
	for _, text := range []string{
		"text\n", "\x1b[1;31mred\x1b[0m", "\x1b]0;title\a", "\u009b48;5;7mx",
		"\x1b[38;2;7;7;7m\x1b[4:3m\xc2", "\x1b\x1b[\r\n", "\x1bP\x1b\\\x1b(\x7f",
	} {
		f.Add([]byte(text), uint8(3), uint8(3))
	}
	styles := regexp.MustCompile(
		`\x1b\[([0-49]|2[2-49]|3[0-79]|9[0-7]|38;5;\d{1,3}|38;2;\d{1,3};\d{1,3};\d{1,3})m`)
	steers := func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' }
	f.Fuzz(func(t *testing.T, text []byte, size, colors uint8) {
		c := Colors(colors) % never
		whole := filtered(t, c, "", text)
		shown := styles.ReplaceAllString(whole, "")
		if strings.ContainsFunc(shown, steers) {
			t.Fatalf("%q became %q", text, whole)
		}
		if shown != "" && !strings.HasSuffix(shown, "\n") {
			t.Fatalf("%q became %q, which ends within a line", text, whole)
		}
		pieces := slices.Collect(slices.Chunk(text, int(size)+1))
		if got := filtered(t, c, "", pieces...); got != whole {
			t.Fatalf("%q, %d bytes at once, became\n%q, want\n%q", text, size+1, got, whole)
		}
		plain := utf8.Valid(text) && !bytes.ContainsFunc(text, steers)
		if plain && whole != string(text) && whole != string(text)+"\n" {
			t.Fatalf("text %q became %q", text, whole)
		}
		for line := range strings.Lines(filtered(t, NoColors, "  ", text)) {
			for part := range strings.SplitSeq(strings.TrimRight(line, "\r\n"), "\r") {
				if part != "" && !strings.HasPrefix(part, "  ") {
					t.Fatalf("%q has %q at the margin", text, part)
				}
			}
		}
	})
}
