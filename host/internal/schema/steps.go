package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const (
	// maxSteps is the most steps that a check takes. A step is at most about two
	// microseconds and 400 bytes.
	maxSteps = 1 << 20
	// maxDepth is how many parts deep a check goes: each takes some stack.
	maxDepth = 2048
)

var (
	errDeep = fmt.Errorf("it nests too deep: its schema would be followed more than %d levels down", maxDepth)
	errLong = fmt.Errorf("it is too large for its schema: checking it would take more than %d steps", maxSteps)
)

// boundSteps refuses a value that would take too long to check, or too much
// stack. It counts by a dry run: it visits the same parts with the same values as
// the check would, never stops early as the check may, and compares nothing. So
// it ends once it has counted maxSteps, and the check that follows takes no more.
//
// How often parts refer to each other does not matter here: a schema that checks
// each level of a tree twice, by two branches of an allOf, doubles the steps with
// each level of the text, and the text is refused when these are too many.
func boundSteps(root *part, doc any) error {
	r := dryRun{}
	if err := r.visit(root, doc, 0); err != nil {
		return err
	}
	return r.take(0)
}

type dryRun struct{ steps int64 }

// take counts steps.
func (r *dryRun) take(steps int64) error {
	if r.steps += steps; r.steps > maxSteps {
		return errLong
	}
	return nil
}

// visit counts the steps of checking a value by a part. The steps grow with the
// depth, because each difference that is found has the path to the value.
func (r *dryRun) visit(p *part, value any, depth int) error {
	if p == nil {
		return nil
	}
	if depth > maxDepth {
		return errDeep
	}
	if err := r.take(p.steps + int64(depth)/8); err != nil {
		return err
	}
	for _, q := range p.same {
		if err := r.visit(q, value, depth+1); err != nil {
			return err
		}
	}
	switch value := value.(type) {
	case map[string]any:
		return r.object(p, value, depth)
	case []any:
		return r.array(p, value, depth)
	case string:
		return r.take(int64(len(value)) * p.perChar / 64)
	case json.Number:
		return r.take(digits(value) * p.perDigit / 16)
	}
	return nil
}

func (r *dryRun) object(p *part, object map[string]any, depth int) error {
	if err := r.take(int64(len(object))); err != nil {
		return err
	}
	for name, value := range object {
		if err := r.visit(p.names, name, depth+1); err != nil {
			return err
		}
		q, known := p.properties[name]
		if err := r.visit(q, value, depth+1); err != nil {
			return err
		}
		for _, pattern := range p.patterns {
			if err := r.take(1 + int64(len(name))*pattern.states/16); err != nil {
				return err
			}
			if !pattern.regexp.MatchString(name) {
				continue
			}
			known = true
			if err := r.visit(pattern.part, value, depth+1); err != nil {
				return err
			}
		}
		if known {
			continue
		}
		if err := r.visit(p.others, value, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (r *dryRun) array(p *part, array []any, depth int) error {
	steps := int64(len(array)) / 4
	if p.unique {
		steps += 2 * size(array)
	}
	if err := r.take(steps); err != nil {
		return err
	}
	for i, item := range array {
		q := p.rest
		if i < len(p.prefix) {
			q = p.prefix[i]
		}
		if err := errors.Join(r.visit(q, item, depth+1), r.visit(p.contains, item, depth+1)); err != nil {
			return err
		}
	}
	return nil
}

// size is about how many steps it takes to compare a value with another.
func size(v any) int64 {
	steps := int64(1)
	switch v := v.(type) {
	case string:
		steps += int64(len(v)) / 64
	case json.Number:
		steps += digits(v) / 16
	case []any:
		for _, item := range v {
			steps += size(item)
		}
	case map[string]any:
		for name, item := range v {
			steps += 1 + int64(len(name))/64 + size(item)
		}
	}
	return steps
}

// digits is about how many digits a number has when it is written out.
func digits(n json.Number) int64 {
	steps := int64(len(n))
	if at := strings.IndexAny(string(n), "eE"); at >= 0 {
		exponent, _ := strconv.Atoi(string(n[at+1:])) // which boundText bounds
		steps += int64(max(exponent, -exponent))
	}
	return steps
}
