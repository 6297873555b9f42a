package host

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/wexec/wexec/abi"
)

// schemas are those of one task; nil allows any bytes.
type schemas struct{ input, output *schema }

// schema is a compiled schema, and how many parts it has.
type schema struct {
	*jsonschema.Schema
	parts int
}

var english = message.NewPrinter(language.English)

// compileSchemas compiles the manifest's schemas. They are taken as they are:
// a reference to another document is refused, not fetched.
func (m *module) compileSchemas() error {
	m.schemas = make([]schemas, len(m.manifest.Tasks))
	for i, t := range m.manifest.Tasks {
		for _, s := range []struct {
			field string
			text  []byte
			into  **schema
		}{{"input", t.Input, &m.schemas[i].input}, {"output", t.Output, &m.schemas[i].output}} {
			if s.text == nil {
				continue
			}
			schema, err := compileSchema(s.text)
			if err != nil {
				path := fmt.Sprintf("tasks[%d].%s", i, s.field)
				return &InvalidManifestError{m.name, &abi.ManifestError{Path: path, Reason: err.Error()}}
			}
			*s.into = schema
		}
	}
	return nil
}

func compileSchema(text []byte) (*schema, error) {
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
	return &schema{compiled, parts}, err
}

// schemaURL stands for the manifest's text; without one the library takes the
// working directory.
const schemaURL = "manifest:///schema"

type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, errors.New("refers to another document, " + url + ": put it into $defs")
}

func (m *module) checkInput(index int, input []byte) error {
	if m.schemas == nil {
		return nil
	}
	if err := check(m.schemas[index].input, input); err != nil {
		return &InvalidInputError{err.Error()}
	}
	return nil
}

func (m *module) checkOutput(index int, output []byte) error {
	if m.schemas == nil {
		return nil
	}
	if err := check(m.schemas[index].output, output); err != nil {
		return &OutputError{"its output does not match its schema: " + err.Error()}
	}
	return nil
}

// maxValidated is the most bytes of a text, times the parts of its schema: about
// what is validated in a few seconds, if all parts apply to all values.
const maxValidated = 64 << 20

func check(schema *schema, text []byte) error {
	if schema == nil {
		return nil
	}
	if most := maxValidated / schema.parts; len(text) > most {
		return fmt.Errorf("it has %d bytes, at most %d are validated by a schema of %d parts", len(text), most, schema.parts)
	}
	if err := checkNumbers(text); err != nil {
		return err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("want JSON: %w", err)
	}
	var invalid *jsonschema.ValidationError
	if err := schema.Validate(doc); errors.As(err, &invalid) {
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
