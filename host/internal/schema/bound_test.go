package schema

import (
	"errors"
	"fmt"
	"math/big"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"
)

// fan is a schema of n definitions. Each refers to the next wherever NEXT is in
// the form.
func fan(n int, form string) string {
	s := `{"$ref": "#/$defs/d0", "$defs": {`
	for i := range n {
		next := fmt.Sprintf(`{"$ref": "#/$defs/d%d"}`, i+1)
		s += fmt.Sprintf(`"d%d": %s,`, i, strings.ReplaceAll(form, "NEXT", next))
	}
	return s + fmt.Sprintf(`"d%d": {"type": "integer"}}}`, n)
}

// nested puts n brackets around a text.
func nested(n int, inner string) string {
	return strings.Repeat("[", n) + inner + strings.Repeat("]", n)
}

// list is an array of n times that item.
func list(n int, item string) string {
	return "[" + strings.TrimSuffix(strings.Repeat(item+",", n), ",") + "]"
}

func compile(t testing.TB, text string) *Schema {
	t.Helper()
	s, err := Compile([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestCompileBounds: what would take long to compile, or to check any text by, is
// refused.
func TestCompileBounds(t *testing.T) {
	const (
		tooMany = "checks one value by more than 10000 parts"
		states  = "more than 40000 states"
		twice   = `{"allOf": [NEXT, NEXT]}`
	)
	patterns := `"x": true`
	for i := range 20 {
		patterns += fmt.Sprintf(`,"%d(ab|cd){1000}": true`, i)
	}
	for _, c := range []struct{ name, schema, want string }{
		{"references in allOf", fan(40, twice), tooMany},
		{"references in anyOf", fan(40, `{"anyOf": [NEXT, NEXT]}`), tooMany},
		{"references in oneOf", fan(40, `{"oneOf": [NEXT, NEXT]}`), tooMany},
		{"references in if and not", fan(40, `{"if": NEXT, "then": {"not": NEXT}}`), tooMany},
		{"references in dependentSchemas", fan(40, `{"dependentSchemas": {"a": NEXT, "b": NEXT}}`), tooMany},
		{"references by items", `{"items": ` + strings.Replace(fan(40, twice), `,`, `}, `, 1), tooMany},
		{"deep", strings.Repeat(`{"not":`, 4900) + "true" + strings.Repeat("}", 4900), "nests more than 128 levels"},
		{"too deep to decode", strings.Repeat(`{"not":`, 100_000), "want JSON"},
		{"many parts", `{"allOf": ` + list(10_001, "true") + `}`, "more than 10000 parts"},
		{"long paths", `{"$defs": {"` + strings.Repeat("k", 100_000) + `": {"allOf": ` + list(100, "true") + `}}}`,
			"or long names"},
		{"deep and wide", strings.Repeat(`{"not":`, 120) + `{"allOf": ` + list(9000, "true") + `}` + strings.Repeat("}", 120),
			"more than 10000 parts"},
		{"a pattern of many states", `{"pattern": "` + strings.Repeat("(ab|cd){1000}", 20) + `"}`, states},
		{"a long pattern", `{"pattern": "` + strings.Repeat("a{1000}", 100) + `"}`, states},
		{"a pattern that is too long to parse", `{"pattern": "` + strings.Repeat("a{1000}", 10_000) + `"}`,
			"pattern: 'a{1000}"},
		{"many patterns", `{"patternProperties": {` + patterns + `}}`, states},
		{"a long number", `{"multipleOf": 0.` + strings.Repeat("1", 500) + `}`, "a number is too long"},
		{"much that is wrong", `{"allOf": ` + list(4000, `{"type":"numbr"}`) + `}`, "and 7980 more"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Compile([]byte(c.schema))
			if err == nil || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 10_000 {
				t.Errorf("got %.1000v, want %q", err, c.want)
			}
		})
	}
}

// TestCheckBounds: a text is refused before it is checked if that would take too
// many steps, too much memory or too much stack.
func TestCheckBounds(t *testing.T) {
	const (
		tree    = `{"items": {"$ref": "#"}}`
		twice   = `{"allOf": [{"items": {"$ref": "#"}}, {"items": {"$ref": "#"}}]}`
		maximum = `{"items": {"maximum": 1}}`
		regexes = `{"$schema": "http://json-schema.org/draft-07/schema#", "items": {"format": "regex"}}`
	)
	for _, c := range []struct{ name, schema, text, want string }{
		{"a deep text", tree, nested(1000, ""), ""},
		{"a text that is too deep for the schema", tree, nested(3000, ""), errDeep.Error()},
		{"a text that is too deep to decode", tree, nested(100_000, ""), "want JSON"},
		{"a deep text that the schema does not follow", `{"type": "array"}`, nested(3000, ""), ""},
		{"a tree checked twice at each level", twice, nested(12, ""), ""},
		{"a deep tree checked twice at each level", twice, nested(30, ""), errLong.Error()},
		{"by definitions without a cycle", fan(40, `{"allOf": [{"items": NEXT}, {"items": NEXT}]}`), nested(30, ""),
			errLong.Error()},
		{"by not", `{"not": {"items": {"$ref": "#"}}, "items": {"$ref": "#"}}`, nested(30, ""), errLong.Error()},
		{"by if", `{"if": {"items": {"$ref": "#"}}, "then": {"items": {"$ref": "#"}}}`, nested(30, ""), errLong.Error()},
		{"by contains", `{"contains": {"$ref": "#"}, "items": {"$ref": "#"}}`, nested(30, ""), errLong.Error()},
		{"by names and patterns", `{"properties": {"a": {"$ref": "#"}}, "patternProperties": {"a": {"$ref": "#"}}}`,
			strings.Repeat(`{"a":`, 30) + "1" + strings.Repeat("}", 30), errLong.Error()},
		{"by unevaluated items", `{"anyOf": [{"prefixItems": [{"$ref": "#"}]}, true], "unevaluatedItems": {"$ref": "#"}}`,
			nested(30, ""), errLong.Error()},
		{"many items", `{"items": {"type": "integer"}}`, list(500_000, "1"), ""},
		{"many items by many parts", `{"items": {"allOf": ` + list(100, "true") + `}}`, list(20_000, "1"), errLong.Error()},
		{"many values", `true`, list(2_000_000, "1"), "more than 1048576 values"},
		{"a long string with the signs of many values", `true`, `"` + strings.Repeat(`[,\"`, 2_000_000) + `"`, ""},
		{"long strings by a pattern", `{"items": {"pattern": "(a|aa|aaa){1,200}b"}}`,
			`["` + strings.Repeat("a", 4<<20) + `"]`, errLong.Error()},
		{"long names by patterns", `{"patternProperties": {"(a|aa|aaa){1,200}b": true}}`,
			`{"` + strings.Repeat("a", 4<<20) + `": 1}`, errLong.Error()},
		{"regular expressions in a text", regexes, list(10_000, `"(ab|cd){1000}"`), errLong.Error()},
		{"a few regular expressions in a text", regexes, list(10, `"(ab|cd){1000}"`), ""},
		{"a number of many digits", maximum, "[" + strings.Repeat("1", 500) + "]", "a number is too long"},
		{"a number with a long exponent", maximum, "[1e9999]", "a number is too long"},
		{"a number with a long negative exponent", maximum, "[1E-00009]", "a number is too long"},
		{"a number at the limits", maximum, "[-" + strings.Repeat("9", 390) + "e-999]", ""},
		{"a string that looks like a long number", maximum, `["1e9999", "\"1e9999"]`, ""},
		{"many numbers of many digits in many comparisons", `{"items": {"enum": ` + list(1000, "1e999") + `}}`,
			list(1000, "7e999"), errLong.Error()},
		{"a deep text of unique items", `{"uniqueItems": true, "items": {"$ref": "#"}}`, nested(1000, list(5000, "[]")),
			errLong.Error()},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := compile(t, c.schema).Check([]byte(c.text))
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %.300v, want %q", err, c.want)
			}
		})
	}
}

