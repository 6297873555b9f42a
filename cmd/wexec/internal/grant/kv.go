package grant

import (
	"github.com/wexec/wexec/cmd/wexec/internal/exit"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/capability/kv"
)

const kvUsage = "a `FILE` in which it may keep keys and values (kv.get, kv.put …); it is made if there is none"

// openKV opens the store of --kv, if there is one.
func (g *Flags) openKV() ([]capability.Capability, error) {
	if g.kv == "" {
		return nil, nil
	}
	store, err := kv.Open(g.kv, kv.Limits{})
	if err != nil {
		return nil, exit.Usagef("--kv: %w", err)
	}
	return []capability.Capability{store}, nil
}
