package abi

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Mode says how a task should run.
type Mode string

const (
	// IO runs cooperatively, with many calls in flight.
	IO Mode = "io"
	// Blocking runs on a pool of threads. It is the default.
	Blocking Mode = "blocking"
	// CPU runs on one isolated instance per core, and never waits for an op.
	CPU Mode = "cpu"
)

// Modes lists the modes.
var Modes = []Mode{IO, Blocking, CPU}

// ParseMode returns the mode with that name.
func ParseMode(s string) (Mode, error) {
	if m := Mode(s); slices.Contains(Modes, m) {
		return m, nil
	}
	return "", fmt.Errorf("unknown mode %q: want io, blocking or cpu", s)
}

// Limits on a manifest.
const (
	MaxManifestBytes = 1 << 20
	MaxTasks         = 4096
)

// ManifestSchema is the JSON schema of a manifest.
//
//go:embed manifest.schema.json
var ManifestSchema []byte

// Manifest describes a module's tasks.
type Manifest struct {
	Tasks []Task
	// Reseeds says that the guest draws new random numbers before its first
	// task and uses them in place of those drawn at its start.
	Reseeds bool
	// Extra holds the fields that this version does not know.
	Extra map[string]json.RawMessage
}

// Task describes one task.
type Task struct {
	Name string
	Mode Mode
	// Doc is for people: a first line that stands alone, then what the task
	// takes and returns.
	Doc string
	// Program says that the task is a program: an instance is started for each
	// call, with the arguments, environment and streams that the caller gives.
	Program bool
	// Timeout is the longest time that the task asks to run; 0 leaves it to the
	// host.
	Timeout time.Duration
	// Memory is the most linear memory, in bytes, that the task asks for; 0
	// leaves it to the host.
	Memory uint64
	// Fuel is how much the task asks to compute; a unit is about one
	// instruction. 0 leaves it to the host.
	Fuel uint64
	// Uses are the capabilities that the task uses: "http.fetch", or "kv" for all
	// whose names begin with "kv.". The task may use no others, apart from those
	// that every host has. Nil says nothing about it.
	Uses []string
	// Input and Output are JSON schemas; nil accepts any bytes.
	Input, Output json.RawMessage
	// Extra holds the fields that this version does not know.
	Extra map[string]json.RawMessage
}

// ManifestError says where a manifest is wrong.
type ManifestError struct {
	// Path is the field's, like "tasks[1].mode"; it is empty for the whole
	// manifest.
	Path   string
	Reason string
}

func (e *ManifestError) Error() string {
	if e.Path == "" {
		return e.Reason
	}
	return e.Path + ": " + e.Reason
}

