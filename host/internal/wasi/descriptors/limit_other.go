//go:build !unix

package descriptors

// processLimit is how many files the process may open, which nothing tells here.
func processLimit() int { return 8192 }
