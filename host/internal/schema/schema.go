// Package schema compiles the JSON schemas of manifests and checks texts against
// them. Both are written by strangers, so the time, the memory and the stack that
// compiling and checking take are bounded by counting before they are spent.
package schema

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// Schema is a compiled schema. A nil one allows any bytes.
type Schema struct {
	schema *jsonschema.Schema
	root   *part
}

// Compile compiles a schema. It may not refer to other documents. No text at all
// is a nil schema.
func Compile(text []byte) (*Schema, error) {
	if text == nil {
		return nil, nil
	}
	doc, err := decode(text)
	if err != nil {
		return nil, err
	}
	if err := boundDocument(doc); err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(noLoader{})
	if err := c.AddResource(schemaURL, doc); err != nil {
		return nil, err
	}
	compiled, err := c.Compile(schemaURL)
	if err != nil {
		return nil, explain(err)
	}
	root, err := partsOf(compiled)
	if err != nil {
		return nil, err
	}
	return &Schema{compiled, root}, nil
}

// schemaURL stands for the manifest's text; without one the library takes the
// working directory.
const (
	base      = "manifest:///"
	schemaURL = base + "schema"
)

type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, errors.New("$ref " + strings.TrimPrefix(url, base) + " refers to another document: put it into $defs")
}

// explain turns the library's error about a schema into ours.
func explain(err error) error {
	var (
		load    *jsonschema.LoadURLError
		pointer *jsonschema.JSONPointerNotFoundError
		anchor  *jsonschema.AnchorNotFoundError
		meta    *jsonschema.SchemaValidationError
		invalid *jsonschema.ValidationError
	)
	switch {
	case errors.As(err, &load):
		err = load.Err
	case errors.As(err, &pointer):
		return fmt.Errorf("$ref %q leads nowhere", own(pointer.URL))
	case errors.As(err, &anchor):
		return fmt.Errorf("$ref %q leads nowhere", own(anchor.Reference))
	case errors.As(err, &meta) && errors.As(meta.Err, &invalid):
		return errors.New(differences(invalid))
	}
	return errors.New(own(err.Error()))
}

// own returns a text of the library's as one of ours, short and without
// schemaURL, which is no name that the author of a schema knows.
func own(text string) string { return clip(strings.ReplaceAll(text, schemaURL, "")) }

// Check says how a text, which should be JSON, differs from the schema. It does
// not check a text that would take too many steps, and says so.
func (s *Schema) Check(text []byte) error {
	if s == nil {
		return nil
	}
	doc, err := decode(text)
	if err != nil {
		return err
	}
	if err := boundSteps(s.root, doc); err != nil {
		return err
	}
	var invalid *jsonschema.ValidationError
	if errors.As(s.schema.Validate(doc), &invalid) {
		return errors.New(differences(invalid))
	}
	return nil
}

func decode(text []byte) (any, error) {
	if err := boundText(text); err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, errors.New("want JSON, got nothing")
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("want JSON: %s", clip(err.Error()))
	}
	return doc, nil
}

var english = message.NewPrinter(language.English)

// mostDifferences are listed of what is wrong with a text.
const mostDifferences = 20

// differences says what is wrong and where: it lists the leaves of a validation
// error.
func differences(e *jsonschema.ValidationError) string {
	var list []string
	more := 0
	var visit func(*jsonschema.ValidationError)
	visit = func(e *jsonschema.ValidationError) {
		for _, cause := range e.Causes {
			visit(cause)
		}
		switch {
		case len(e.Causes) > 0:
		case len(list) == mostDifferences:
			more++
		default:
			what := clip(e.ErrorKind.LocalizedString(english))
			if at := strings.Join(e.InstanceLocation, "."); at != "" {
				what = clip(at) + ": " + what
			}
			list = append(list, what)
		}
	}
	visit(e)
	if more > 0 {
		list = append(list, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(list, "; ")
}

// clip shortens a text that may quote a stranger's at length. It keeps the end,
// which often says what is wrong.
func clip(s string) string {
	const head, tail = 160, 96
	if len(s) <= head+tail {
		return s
	}
	return strings.ToValidUTF8(s[:head], "") + "…" + strings.ToValidUTF8(s[len(s)-tail:], "")
}
