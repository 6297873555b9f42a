// Command hello is the least program in Go.
package main

import "fmt"

func main() { fmt.Println("hello") }
