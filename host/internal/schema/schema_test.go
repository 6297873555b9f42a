package schema

import (
	"strings"
	"testing"
)

// TestCheck has a line for each schema, with texts that it accepts and texts that
// it does not.
func TestCheck(t *testing.T) {
	const tree = `{"$ref": "#/$defs/t", "$defs": {"t": {"type": "object", ` +
		`"properties": {"k": {"type": "array", "items": {"$ref": "#/$defs/t"}}}, "additionalProperties": false}}}`
	for _, c := range []struct {
		name, schema   string
		accept, refuse []string
	}{
		{"a definition", `{"$ref": "#/$defs/n", "$defs": {"n": {"type": "integer"}}}`,
			[]string{`1`, `1.0`, `1e2`}, []string{`"1"`, `1.5`}},
		{"an escaped slash", `{"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"type": "integer"}}}`,
			[]string{`1`}, []string{`"x"`}},
		{"an escaped tilde", `{"$ref": "#/$defs/a~0b", "$defs": {"a~b": {"type": "integer"}}}`,
			[]string{`1`}, []string{`"x"`}},
		{"an escaped escape", `{"$ref": "#/$defs/~01", "$defs": {"~1": {"type": "integer"}, "/": true}}`,
			[]string{`1`}, []string{`"x"`}},
		{"a percent-encoded space", `{"$ref": "#/$defs/a%20b", "$defs": {"a b": {"type": "integer"}}}`,
			[]string{`1`}, []string{`"x"`}},
		{"percent-encoded brackets", `{"$ref": "#/$defs/List%3Cint%3E", "$defs": {"List<int>": {"type": "array"}}}`,
			[]string{`[]`}, []string{`1`}},
		{"a percent-encoded percent", `{"$ref": "#/$defs/100%25", "$defs": {"100%": {"type": "integer"}}}`,
			[]string{`1`}, []string{`"x"`}},
		{"both kinds of escapes", `{"$ref": "#/$defs/a%7E1b", "$defs": {"a/b": {"type": "integer"}}}`,
			[]string{`1`}, []string{`"x"`}},
		{"letters beyond ASCII", `{"$ref": "#/$defs/gr%C3%B6%C3%9Fe", "$defs": {"größe": {"type": "integer"}}}`,
			[]string{`1`}, []string{`"x"`}},
		{"an index", `{"prefixItems": [{"type": "integer"}, {"$ref": "#/prefixItems/0"}]}`,
			[]string{`[1, 2]`}, []string{`[1, "x"]`}},
		{"an anchor", `{"$ref": "#n", "$defs": {"x": {"$anchor": "n", "type": "integer"}}}`, []string{`1`}, []string{`"x"`}},
		{"an anchor of a tree", `{"$anchor": "t", "items": {"$ref": "#t"}, "type": "array"}`,
			[]string{`[[], [[]]]`}, []string{`[[1]]`}},
		{"definitions of an older draft",
			`{"$schema": "http://json-schema.org/draft-07/schema#", "$ref": "#/definitions/n", ` +
				`"definitions": {"n": {"type": "integer"}}}`, []string{`1`}, []string{`"x"`}},
		{"definitions at another place", `{"$ref": "#/components/n", "components": {"n": {"type": "integer"}}}`,
			[]string{`1`}, []string{`"x"`}},

		{"a reference in an enum is data", `{"enum": [{"$ref": "#/nowhere"}]}`,
			[]string{`{"$ref": "#/nowhere"}`}, []string{`1`}},
		{"a reference in a const is data", `{"const": {"$ref": "https://example.com/"}}`,
			[]string{`{"$ref": "https://example.com/"}`}, []string{`1`}},
		{"a reference in a default is data", `{"default": {"$ref": "#/nowhere"}, "type": "integer"}`,
			[]string{`1`}, []string{`"x"`}},
		{"a reference in examples is data", `{"examples": [{"$ref": "#"}], "type": "integer"}`,
			[]string{`1`}, []string{`"x"`}},
		{"an id in a const is data", `{"const": {"$id": "x", "$dynamicRef": "#y"}}`,
			[]string{`{"$id": "x", "$dynamicRef": "#y"}`}, []string{`{}`}},
		{"a property with the name of a keyword",
			`{"properties": {"$ref": {"type": "integer"}, "enum": {"type": "integer"}}}`,
			[]string{`{"$ref": 1}`}, []string{`{"$ref": "#"}`, `{"enum": "x"}`}},

		{"a tree", tree, []string{`{}`, `{"k": [{"k": []}, {}]}`}, []string{`{"k": [1]}`, `{"k": [{"k": [{"x": 1}]}]}`}},
		{"a tree at the root", `{"properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}}, "type": "object"}`,
			[]string{`{"left": {"right": {}}}`}, []string{`{"left": {"right": 1}}`}},
		{"two that refer to each other",
			`{"$ref": "#/$defs/a", "$defs": {"a": {"type": "object", "additionalProperties": {"$ref": "#/$defs/b"}}, ` +
				`"b": {"type": "array", "items": {"$ref": "#/$defs/a"}}}}`,
			[]string{`{"x": [{"y": []}]}`}, []string{`{"x": [[]]}`}},
		{"a list", `{"type": ["object", "null"], "properties": {"next": {"$ref": "#"}}, "required": ["next"]}`,
			[]string{`null`, `{"next": {"next": null}}`}, []string{`{"next": {}}`}},
		{"a union of trees", `{"oneOf": [{"type": "integer"}, {"type": "array", "items": {"$ref": "#"}}]}`,
			[]string{`1`, `[1, [2, []]]`}, []string{`["x"]`}},
		{"a tree in names", `{"propertyNames": {"$ref": "#"}, "maxLength": 1}`,
			[]string{`{"a": 1}`, `"a"`}, []string{`{"ab": 1}`}},

		{"equal numbers", `{"uniqueItems": true}`,
			[]string{`[1, 2]`, `[1, "1"]`, `[[1], [2], 1]`, `1`, `[{"a": 1}, {"a": 2}]`, `[null, false]`},
			[]string{`[1, 1.0]`, `[10, 1e1]`, `[0, -0.0]`, `[0.10, 100e-3]`}},
		{"equal objects", `{"uniqueItems": true}`,
			[]string{`[{"a": 1, "b": 2}, {"a": 2, "b": 1}]`}, []string{`[{"a": 1, "b": 2}, {"b": 2, "a": 1.0}]`, `[[], []]`}},
		{"not unique", `{"not": {"uniqueItems": true}}`, []string{`[1, 1]`}, []string{`[1, 2]`}},
		{"anything", `true`, []string{`1`, `[[]]`}, []string{`{`, ``}},
		{"nothing", `{"items": false}`, []string{`[]`}, []string{`[1]`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Compile([]byte(c.schema))
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range c.accept {
				if err := s.Check([]byte(text)); err != nil {
					t.Errorf("%s: %v", text, err)
				}
			}
			for _, text := range c.refuse {
				if s.Check([]byte(text)) == nil {
					t.Errorf("%s is accepted", text)
				}
			}
		})
	}
}

