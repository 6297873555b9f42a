package config_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/capability/config"
)

func TestGet(t *testing.T) {
	ops, err := config.Values{"greeting": "hello", "empty": ""}.For(capability.Scope{})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"greeting": "\x01hello", "empty": "\x01", "none": "", "": ""} {
		got, err := ops[abi.CapConfig](t.Context(), &capability.Use{Arg: []byte(name)})
		if err != nil || string(got) != want {
			t.Errorf("%q is %q, %v; want %q", name, got, err, want)
		}
	}
	_, err = ops[abi.CapConfig](t.Context(), &capability.Use{Arg: []byte(strings.Repeat("x", 5000))})
	if e := (*capability.Error)(nil); !errors.As(err, &e) || e.Status != abi.InvalidInput {
		t.Error(err)
	}
}
