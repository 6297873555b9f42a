package abi

import (
	"encoding/hex"
	"testing"
	"time"
)

func TestKVVectors(t *testing.T) {
	var all struct {
		Put []struct {
			Doc             string
			TTL             time.Duration
			Version         uint64
			Key, Value, Hex string
		}
		Number []struct {
			Doc      string
			Number   uint64
			Key, Hex string
		}
		Counted []struct{ Doc, First, Second, Hex string }
		Entry   []struct {
			Doc             string
			Version         uint64
			Key, Value, Hex string
		}
		Malformed []struct{ Doc, Form, Hex string }
	}
	vectors(t, "kv.json", &all)
	check := func(doc string, bytes []byte, want string) {
		t.Helper()
		if got := hex.EncodeToString(bytes); got != want {
			t.Errorf("%s: got %s, want %s", doc, got, want)
		}
	}
	for _, c := range all.Put {
		b := KVPut{c.TTL, c.Version, []byte(c.Key), []byte(c.Value)}.Append(nil)
		check(c.Doc, b, c.Hex)
		got, err := ParseKVPut(b)
		same := got.TTL == c.TTL && got.Version == c.Version && string(got.Key) == c.Key && string(got.Value) == c.Value
		if !same || err != nil {
			t.Errorf("%s: read as %+v, %v", c.Doc, got, err)
		}
	}
	for _, c := range all.Number {
		b := AppendKVNumber(nil, c.Number, []byte(c.Key))
		check(c.Doc, b, c.Hex)
		if n, key, err := ParseKVNumber(b); n != c.Number || string(key) != c.Key || err != nil {
			t.Errorf("%s: read as %d, %q, %v", c.Doc, n, key, err)
		}
	}
	for _, c := range all.Counted {
		b := AppendCounted(nil, []byte(c.First), []byte(c.Second))
		check(c.Doc, b, c.Hex)
		if first, second, err := ParseCounted(b); string(first) != c.First || string(second) != c.Second || err != nil {
			t.Errorf("%s: read as %q, %q, %v", c.Doc, first, second, err)
		}
	}
	for _, c := range all.Entry {
		b := KVEntry{c.Version, []byte(c.Key), []byte(c.Value)}.Append(nil)
		check(c.Doc, b, c.Hex)
		got, rest, ok := CutKVEntry(append(b, 'x'))
		same := got.Version == c.Version && string(got.Key) == c.Key && string(got.Value) == c.Value
		if !same || string(rest) != "x" || !ok {
			t.Errorf("%s: read as %+v, %q, %v", c.Doc, got, rest, ok)
		}
	}
	for _, c := range all.Malformed {
		b, err := hex.DecodeString(c.Hex)
		if err != nil {
			t.Fatal(err)
		}
		accepted := map[string]func() bool{
			"put":     func() bool { _, err := ParseKVPut(b); return err == nil },
			"number":  func() bool { _, _, err := ParseKVNumber(b); return err == nil },
			"counted": func() bool { _, _, err := ParseCounted(b); return err == nil },
			"entry":   func() bool { _, _, ok := CutKVEntry(b); return ok },
		}[c.Form]
		if accepted() {
			t.Errorf("%s was accepted", c.Doc)
		}
	}
}
