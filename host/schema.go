package host

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/wexec/wexec/abi"
)

// taskSchemas are those of one task, compiled when they are first needed; nil
// allows any bytes.
type taskSchemas struct {
	once          sync.Once
	input, output *schema
	err           error
}

// schema is a compiled schema, and how many parts it has.
type schema struct {
	*jsonschema.Schema
	parts int
}

var english = message.NewPrinter(language.English)

// compileSchemas compiles the manifest's schemas.
func (m *module) compileSchemas() error {
	m.schemas = make([]taskSchemas, len(m.manifest.Tasks))
	for i := range m.schemas {
		if _, err := m.schemasOf(i); err != nil {
			return err
		}
	}
	return nil
}

// schemasOf returns the schemas of a task. They are taken as they are: a
// reference to another document is refused, not fetched.
func (m *module) schemasOf(index int) (*taskSchemas, error) {
	s, t := &m.schemas[index], &m.manifest.Tasks[index]
	s.once.Do(func() {
		if s.input, s.err = m.compileSchema(index, "input", t.Input); s.err == nil {
			s.output, s.err = m.compileSchema(index, "output", t.Output)
		}
	})
	return s, s.err
}

func (m *module) compileSchema(index int, field string, text []byte) (*schema, error) {
	if text == nil {
		return nil, nil
	}
	s, err := compileSchema(text)
	if err != nil {
		path := fmt.Sprintf("tasks[%d].%s", index, field)
		return nil, &InvalidManifestError{m.name, &abi.ManifestError{Path: path, Reason: err.Error()}}
	}
	return s, nil
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
	s, err := m.schemasOf(index)
	if err != nil {
		return err
	}
	if err := check(s.input, input); err != nil {
		return &InvalidInputError{err.Error()}
	}
	return nil
}

func (m *module) checkOutput(index int, output []byte) error {
	if m.schemas == nil {
		return nil
	}
	s, err := m.schemasOf(index)
	if err != nil {
		return err
	}
	if err := check(s.output, output); err != nil {
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
