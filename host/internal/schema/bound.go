package schema

import (
	"fmt"
	"iter"
	"maps"
	"regexp/syntax"
	"slices"
)

// Bounds on texts, schemas or not, before they are decoded.
const (
	maxValues   = 1 << 20 // of one text, by its brackets, commas and colons
	maxDigits   = 400     // of a number
	maxExponent = 3       // digits of a number's exponent
)

// boundText refuses a text that takes much more memory once it is decoded, and
// numbers that are long: validating makes fractions of them, which takes time in
// proportion to their value.
func boundText(text []byte) error {
	values, digits, exponent := 0, 0, 0
	for c := range outsideStrings(text) {
		switch {
		case c == 'e' || c == 'E':
			exponent = 1
		case '0' <= c && c <= '9':
			digits++
			if exponent > 0 {
				exponent++
			}
		case c == '.' || c == '-' || c == '+':
		default:
			digits, exponent = 0, 0
			if c == ',' || c == ':' || c == '[' || c == '{' {
				values++
			}
		}
		switch {
		case digits > maxDigits || exponent > maxExponent+1:
			return fmt.Errorf("a number is too long: at most %d digits, and %d in its exponent, are validated",
				maxDigits, maxExponent)
		case values > maxValues:
			return fmt.Errorf("it has more than %d values, which is too many to validate", maxValues)
		}
	}
	return nil
}

// outsideStrings yields the bytes of a JSON text that are not inside of a string.
func outsideStrings(text []byte) iter.Seq[byte] {
	return func(yield func(byte) bool) {
		inside, escaped := false, false
		for _, c := range text {
			switch {
			case escaped:
				escaped = false
			case inside && c == '\\':
				escaped = true
			case c == '"':
				inside = !inside
			case !inside:
				if !yield(c) {
					return
				}
			}
		}
	}
}

// Bounds on a schema, before it is compiled.
const (
	// maxParts is the most JSON values that a schema has.
	maxParts = 10_000
	// maxNesting is how deep they nest.
	maxNesting = 128
	// maxStates is the most states of its regular expressions together. Each state
	// may be tried at each character.
	maxStates = 40_000
)

// boundDocument refuses a schema that would take long to compile. The library
// keeps the path of each value, and takes time in proportion to the square of the
// number of values and more than that of their depth.
func boundDocument(doc any) error {
	d := document{}
	return d.visit(doc, 0, 0)
}

type document struct{ parts, states int }

// visit counts a value at that depth, whose path has that many bytes.
func (d *document) visit(value any, depth, path int) error {
	d.parts += 1 + path/64
	switch {
	case d.parts > maxParts:
		return fmt.Errorf("it has more than %d parts, or long names", maxParts)
	case depth > maxNesting:
		return fmt.Errorf("it nests more than %d levels deep", maxNesting)
	}
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			if err := d.visit(item, depth+1, path+4); err != nil {
				return err
			}
		}
	case map[string]any:
		for name, item := range value {
			if err := d.visitPatterns(name, item); err != nil {
				return err
			}
			if err := d.visit(item, depth+1, path+1+len(name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// visitPatterns counts the states of the regular expressions of a keyword.
func (d *document) visitPatterns(keyword string, value any) error {
	var patterns []string
	switch value := value.(type) {
	case string:
		if keyword == "pattern" {
			patterns = []string{value}
		}
	case map[string]any:
		if keyword == "patternProperties" {
			patterns = slices.Collect(maps.Keys(value))
		}
	}
	for _, pattern := range patterns {
		if d.states += states(pattern); d.states > maxStates {
			return fmt.Errorf("its regular expressions have more than %d states", maxStates)
		}
	}
	return nil
}

// states is about how many states a regular expression has.
func states(pattern string) int {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return 0 // compiling the schema says what is wrong
	}
	return statesOf(parsed)
}

// statesOf does not compile: a{1000} takes seven bytes, and a thousand states.
func statesOf(r *syntax.Regexp) int {
	n := 1
	if r.Op == syntax.OpLiteral {
		n = len(r.Rune)
	}
	for _, sub := range r.Sub {
		n += statesOf(sub)
	}
	if r.Op == syntax.OpRepeat {
		n *= max(r.Min, r.Max, 1)
	}
	return n
}
