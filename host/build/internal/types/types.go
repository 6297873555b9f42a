// Package types reads what a source in TypeScript tells of its tasks: the types of their
// parameters and results, as JSON schemas, and the comments above them. It knows the
// simple types that JSON has. Where it is not sure it tells nothing, which allows
// everything: it is no compiler, and what it says must be true.
package types

import (
	"encoding/json"
	"slices"

	"github.com/wexec/wexec/abi"
)

// Task is what a source tells of a task. Empty fields are unknown.
type Task struct {
	Doc           string
	Input, Output json.RawMessage
}

// Tasks are what a source tells of its tasks, by their names.
type Tasks map[string]Task

// Read reads a source. If it does not understand it, it returns nil.
func Read(source string) Tasks {
	tokens, ok := scan(source)
	if !ok {
		return nil
	}
	r := &reader{tokens: tokens, named: map[string]int{}, tasks: Tasks{}}
	for i, t := range tokens {
		ours := t.kind == quote && t.text == "wexec" && i > 0 && tokens[i-1].text == "from"
		r.imports = r.imports || ours
	}
	r.declarations()
	r.exports()
	return r.tasks
}

// Add returns a manifest's tasks with what the source tells of them, where they do not
// tell it themselves.
func (t Tasks) Add(tasks []abi.Task) []abi.Task {
	tasks = slices.Clone(tasks)
	for i := range tasks {
		told, task := t[tasks[i].Name], &tasks[i]
		if task.Program {
			continue
		}
		if task.Doc == "" {
			task.Doc = told.Doc
		}
		if task.Input == nil {
			task.Input = told.Input
		}
		if task.Output == nil {
			task.Output = told.Output
		}
	}
	return tasks
}

// reader reads tokens one by one.
type reader struct {
	tokens []token
	at     int
	depth  int            // of types in types
	named  map[string]int // where the type with a name begins, or -1 while it is read
	tasks  Tasks
	// imports says that something comes from wexec: then task is ours.
	imports bool
}

// peek returns the text of a token that is to come, if it is not in quotes.
func (r *reader) peek(ahead int) string {
	i := r.at + ahead
	if i >= len(r.tokens) || r.tokens[i].kind == quote {
		return ""
	}
	return r.tokens[i].text
}

// kind returns what the next token is.
func (r *reader) kind() kind {
	if r.at < len(r.tokens) {
		return r.tokens[r.at].kind
	}
	return end
}

func (r *reader) next() token {
	if r.at >= len(r.tokens) {
		return token{}
	}
	r.at++
	return r.tokens[r.at-1]
}

// take reads a token if it is the one given.
func (r *reader) take(text string) bool {
	if r.peek(0) != text {
		return false
	}
	r.at++
	return true
}

// skip reads a token, and all up to its closing one if it opens something. It reports
// whether there was one.
func (r *reader) skip() bool {
	if r.at >= len(r.tokens) {
		return false
	}
	depth := 0
	for r.at < len(r.tokens) {
		t := r.next()
		if t.kind == quote {
			if depth == 0 {
				return true
			}
			continue
		}
		switch t.text {
		case "(", "[", "{":
			depth++
		case ")", "]", "}":
			depth--
		}
		if depth <= 0 {
			return true
		}
	}
	return true
}

// declarations finds the types that the top level of the source declares.
func (r *reader) declarations() {
	for r.at = 0; r.at < len(r.tokens); r.skip() {
		name, at := r.peek(1), r.at+2
		switch r.peek(0) + " " + r.peek(2) {
		case "type =":
			at++
		case "interface {":
		default:
			continue // another thing, or a type that has parameters or extends another
		}
		if _, twice := r.named[name]; twice {
			at = unsure // interfaces are merged
		}
		r.named[name] = at
	}
}

// unsure is the place of a type that is not to be read.
const unsure = -1

// exports finds the functions and tasks that the top level of the source exports.
func (r *reader) exports() {
	for r.at = 0; r.at < len(r.tokens); {
		if !r.take("export") {
			r.skip()
			continue
		}
		doc := r.tokens[r.at-1].doc
		var name string
		switch {
		case r.take("const"):
			name = r.next().text
			if !r.take("=") {
				continue // it has a type of its own, or is something else
			}
			if r.take("task") && !r.enterTask() {
				continue
			}
		case r.peek(0) == "async" && r.peek(1) == "function":
			name = r.peek(2)
		case r.peek(0) == "function":
			name = r.peek(1)
		default:
			continue
		}
		t := r.function()
		t.Doc = doc
		if _, twice := r.tasks[name]; twice {
			t = Task{} // overloads
		}
		r.tasks[name] = t
	}
}

// enterTask reads the call of task up to its function. It reports whether it may be
// one whose name and schemas the source tells.
func (r *reader) enterTask() bool {
	if !r.imports || !r.take("(") {
		return false
	}
	if r.peek(0) != "{" {
		return true
	}
	end := r.closingAt()
	for ; r.at < end; r.at++ {
		if word := r.tokens[r.at].text; word == "name" || word == "bytes" || word == "..." {
			return false // it has another name, or its input is no JSON
		}
	}
	return r.take(",")
}
