// Package config is the capability config.get: values that the embedder sets for
// modules, as text by name. Unlike an environment, a guest gets only those that it
// asks for, and modules can have different ones.
//
//	host.Config{Capabilities: []capability.Capability{
//		config.Values{"api_url": "https://api.example.com", "retries": "3"},
//	}}
package config

import (
	"context"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/capability"
)

// Values are the values by their names. They must not change while a host uses them.
type Values map[string]string

// Names implements capability.Capability.
func (Values) Names() []string { return []string{abi.CapConfig} }

// For implements capability.Capability. All modules and tenants get the same values.
func (v Values) For(capability.Scope) (map[string]capability.Op, error) {
	return map[string]capability.Op{abi.CapConfig: v.get}, nil
}

// Close implements capability.Capability.
func (Values) Close() error { return nil }

// get returns one byte, 1, and the value; or nothing if there is no value, which is not
// the same as one that is empty.
func (v Values) get(_ context.Context, u *capability.Use) ([]byte, error) {
	const mostName = 4 << 10
	if len(u.Arg) > mostName {
		return nil, capability.Errorf(abi.InvalidInput, "config.get: the name has %d bytes, at most %d are allowed",
			len(u.Arg), mostName)
	}
	name := string(u.Arg)
	u.Detail = name
	value, ok := v[name]
	if !ok {
		return nil, nil
	}
	return append([]byte{1}, value...), nil
}