// TestStack: the deepest check there may be takes little stack. Go ends the
// process if it takes more than is set here.
func TestStack(t *testing.T) {
	defer debug.SetMaxStack(debug.SetMaxStack(64 << 20))
	for _, schema := range []string{
		`{"items": {"$ref": "#"}, "type": "array", "minItems": 1}`,
		fan(1000, `{"allOf": [NEXT]}`),
		`{"items": {"$ref": "#"}, "uniqueItems": true}`,
	} {
		s, err := Compile([]byte(schema))
		if err != nil {
			t.Fatal(err)
		}
		for _, depth := range []int{0, 500, 1020, 9000} {
			s.Check([]byte(nested(depth, `"x"`)))
		}
	}
}

// TestLinear: for an honest schema the count of steps grows as the text does.
func TestLinear(t *testing.T) {
	const tree = `{"type": "object", ` +
		`"properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}, "n": {"type": "integer"}}, "required": ["n"]}`
	count := func(schema, text string) int64 {
		doc, err := decode([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		r := dryRun{}
		if err := r.visit(compile(t, schema).root, doc, 0); err != nil {
			t.Fatal(err)
		}
		return r.steps
	}
	full := func(depth int) string {
		s := `{"n": 1}`
		for range depth {
			s = `{"n": 1, "left": ` + s + `, "right": ` + s + `}`
		}
		return s
	}
	for name, steps := range map[string][2]int64{
		"a list of numbers": {
			count(`{"items": {"type": "integer"}}`, list(1000, "1")),
			count(`{"items": {"type": "integer"}}`, list(2000, "1")),
		},
		"a tree": {count(tree, full(6)), count(tree, full(7))},
		"a list of unique ones": {
			count(`{"uniqueItems": true}`, list(1000, `[[],[]]`)),
			count(`{"uniqueItems": true}`, list(2000, `[[],[]]`)),
		},
	} {
		if steps[1] > steps[0]*9/4 {
			t.Errorf("%s: %d steps, and %d for twice as much", name, steps[0], steps[1])
		}
	}
}

// counter counts the evaluations of subschemas. The library does not tell of those
// that end early.
type counter struct{ evaluations *int64 }

func (c counter) Validate(*jsonschema.ValidatorContext, any) { *c.evaluations++ }

// countCheck returns the steps that a check was expected to take, and the
// evaluations that it made.
func countCheck(s *Schema, doc any) (expected, made int64) {
	b := builder{parts: map[*jsonschema.Schema]*part{}}
	b.part(s.schema)
	for sub := range b.parts {
		sub.Extensions = append(sub.Extensions, counter{&made})
	}
	r := dryRun{}
	if r.visit(s.root, doc, 0) == nil {
		s.schema.Validate(doc)
	}
	return r.steps, made
}

// TestDryRunCountsAll: no check makes more evaluations than its dry run counts.
func TestDryRunCountsAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, err := Compile([]byte(drawSchema(t)))
		if err != nil {
			t.Skip(err)
		}
		doc, err := decode([]byte(drawText(t, 4)))
		if err != nil {
			t.Fatal(err)
		}
		if expected, made := countCheck(s, doc); made > expected {
			t.Errorf("%d evaluations, %d steps", made, expected)
		}
	})
}

