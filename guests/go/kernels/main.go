//go:build wasip1

// Kernels in Go: some of the programs in guests/c/kernels, with the same checksums
// but in idiomatic Go. Each is an export that does more work for a larger n.
package main

func main() {}

// random is the xorshift generator of the C kernels. Its state must not be 0.
type random uint32

func (r *random) next() uint32 {
	*r ^= *r << 13
	*r ^= *r >> 17
	*r ^= *r << 5
	return uint32(*r)
}

// hash is FNV-1a, extended from bytes to words.
type hash uint32

const newHash hash = 2166136261

func (h hash) with(value uint32) hash { return (h ^ hash(value)) * 16777619 }

func hashOf[T string | []byte](bytes T) hash {
	h := newHash
	for i := range len(bytes) {
		h = h.with(uint32(bytes[i]))
	}
	return h
}
