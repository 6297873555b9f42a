package instrument_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/wexec/wexec/host/internal/instrument"
	"github.com/wexec/wexec/host/internal/wasm"
)

// TestNeeds: a module that needs Options is refused without them, with all that
// it needs and the first place that does. With them, the list is the same.
func TestNeeds(t *testing.T) {
	tag, shared := sections{13: {1, 0, 0}}, sections{5: {1, 3, 1, 2}}
	both := sections{13: {1, 0, 0}, 5: {1, 3, 1, 2}}
	throw := []byte{0x08, 0}
	catch := []byte{0x1f, 0x40, 1, 2, 0, 0x0b} // try_table (catch_all 0)
	const throws, catches, waits = "throws exceptions", "catches exceptions", "shared memory"
	for name, c := range map[string]struct {
		wasm  []byte
		needs []string
		first string // the reason
		given instrument.Options
	}{
		"nothing":              {wasm: with(nil, nil)},
		"exceptions thrown":    {with(tag, throw), []string{"Exceptions"}, throws, instrument.Options{}},
		"exceptions caught":    {with(nil, catch), []string{"Exceptions"}, catches, instrument.Options{}},
		"caught, then thrown":  {with(tag, concat(catch, throw)), []string{"Exceptions"}, catches, instrument.Options{SharedMemory: true}},
		"a shared memory":      {with(shared, nil), []string{"SharedMemory"}, waits, instrument.Options{}},
		"both":                 {with(both, throw), []string{"Exceptions", "SharedMemory"}, waits, instrument.Options{}},
		"both, one is given":   {with(both, throw), []string{"Exceptions", "SharedMemory"}, throws, instrument.Options{SharedMemory: true}},
		"both, other is given": {with(both, throw), []string{"Exceptions", "SharedMemory"}, waits, instrument.Options{Exceptions: true}},
	} {
		_, err := rewrite(c.wasm, c.given)
		if e, ok := errors.AsType[*instrument.NeedsError](err); ok != (c.needs != nil) {
			t.Errorf("%s: %v", name, err)
		} else if ok {
			if !slices.Equal(e.Needs, c.needs) || !strings.Contains(e.Error(), c.first) {
				t.Errorf("%s: it needs %v: %v; want %v, since it %s", name, e.Needs, e, c.needs, c.first)
			}
			if place, ok := errors.AsType[*wasm.Error](err); !ok || place.Offset == 0 {
				t.Errorf("%s: %v is at no place", name, err)
			}
		}
		out, err := rewrite(c.wasm, instrument.Options{Exceptions: true, SharedMemory: true})
		if err != nil || !slices.Equal(out.Needs, c.needs) {
			t.Errorf("%s: with all Options it needs %v, %v", name, out, err)
		}
	}
}

// TestNeedsNothing: a module that no Options can help is refused for that, and
// not for what it needs.
func TestNeedsNothing(t *testing.T) {
	throw, unknown := []byte{0x08, 0}, []byte{0xfb, 0}
	_, err := rewrite(with(sections{13: {1, 0, 0}}, concat(throw, unknown)), instrument.Options{})
	if _, ok := errors.AsType[*instrument.NeedsError](err); ok || err == nil || !strings.Contains(err.Error(), "garbage collection") {
		t.Errorf("it is refused because of %v", err)
	}
}
