package wasi

import (
	"crypto/rand"
	"runtime"
)

// piece is how many bytes are moved between two safepoints.
const piece = 1 << 20

// randomPiece is the same for random bytes, which take longer.
const randomPiece = 64 << 10

func randomGet(c call, a args) errno {
	buf, ok := memory(c.Memory()).bytes(a.u32(0), a.u32(1))
	if !ok {
		return eFault
	}
	c.drew = true
	for len(buf) > 0 {
		n := min(len(buf), randomPiece)
		c.Charge(n)
		_, _ = rand.Read(buf[:n]) // never fails
		buf = buf[n:]
	}
	return success
}

func procExit(c call, a args) errno {
	c.Exit(a.u32(0))
	return success
}

// procRaise fails, since there are no signals.
func procRaise(call, args) errno { return eNotSup }

func schedYield(call, args) errno {
	runtime.Gosched()
	return success
}

// sockAny serves all calls on sockets, which no guest has.
func sockAny(c call, a args) errno {
	if c.table.get(a.u32(0)) == nil {
		return eBadf
	}
	return eNotSock
}

// The calls for arguments and environment write an array of addresses, and a buffer
// with the strings, each with a zero byte at its end.

func argsGet(c call, a args) errno      { return c.putStrings(c.args, a) }
func environGet(c call, a args) errno   { return c.putStrings(c.env, a) }
func argsSizesGet(c call, a args) errno { return c.putSizes(c.args, a) }

func environSizesGet(c call, a args) errno { return c.putSizes(c.env, a) }

func (c call) putSizes(all []string, a args) errno {
	m := memory(c.Memory())
	if e := m.put(a.u32(0), uint32(len(all))); e != success {
		return e
	}
	return m.put(a.u32(1), uint32(bytesOf(all)))
}

// bytesOf is the size of strings with their zero bytes.
func bytesOf(all []string) int {
	n := len(all)
	for _, s := range all {
		n += len(s)
	}
	return n
}

func (c call) putStrings(all []string, a args) errno {
	array, buf := a.u32(0), a.u32(1)
	m, total := memory(c.Memory()), bytesOf(all)
	if !m.has(array, uint64(len(all))*4) || !m.has(buf, uint64(total)) {
		return eFault
	}
	c.Charge(total)
	for _, s := range all {
		m.put(array, buf)
		n := copy(m[buf:], s)
		m[int(buf)+n] = 0
		array, buf = array+4, buf+uint32(n)+1
	}
	return success
}
