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
	tag, shared, both := sections{13: {1, 0, 0}}, sections{5: {1, 3, 1, 2}}, sections{13: {1, 0, 0}, 5: {1, 3, 1, 2}}
	none, trusted := instrument.Options{}, instrument.Options{Exceptions: true, SharedMemory: true}
	throw := []byte{0x08, 0}
	catch := []byte{0x1f, 0x40, 1, 2, 0, 0x0b} // try_table (catch_all 0)
	exceptions, memory, all := []string{"Exceptions"}, []string{"SharedMemory"}, []string{"Exceptions", "SharedMemory"}
	const throws, catches, waits = "throws exceptions", "catches exceptions", "shared memory"
	for name, c := range map[string]struct {
		wasm  []byte
		given instrument.Options
		needs []string
		first string // the reason
	}{
		"nothing":              {wasm: with(nil, nil)},
		"exceptions thrown":    {with(tag, throw), none, exceptions, throws},
		"exceptions caught":    {with(nil, catch), none, exceptions, catches},
		"caught, then thrown":  {with(tag, concat(catch, throw)), none, exceptions, catches},
		"a shared memory":      {with(shared, nil), none, memory, waits},
		"both":                 {with(both, throw), none, all, waits},
		"both, one is given":   {with(both, throw), instrument.Options{SharedMemory: true}, all, throws},
		"both, other is given": {with(both, throw), instrument.Options{Exceptions: true}, all, waits},
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
		out, err := rewrite(c.wasm, trusted)
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
	_, needs := errors.AsType[*instrument.NeedsError](err)
	if needs || err == nil || !strings.Contains(err.Error(), "garbage collection") {
		t.Errorf("the error is %v", err)
	}
}
