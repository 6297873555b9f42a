package kv_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/capability/kv"
)

// A store outlives its process. An embedder passes it to a host in
// Config.Capabilities; here the ops are run as the host runs them for a guest.
func Example() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	for range 2 {
		store, err := kv.Open(filepath.Join(dir, "state.db"), kv.Limits{Keys: 1000})
		if err != nil {
			panic(err)
		}
		ops, err := store.For(capability.Scope{Module: "shop", Tenant: "ann"})
		if err != nil {
			panic(err)
		}
		visit := &capability.Use{Op: abi.CapKVAdd, Arg: abi.AppendKVNumber(nil, 1, []byte("visits"))}
		sum, err := ops[abi.CapKVAdd](context.Background(), visit)
		if err != nil {
			panic(err)
		}
		fmt.Println("visits:", binary.LittleEndian.Uint64(sum))
		store.Close()
	}
	// Output:
	// visits: 1
	// visits: 2
}