func TestNoSchema(t *testing.T) {
	s, err := Compile(nil)
	if err != nil || s.Check([]byte("no JSON")) != nil {
		t.Errorf("%v, %v", err, s.Check([]byte("no JSON")))
	}
}

// TestCompileRefuses: what is wrong with a schema is said in its own terms.
func TestCompileRefuses(t *testing.T) {
	const endless = "leads back to itself"
	for _, c := range []struct{ schema, want string }{
		{`{"$ref": "#"}`, `"#" ` + endless},
		{`{"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}`,
			`"#/$defs/a" ` + endless},
		{`{"allOf": [{"$ref": "#"}]}`, endless},
		{`{"anyOf": [{"type": "integer"}, {"$ref": "#"}]}`, endless},
		{`{"oneOf": [true, {"$ref": "#"}]}`, endless},
		{`{"not": {"$ref": "#"}}`, endless},
		{`{"if": {"$ref": "#"}}`, endless},
		{`{"if": true, "then": {"$ref": "#"}}`, endless},
		{`{"if": {"type": "integer"}, "else": {"$ref": "#"}}`, endless},
		{`{"dependentSchemas": {"a": {"$ref": "#"}}}`, endless},
		{`{"$schema": "http://json-schema.org/draft-07/schema#", "dependencies": {"a": {"$ref": "#"}}}`, endless},
		{`{"items": {"$ref": "#/$defs/a"}, "$defs": {"a": {"allOf": [{"not": {"anyOf": [{"$ref": "#/$defs/a"}]}}]}}}`,
			endless},
		{`{"$anchor": "x", "allOf": [{"$ref": "#x"}]}`, endless},

		{`{"$ref": "#/nowhere"}`, `$ref "#/nowhere" leads nowhere`},
		{`{"$ref": "#/$defs/a~2"}`, `$ref "#/$defs/a~2" leads nowhere`},
		{`{"$ref": "#nowhere"}`, `$ref "#nowhere" leads nowhere`},
		{`{"$ref": "#/%zz"}`, `invalid URL escape`},
		{`{"$ref": "https://example.com/x"}`, `$ref https://example.com/x refers to another document`},
		{`{"$ref": "x.json#/a"}`, `$ref x.json refers to another document`},
		{`{"$schema": "https://example.com/x"}`, `refers to another document`},
		{`{"$id": "https://example.com/"}`, `$id is not supported`},
		{`{"$dynamicRef": "#x", "$defs": {"y": {"$dynamicAnchor": "x"}}}`, `$dynamicRef is not supported`},
		{`{"$schema": "https://json-schema.org/draft/2019-09/schema", "items": {"$recursiveRef": "#"}}`,
			`$recursiveRef is not supported`},
		{`{"type": "numbr"}`, `type: value must be one of`},
		{`{"pattern": "("}`, `is not valid regex`},
		{`5`, `got number, want boolean or object`},
		{`null`, `got null`},
		{`{`, `want JSON`},
		{`{"maximum": 1e999999999}`, `a number is too long`},
	} {
		_, err := Compile([]byte(c.schema))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), base) {
			t.Errorf("%s: got %v, want %q", c.schema, err, c.want)
		}
	}
}

// TestDifferences are few and short, however much is wrong.
func TestDifferences(t *testing.T) {
	s, err := Compile([]byte(
		`{"items": {"enum": ["` + strings.Repeat("x", 10_000) + `"]}, "additionalProperties": false}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"[" + strings.Repeat(`1,`, 1000) + "1]",
		`{"` + strings.Repeat("ß", 1<<20) + `": 1}`,
		strings.Repeat("x", 1<<20),
	} {
		err := s.Check([]byte(text))
		if err == nil || len(err.Error()) > 40*300 || strings.ContainsRune(err.Error(), '\uFFFD') {
			t.Errorf("%.20s: an error of %d bytes", text, len(err.Error()))
		}
	}
	if err := s.Check([]byte("[" + strings.Repeat(`1,`, 1000) + "1]")); !strings.HasSuffix(err.Error(), "; and 981 more") {
		t.Errorf("%.100s…", err)
	}
}
