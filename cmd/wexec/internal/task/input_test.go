package task

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/cmd/wexec/internal/module"
	"github.com/wexec/wexec/host"
)

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		words []string
		want  string
	}{
		{nil, `[]`},
		{[]string{"40", "2"}, `[40,2]`},
		{[]string{" -5", "1e3", "-0.5"}, `[-5,1e3,-0.5]`},
		{[]string{"18446744073709551615"}, `[18446744073709551615]`},
		{[]string{"NaN", " -Infinity"}, `["NaN","-Infinity"]`},
		{[]string{"", "null", "5,6", "[7]", `"8"`}, `["","null","5,6","[7]","\"8\""]`},
		{[]string{"0x9", "+1", "\x00"}, `["0x9","+1","\u0000"]`},
	} {
		if got := string(numbers(c.words)); got != c.want {
			t.Errorf("%q: %s, want %s", c.words, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOf(rapid.String()).Draw(t, "words")
		var list []any
		if err := json.Unmarshal(numbers(words), &list); err != nil || len(list) != len(words) {
			t.Fatalf("%q became %s", words, numbers(words))
		}
	})
}

func TestQuoted(t *testing.T) {
	for _, c := range []struct {
		text string
		file bool
		want string
	}{
		{"hello", false, `"hello"`},
		{"hello\n", false, `"hello\n"`},
		{"hello\n", true, `"hello"`},
		{"hello\r\n", true, `"hello"`},
		{"two\nlines\n\n", true, `"two\nlines\n"`},
		{`"hello"`, false, `"hello"`},
		{` "hello" ` + "\n", true, ` "hello" ` + "\n"},
		{`"half`, false, `"\"half"`},
		{`5`, false, `"5"`},
		{`null`, true, `"null"`},
		{"", false, `""`},
		{"\xff", false, "\xff"},
	} {
		if got := string(quoted([]byte(c.text), c.file)); got != c.want {
			t.Errorf("%q: %s, want %s", c.text, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		var back string
		if err := json.Unmarshal(quoted([]byte(text), false), &back); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if back != text && !json.Valid([]byte(text)) && utf8.ValidString(text) {
			t.Fatalf("%q became %q", text, back)
		}
	})
}

func TestTakesInput(t *testing.T) {
	bare := host.Info{Style: host.Bare, Exports: []string{"f () -> (i32)", "f2 (i32) -> ()", "g () -> ()"}}
	reads := []string{"wexec/v1.input", "wexec/v1.output"}
	for _, c := range []struct {
		info host.Info
		task string
		want bool
	}{
		{bare, "f", false},
		{bare, "f2", true},
		{bare, "g", false},
		{host.Info{Style: host.Direct, Imports: reads}, "f", true},
		{host.Info{Style: host.Direct, Imports: reads[1:]}, "f", false},
		{host.Info{Style: host.Resumable, Imports: reads}, "f", true},
		{host.Info{Style: host.Resumable}, "f", false},
		{host.Info{Style: host.Command}, "main", true},
		{host.Info{Style: "one of the future"}, "main", true},
	} {
		call := &Call{info: c.info, Task: host.Task{Name: c.task}}
		if got := call.takesInput(); got != c.want {
			t.Errorf("%s of %v: %v", c.task, c.info, got)
		}
	}
}

func TestTakesText(t *testing.T) {
	for schema, want := range map[string]bool{
		``: false, `true`: false, `{}`: false, `{"type":"object"}`: false, `{"type":["string","null"]}`: false,
		`{"type":"string"}`: true, `{"type":"string","minLength":3}`: true,
	} {
		call := &Call{Task: abi.Task{Input: json.RawMessage(schema)}}
		if got := call.takesText(); got != want {
			t.Errorf("%s: %v", schema, got)
		}
	}
}

func TestParseWith(t *testing.T) {
	for s, want := range map[string]module.Source{
		"b.wasm":       {File: "b.wasm"},
		"dir/b.wasm":   {File: "dir/b.wasm"},
		"n=b.wasm":     {Name: "n", File: "b.wasm"},
		"n=dir/b=c":    {Name: "n", File: "dir/b=c"},
		"./n=b.wasm":   {File: "./n=b.wasm"},
		"=b.wasm":      {File: "=b.wasm"},
		`dir\n=b.wasm`: {File: `dir\n=b.wasm`},
	} {
		if got := parseWith(s); got != want {
			t.Errorf("%s: %+v", s, got)
		}
	}
}
