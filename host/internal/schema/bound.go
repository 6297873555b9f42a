package schema

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"strings"
)

// maxSchema is the most parts that a schema may have once its references are
// followed: validating takes time in proportion.
const maxSchema = 10_000

// boundSchema counts the parts of a schema. It refuses schemas whose validation could take for ever: those that
// refer to themselves, or to others so often that they grow beyond all bounds.
// References are to parts of the same schema ("#/$defs/name"), by $ref alone.
func boundSchema(doc any) (parts int, err error) {
	e := expansion{doc: doc, left: maxSchema, following: map[string]bool{}}
	err = e.visit(doc)
	return maxSchema - e.left, err
}

type expansion struct {
	doc       any
	left      int
	following map[string]bool
}

func (e *expansion) visit(part any) error {
	if e.left--; e.left < 0 {
		return fmt.Errorf("with its references followed it has more than %d parts", maxSchema)
	}
	switch part := part.(type) {
	case []any:
		for _, item := range part {
			if err := e.visit(item); err != nil {
				return err
			}
		}
	case map[string]any:
		for key, value := range part {
			if err := e.visitField(key, value); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *expansion) visitField(key string, value any) error {
	text, isText := value.(string)
	switch key {
	case "$id", "$anchor", "$dynamicAnchor", "$dynamicRef", "$recursiveAnchor", "$recursiveRef":
		if isText {
			return fmt.Errorf("%s is not supported: refer to parts by $ref and #/$defs/name", key)
		}
	case "$ref":
		if isText {
			return e.follow(text)
		}
	case "pattern":
		e.visitPattern(text)
	case "patternProperties":
		patterns, _ := value.(map[string]any)
		for pattern := range patterns {
			e.visitPattern(pattern)
		}
	}
	return e.visit(value)
}

// visitPattern counts a regular expression by its states, each of which may be
// tried at each character: a few of them take as long as a part.
func (e *expansion) visitPattern(pattern string) {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return // compiling the schema says what is wrong
	}
	if prog, err := syntax.Compile(parsed.Simplify()); err == nil {
		e.left -= len(prog.Inst) / 4
	}
}

func (e *expansion) follow(ref string) error {
	pointer, ok := strings.CutPrefix(ref, "#")
	if !ok {
		return fmt.Errorf("$ref %q refers to another document: put it into $defs", ref)
	}
	if e.following[ref] {
		return fmt.Errorf("$ref %q leads to itself: recursive schemas are not supported; true allows anything there", ref)
	}
	part := e.doc
	for _, name := range strings.Split(pointer, "/")[1:] {
		object, _ := part.(map[string]any)
		if part, ok = object[name]; !ok {
			return errors.New("$ref " + ref + " leads nowhere")
		}
	}
	e.following[ref] = true
	defer delete(e.following, ref)
	return e.visit(part)
}
