package linear

import (
	"bytes"
	"testing"
)

// TestPieces: in pieces, bytes are moved as they are at once.
func TestPieces(t *testing.T) {
	for _, n := range []int{0, 1, piece - 1, piece, piece + 1, 3*piece + 5} {
		from := bytes.Repeat([]byte("0123456789a"), n/11+1)[:n]
		for _, at := range []int{0, n / 3, n} {
			b := Append(Append(nil, from[:at]), from[at:])
			if !bytes.Equal(b, from) || n > 0 && &b[0] == &from[0] {
				t.Errorf("Append of %d bytes to %d is wrong", n-at, at)
			}
		}
		to := make([]byte, n+1)
		if done := Copy(to, from); done != n || !bytes.Equal(to[:n], from) {
			t.Errorf("Copy of %d bytes copied %d, or others", n, done)
		}
		if done := Copy(to[:n/2], from); done != n/2 {
			t.Errorf("Copy to %d bytes copied %d", n/2, done)
		}
		Clear(to)
		if !bytes.Equal(to, make([]byte, n+1)) {
			t.Errorf("Clear of %d bytes left some", n)
		}
	}
}

// TestFill: a memory gets its pages piece by piece, which changes nothing else. It
// keeps them when it is restored, until they are discarded.
func TestFill(t *testing.T) {
	const size = 5 * PageSize
	m := NewBudget(1<<30, nil).New(1<<20, 1<<20)
	m.Reserve(1 << 20)
	m.Reallocate(size)
	defer m.Release()
	content := bytes.Repeat([]byte("0123456789abcdef"), size/16)
	copy(m.Bytes(), content)
	image, err := m.NewImage()
	if err != nil {
		t.Fatal(err)
	}
	defer image.Close()
	missing := m.Missing()
	for ; m.Missing() > 0; missing -= PageSize {
		if m.Missing() != missing {
			t.Fatalf("%d bytes are missing, want %d", m.Missing(), missing)
		}
		m.Fill()
		if !bytes.Equal(m.Bytes(), content) {
			t.Fatal("filling changed the contents")
		}
	}
	clear(m.Bytes()[PageSize:])
	m.Reallocate(size + PageSize)
	if m.Missing() != PageSize {
		t.Errorf("%d bytes are missing of a memory that grew by %d", m.Missing(), PageSize)
	}
	if !m.Restore(grower{m}) || !bytes.Equal(m.Bytes(), content) {
		t.Error("it was not restored")
	}
	if m.Missing() > size {
		t.Errorf("%d bytes are missing of %d", m.Missing(), size)
	}
}

// grower stands for the engine, which asks for another size.
type grower struct{ m *Memory }

func (g grower) Grow(uint32) (uint32, bool) { return 0, g.m.Reallocate(1) != nil }
