// Command wexec runs tasks: functions that were compiled to WebAssembly. It is a
// thin skin over package host. Package root says how it is laid out.
package main

import (
	"os"

	"github.com/wexec/wexec/cmd/wexec/internal/root"
	"github.com/wexec/wexec/cmd/wexec/internal/term"
	"github.com/wexec/wexec/host"
)

func main() {
	host.CompileInChild()
	os.Exit(root.Execute(os.Args[1:], term.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}