// TestUnique: our uniqueItems and the library's agree.
func TestUnique(t *testing.T) {
	const schema = `{"items": {"uniqueItems": true}, "uniqueItems": true}`
	c := jsonschema.NewCompiler()
	doc, err := decode([]byte(schema))
	if err == nil {
		err = c.AddResource(schemaURL, doc)
	}
	if err != nil {
		t.Fatal(err)
	}
	theirs, ours := c.MustCompile(schemaURL), compile(t, schema)
	rapid.Check(t, func(t *rapid.T) {
		text := drawText(t, 3)
		doc, err := decode([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if want, got := theirs.Validate(doc), ours.Check([]byte(text)); (want == nil) != (got == nil) {
			t.Errorf("%s: %v; the library says %v", text, got, want)
		}
	})
}

// TestNumbers: numbers have one canonical text if they are equal, and only then.
func TestNumbers(t *testing.T) {
	number := rapid.StringMatching(`-?(0|[1-9][0-9]{0,2})(\.[0-9]{1,3})?([eE][-+]?[0-3])?`)
	value := func(text string) *big.Rat {
		r, ok := new(big.Rat).SetString(text)
		if !ok {
			t.Fatal(text)
		}
		return r
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		equal := value(a).Cmp(value(b)) == 0
		if same := string(appendNumber(nil, a)) == string(appendNumber(nil, b)); same != equal {
			t.Errorf("%s and %s: %s, %s", a, b, appendNumber(nil, a), appendNumber(nil, b))
		}
	})
}

func FuzzCheck(f *testing.F) {
	f.Add(`{"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"items": {"$ref": "#"}}}}`, `[[], [1]]`)
	f.Add(`{"$anchor": "x", "properties": {"a": {"$ref": "#x"}}, "patternProperties": {"^a": false}}`, `{"a": {"a": 1e3}}`)
	f.Add(`{"$schema": "http://json-schema.org/draft-04/schema#", "id": "x", "items": [{"$ref": "#"}], `+
		`"additionalItems": {"format": "regex"}}`, `[[], "("]`)
	f.Add(`{"uniqueItems": true, "contains": {"enum": [[], 1.0]}, "unevaluatedItems": {"$ref": "#"}}`, `[1, [], "\u0000"]`)
	f.Add(fan(40, `{"allOf": [NEXT, NEXT]}`), `1`)
	f.Add(`{"if": {"$ref": "#/then"}, "then": {"dependentSchemas": {"a": {"not": {"$ref": "#"}}}}}`,
		`{"a": {"$ref": "#"}}`)
	f.Fuzz(func(t *testing.T, schema, text string) {
		s, err := Compile([]byte(schema))
		if err != nil {
			return
		}
		err = s.Check([]byte(text))
		if err != nil && len(err.Error()) > 20_000 {
			t.Errorf("an error of %d bytes", len(err.Error()))
		}
		doc, bad := decode([]byte(text))
		if bad != nil {
			return
		}
		expected, made := countCheck(s, doc)
		if made > expected || expected > maxSteps && !errors.Is(err, errLong) && !errors.Is(err, errDeep) {
			t.Errorf("%d evaluations, %d steps, %v", made, expected, err)
		}
	})
}

// drawSchema draws a schema whose parts refer to each other.
func drawSchema(t *rapid.T) string {
	var sub func(depth int) string
	sub = func(depth int) string {
		if depth == 0 {
			return rapid.SampledFrom([]string{
				`true`, `{"type": "integer"}`, `{"enum": [1, "a"]}`, `{"required": ["a"]}`, `{"minItems": 2}`,
			}).Draw(t, "leaf")
		}
		form := rapid.SampledFrom([]string{
			`{"$ref": "#/$defs/R"}`, `{"$ref": "#/$defs/R"}`,
			`{"allOf": [S, S]}`, `{"anyOf": [S, S]}`, `{"oneOf": [S, S]}`, `{"not": S}`,
			`{"if": S, "then": S, "else": S}`, `{"items": S}`, `{"prefixItems": [S], "items": S}`, `{"contains": S}`,
			`{"properties": {"a": S}, "additionalProperties": S}`, `{"patternProperties": {"a|b": S}, "properties": {"b": S}}`,
			`{"allOf": [S], "unevaluatedProperties": S, "unevaluatedItems": S}`,
			`{"dependentSchemas": {"a": S}}`, `{"propertyNames": S}`,
		}).Draw(t, "form")
		for strings.Contains(form, "S") {
			form = strings.Replace(form, "S", sub(depth-1), 1)
		}
		return strings.ReplaceAll(form, "R", rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "to"))
	}
	return `{"$ref": "#/$defs/x", "$defs": {"x": ` + sub(3) + `, "y": ` + sub(3) + `, "z": ` + sub(2) + `}}`
}

// drawText draws a JSON text.
func drawText(t *rapid.T, depth int) string {
	kind := rapid.IntRange(0, 3).Draw(t, "kind")
	if depth == 0 {
		kind = 3
	}
	var items []string
	n := rapid.IntRange(0, 25).Draw(t, "length")
	if kind > 0 {
		n %= 4
	}
	switch kind {
	case 0, 1:
		for range n {
			items = append(items, drawText(t, depth-1))
		}
		return "[" + strings.Join(items, ",") + "]"
	case 2:
		for _, name := range []string{"a", "b", "c"}[:n] {
			items = append(items, `"`+name+`":`+drawText(t, depth-1))
		}
		return "{" + strings.Join(items, ",") + "}"
	}
	return rapid.SampledFrom([]string{
		`1`, `1.0`, `"a"`, `""`, `null`, `true`, `-0`, `10e-1`, `2`, `"1"`,
	}).Draw(t, "scalar")
}
