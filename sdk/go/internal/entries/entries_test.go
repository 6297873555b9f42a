package entries

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// line cuts a line from the front.
func line(b []byte) (string, []byte, bool) {
	before, after, found := bytes.Cut(b, []byte("\n"))
	return string(before), after, found
}

func TestEach(t *testing.T) {
	broken := errors.New("broken")
	long := strings.Repeat("x", 3*pieceBytes)
	for _, c := range []struct {
		stream io.Reader
		most   int
		want   []string
		err    error
	}{
		{strings.NewReader(""), 9, nil, nil},
		{strings.NewReader("a\n\nb\n"), 9, []string{"a", "", "b"}, nil},
		{iotest.OneByteReader(strings.NewReader("a\nb\n")), 9, []string{"a", "b"}, nil},
		{strings.NewReader(long + "\nb\n"), 9, []string{long, "b"}, nil},
		{strings.NewReader("a\nb\nc\n"), 2, []string{"a", "b"}, nil},
		{strings.NewReader("a\nb"), 9, []string{"a"}, io.ErrUnexpectedEOF},
		{io.MultiReader(strings.NewReader("a\n"), iotest.ErrReader(broken)), 9, []string{"a"}, broken},
	} {
		var got []string
		var err error
		Each(c.stream, line, func(s string, e error) bool {
			if e != nil {
				err = e
				return false
			}
			got = append(got, s)
			return len(got) < c.most
		})
		if !slices.Equal(got, c.want) || err != c.err {
			t.Errorf("%.40q, %v; want %.40q, %v", got, err, c.want, c.err)
		}
	}
}
