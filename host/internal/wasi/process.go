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
