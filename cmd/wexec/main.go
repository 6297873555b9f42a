// Command wexec runs tasks: functions that were compiled to WebAssembly. It is
// a thin skin over package host: a file a command, each with its options and
// a method run; root.go puts them together.
package main

import "os"

func main() {
	os.Exit(execute(os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}))
}
