package files_test

import (
	"context"
	"fmt"
	"os"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/capability/files"
)

// A folder for guests. An embedder passes it to a host in Config.Capabilities; here the
// ops are run as the host runs them for a guest.
func Example() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	folders, err := files.Open(capability.Mount{Host: dir, Guest: "/data", Quota: capability.Quota{Bytes: 1000}})
	if err != nil {
		panic(err)
	}
	defer folders.Close()
	ops, err := folders.For(capability.Scope{})
	if err != nil {
		panic(err)
	}
	do := func(op string, arg []byte) {
		result, err := ops[op](context.Background(), &capability.Use{Op: op, Arg: arg})
		fmt.Printf("%s: %q %v\n", op, result, err)
	}
	do(abi.CapFilesWrite, abi.AppendCounted(nil, []byte("/data/greeting"), []byte("hello")))
	do(abi.CapFilesRead, []byte("/data/greeting"))
	do(abi.CapFilesRead, []byte("/data/../etc/passwd"))
	do(abi.CapFilesWrite, abi.AppendCounted(nil, []byte("/data/large"), make([]byte, 1000)))
	// Output:
	// files.write: "" <nil>
	// files.read: "hello" <nil>
	// files.read: "" files.read: "/data/../etc/passwd": it leads out of the folder, or is not allowed there
	// files.write: "" files.write: "/data/large": the folder has no room for more (Mount.Quota)
}
