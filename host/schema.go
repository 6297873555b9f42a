package host

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/wexec/wexec/abi"
)

// schemas are those of one task; nil allows any bytes.
type schemas struct{ input, output *jsonschema.Schema }

var english = message.NewPrinter(language.English)

// compileSchemas compiles the manifest's schemas. They are taken as they are:
// a reference to another document is refused, not fetched.
func (m *module) compileSchemas() error {
	m.schemas = make([]schemas, len(m.manifest.Tasks))
	for i, t := range m.manifest.Tasks {
		for _, s := range []struct {
			field string
			text  []byte
			into  **jsonschema.Schema
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

func compileSchema(text []byte) (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	if err := boundSchema(doc); err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(noLoader{})
	if err := c.AddResource(schemaURL, doc); err != nil {
		return nil, err
	}
	return c.Compile(schemaURL)
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

func check(schema *jsonschema.Schema, text []byte) error {
	if schema == nil {
		return nil
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("want JSON: %w", err)
	}
	var invalid *jsonschema.ValidationError
	if err := schema.Validate(doc); errors.As(err, &invalid) {
		return errors.New(strings.Join(causes(nil, invalid), "; "))
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
