package wexec

import (
	"encoding/json"
	"reflect"
)

// encode encodes an input or an output: bytes as they are, None and nil as
// nothing, anything else as JSON.
func encode(v any) ([]byte, error) {
	switch v := v.(type) {
	case nil, None:
		return nil, nil
	case []byte:
		return v, nil
	}
	var b []byte
	err := onDeepStack(func() (err error) {
		b, err = json.Marshal(v)
		return err
	})
	return b, err
}

// decode is the reverse of encode. For a type that can be null, empty bytes
// mean the zero value.
func decode[T any](b []byte) (T, error) {
	var v T
	switch into := any(&v).(type) {
	case *None:
		return v, nil
	case *[]byte:
		*into = b
		return v, nil
	}
	if len(b) == 0 && nullable(reflect.TypeFor[T]()) {
		return v, nil
	}
	err := onDeepStack(func() error { return json.Unmarshal(b, &v) })
	return v, err
}

func decodeInput[T any](b []byte) (T, error) {
	v, err := decode[T](b)
	if err != nil {
		err = &Error{StatusInvalidInput, "the input: " + err.Error()}
	}
	return v, err
}

// nullable reports whether encoding/json writes the zero value of t as null.
func nullable(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface:
		return true
	}
	return false
}
