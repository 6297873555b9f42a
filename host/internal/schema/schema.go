// Package schema compiles the JSON schemas of manifests and checks texts against
// them, in bounded time: a schema may not grow without bound when its references
// are followed, and a text may be longer the simpler its schema is.
package schema

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// Schema is a compiled schema. A nil one allows any bytes.
type Schema struct {
	schema *jsonschema.Schema
	parts  int // once its references are followed
}

var english = message.NewPrinter(language.English)

// Compile compiles a schema. It may not refer to other documents. No text at all
// is a nil schema.
func Compile(text []byte) (*Schema, error) {
	if text == nil {
		return nil, nil
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	parts, err := boundSchema(doc)
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(noLoader{})
	if err := c.AddResource(schemaURL, doc); err != nil {
		return nil, err
	}
	compiled, err := c.Compile(schemaURL)
	if err != nil {
		return nil, err
	}
	return &Schema{compiled, parts}, nil
}

// schemaURL stands for the manifest's text; without one the library takes the
// working directory.
const schemaURL = "manifest:///schema"

type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, errors.New("refers to another document, " + url + ": put it into $defs")
}

// maxValidated is the most bytes of a text, times the parts of its schema: about
// what is validated in a few seconds, if all parts apply to all values.
const maxValidated = 64 << 20

// Check says how a text, which should be JSON, differs from the schema.
func (s *Schema) Check(text []byte) error {
	if s == nil {
		return nil
	}
	if most := maxValidated / s.parts; len(text) > most {
		return fmt.Errorf("it has %d bytes, at most %d are validated by a schema of %d parts", len(text), most, s.parts)
	}
	if err := checkNumbers(text); err != nil {
		return err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("want JSON: %w", err)
	}
	var invalid *jsonschema.ValidationError
	if err := s.schema.Validate(doc); errors.As(err, &invalid) {
		list := causes(nil, invalid)
		if more := len(list) - mostCauses; more > 0 {
			list = append(list[:mostCauses], fmt.Sprintf("and %d more", more))
		}
		return errors.New(strings.Join(list, "; "))
	}
	return nil
}

// mostCauses are told of what is wrong with a text.
const mostCauses = 20

// numbers that are long, or have a long exponent: validating makes fractions of
// them, which takes time in proportion to their value.
var longNumber = regexp.MustCompile(`[0-9][-+.eE0-9]{400}|[eE][-+]?[0-9]{4}`)

// checkNumbers refuses such numbers. What looks like one inside of a string
// does no harm.
func checkNumbers(text []byte) error {
	if !longNumber.Match(text) {
		return nil
	}
	inside, escaped := false, false
	bare := bytes.Map(func(r rune) rune {
		switch {
		case escaped:
			escaped = false
		case inside && r == '\\':
			escaped = true
		case r == '"':
			inside = !inside
		case !inside:
			return r
		}
		return ' '
	}, text)
	if at := longNumber.FindIndex(bare); at != nil {
		return fmt.Errorf("a number is too long: at most 400 digits and an exponent of three are validated")
	}
	return nil
}

// causes lists what is wrong and where: the leaves of a validation error.
func causes(list []string, e *jsonschema.ValidationError) []string {
	if len(e.Causes) == 0 {
		what := e.ErrorKind.LocalizedString(english)
		if at := strings.Join(e.InstanceLocation, "."); at != "" {
			what = at + ": " + what
		}
		return append(list, what)
	}
	for _, cause := range e.Causes {
		list = causes(list, cause)
	}
	return list
}