// CheckTaskName returns an error if name can't be a task's name. A name is a
// letter or an underscore, then up to 127 letters, digits, underscores, dots
// and dashes.
func CheckTaskName(name string) error {
	ok := 1 <= len(name) && len(name) <= 128
	for i := 0; ok && i < len(name); i++ {
		c := name[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
		ok = letter || i > 0 && ('0' <= c && c <= '9' || c == '.' || c == '-')
	}
	if !ok {
		return fmt.Errorf("%.130q can't be a task's name: want a letter, then up to 127 of A-Z a-z 0-9 _ . -", name)
	}
	return nil
}

// CheckCapabilityName returns an error if name can't be that of a capability:
// words of a-z, 0-9 and _, joined by dots, of at most 128 bytes together.
func CheckCapabilityName(name string) error {
	ok := len(name) <= 128
	for word := range strings.SplitSeq(name, ".") {
		ok = ok && word != "" && 'a' <= word[0] && word[0] <= 'z' &&
			strings.Trim(word, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
	}
	if !ok {
		return fmt.Errorf("%.130q can't be a capability's name: want words like http.fetch", name)
	}
	return nil
}

// ParseManifest reads a manifest. Its error is a *ManifestError.
func ParseManifest(b []byte) (*Manifest, error) {
	if len(b) > MaxManifestBytes {
		return nil, &ManifestError{"", fmt.Sprintf("%d bytes, at most %d are allowed", len(b), MaxManifestBytes)}
	}
	m := &Manifest{}
	root := fields{}
	if err := json.Unmarshal(b, &root.known); err != nil || root.known == nil {
		return nil, &ManifestError{"", "not a JSON object" + because(err)}
	}
	var tasks []json.RawMessage
	root.take("tasks", "an array of tasks", &tasks)
	root.take("reseeds", "true or false", &m.Reseeds)
	m.Extra = root.rest()
	switch {
	case root.err != nil:
		return nil, root.err
	case len(tasks) == 0:
		return nil, &ManifestError{"tasks", "want at least one task"}
	case len(tasks) > MaxTasks:
		return nil, &ManifestError{"tasks", fmt.Sprintf("%d tasks, at most %d are allowed", len(tasks), MaxTasks)}
	}
	seen := make(map[string]int, len(tasks))
	for i, raw := range tasks {
		path := fmt.Sprintf("tasks[%d]", i)
		t, err := parseTask(path, raw)
		if err != nil {
			return nil, err
		}
		if first, ok := seen[t.Name]; ok {
			reason := fmt.Sprintf("%q is already the name of tasks[%d]", t.Name, first)
			return nil, &ManifestError{path + ".name", reason}
		}
		seen[t.Name] = i
		m.Tasks = append(m.Tasks, t)
	}
	return m, nil
}

func parseTask(path string, raw json.RawMessage) (Task, error) {
	f := fields{path: path + "."}
	if err := json.Unmarshal(raw, &f.known); err != nil || f.known == nil {
		return Task{}, &ManifestError{path, "not a JSON object" + because(err)}
	}
	t := Task{Mode: Blocking}
	var mode *string
	var timeout, memory, fuel *float64
	f.take("name", "a string", &t.Name)
	f.take("mode", "a string", &mode)
	f.take("doc", "a string", &t.Doc)
	f.take("program", "true or false", &t.Program)
	f.take("timeout_ms", "a number", &timeout)
	f.take("memory_bytes", "a number", &memory)
	f.take("fuel", "a number", &fuel)
	f.take("uses", "an array of names of capabilities", &t.Uses)
	if t.Uses != nil {
		for i, name := range t.Uses {
			if err := CheckCapabilityName(name); err != nil {
				f.fail(fmt.Sprintf("uses[%d]", i), err.Error())
			}
		}
	}
	t.Input = f.takeSchema("input")
	t.Output = f.takeSchema("output")
	if err := CheckTaskName(t.Name); err != nil {
		f.fail("name", err.Error())
	}
	if f.err == nil && mode != nil {
		var err error
		if t.Mode, err = ParseMode(*mode); err != nil {
			f.fail("mode", err.Error())
		}
	}
	t.Timeout = time.Duration(f.whole("timeout_ms", timeout, math.MaxInt64/int64(time.Millisecond))) * time.Millisecond
	t.Memory = uint64(f.whole("memory_bytes", memory, 1<<48))
	t.Fuel = uint64(f.whole("fuel", fuel, 1<<53))
	t.Extra = f.rest()
	if f.err != nil {
		return Task{}, f.err
	}
	return t, nil
}

// fields takes the known fields out of a JSON object, one by one, and keeps
// the first error. It matches names exactly, which encoding/json does not.
type fields struct {
	path  string
	known map[string]json.RawMessage
	err   error
}

func (f *fields) fail(name, reason string) {
	if f.err == nil {
		f.err = &ManifestError{f.path + name, reason}
	}
}

func (f *fields) take(name, want string, into any) {
	raw, ok := f.known[name]
	if !ok {
		return
	}
	delete(f.known, name)
	if string(raw) == "null" || json.Unmarshal(raw, into) != nil {
		f.fail(name, fmt.Sprintf("want %s, not %.40s", want, raw))
	}
}

func (f *fields) takeSchema(name string) json.RawMessage {
	raw, ok := f.known[name]
	if !ok {
		return nil
	}
	delete(f.known, name)
	if c := raw[0]; c != '{' && c != 't' && c != 'f' {
		f.fail(name, fmt.Sprintf("want a JSON schema (an object or a boolean), not %.40s", raw))
	}
	return raw
}

// whole checks that an optional number is a whole number from 1 to most.
func (f *fields) whole(name string, n *float64, most int64) int64 {
	switch {
	case n == nil || f.err != nil:
		return 0
	case *n != math.Trunc(*n) || *n < 1 || *n > float64(most):
		f.fail(name, fmt.Sprintf("want a whole number from 1 to %d, not %v", most, *n))
		return 0
	}
	return int64(*n)
}

func (f *fields) rest() map[string]json.RawMessage {
	if len(f.known) == 0 {
		return nil
	}
	return f.known
}

func because(err error) string {
	if err == nil {
		return ""
	}
	return ": " + err.Error()
}

// MarshalJSON writes the manifest as ParseManifest reads it.
func (m *Manifest) MarshalJSON() ([]byte, error) {
	return withExtra(struct {
		Tasks   []Task `json:"tasks"`
		Reseeds bool   `json:"reseeds,omitempty"`
	}{m.Tasks, m.Reseeds}, m.Extra)
}

// MarshalJSON writes the task as ParseManifest reads it.
func (t Task) MarshalJSON() ([]byte, error) {
	return withExtra(struct {
		Name    string          `json:"name"`
		Mode    Mode            `json:"mode,omitempty"`
		Doc     string          `json:"doc,omitempty"`
		Program bool            `json:"program,omitempty"`
		Timeout int64           `json:"timeout_ms,omitempty"`
		Memory  uint64          `json:"memory_bytes,omitempty"`
		Fuel    uint64          `json:"fuel,omitempty"`
		Uses    []string        `json:"uses,omitzero"`
		Input   json.RawMessage `json:"input,omitempty"`
		Output  json.RawMessage `json:"output,omitempty"`
	}{t.Name, t.Mode, t.Doc, t.Program, t.Timeout.Milliseconds(), t.Memory, t.Fuel, t.Uses, t.Input, t.Output}, t.Extra)
}

// withExtra writes the known fields in their order, then the extra ones.
func withExtra(known any, extra map[string]json.RawMessage) ([]byte, error) {
	b, err := json.Marshal(known)
	if err != nil || len(extra) == 0 {
		return b, err
	}
	more, err := json.Marshal(extra)
	if err != nil {
		return nil, err
	}
	b[len(b)-1] = ','
	return append(b, more[1:]...), nil
}
