// Package screen is how a guest writes to a terminal that wexec writes to as well.
// What passes is text, and colours of text. Nothing passes that steers the
// terminal, such as a movement of the cursor, a title or the clipboard.
//
// Backgrounds do not pass either: text with a background is wexec's own. A guest
// that copies the words of a message of wexec's can't copy its look.
package screen

import (
	"io"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

const (
	// piece is how much is filtered at once.
	piece = 32 << 10
	// maxParams is the most bytes of a sequence that are kept. Longer ones are no
	// colours.
	maxParams = 64
)

// Writer filters what a guest writes to a terminal. It follows the terminal's own
// grammar (ECMA-48), so that it drops a sequence as a whole. Its methods may be
// called from any goroutine.
type Writer struct {
	mu     sync.Mutex
	w      io.Writer
	colors Colors
	indent string // of every line
	state  state
	rest   []byte // what is still to be filtered: at last, a part of a character
	params []byte // of the control sequence so far
	out    []byte
	last   rune // that was put out, or 0
	styled bool // some style has passed
}

// New returns a writer to a terminal that shows these colours. It indents lines.
func New(w io.Writer, colors Colors, indent string) *Writer {
	return &Writer{w: w, colors: colors, indent: indent, state: text}
}

// Write implements io.Writer.
func (s *Writer) Write(p []byte) (written int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for part := range slices.Chunk(p, piece) {
		s.rest = append(s.rest, part...)
		s.filter()
		if err := s.flush(); err != nil {
			return written, err
		}
		written += len(part)
	}
	return written, nil
}

// End leaves the terminal to others: at the start of a line, without colours.
func (s *Writer) End() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.rest) > 0 { // a character that has no end
		s.take(utf8.RuneError)
	}
	s.rest, s.state = nil, text
	if s.styled {
		s.out = append(s.out, "\x1b[0m"...)
		s.styled = false
	}
	if s.last != 0 && s.last != '\n' {
		s.put('\n')
	}
	return s.flush()
}

// filter filters all whole characters of the rest.
func (s *Writer) filter() {
	b := s.rest
	for utf8.FullRune(b) {
		r, size := utf8.DecodeRune(b)
		s.take(r)
		b = b[size:]
	}
	s.rest = append(s.rest[:0], b...)
}

func (s *Writer) flush() error {
	if len(s.out) == 0 {
		return nil
	}
	_, err := s.w.Write(s.out)
	s.out = s.out[:0]
	return err
}

// take filters a character. A control character ends the sequence that it is in,
// so no more than a line is lost to a sequence without an end.
func (s *Writer) take(r rune) {
	switch {
	case r == '\n', r == '\r', r == '\t':
		s.put(r)
		s.state = text
	case r == '\x1b':
		s.state = escape
	case r >= 0x80 && unicode.IsControl(r): // short for ESC and a letter
		s.state = escape(s, r-0x40)
	case unicode.IsControl(r):
		s.state = text
	default:
		s.state = s.state(s, r)
	}
}

// put passes a character on.
func (s *Writer) put(r rune) {
	atMargin := s.last == 0 || s.last == '\n' || s.last == '\r'
	if atMargin && r != '\n' && r != '\r' {
		s.out = append(s.out, s.indent...)
	}
	s.out = utf8.AppendRune(s.out, r)
	s.last = r
}

// state takes a character that is no control character, and returns the state for
// the next.
type state func(s *Writer, r rune) state

func text(s *Writer, r rune) state {
	s.put(r)
	return text
}

// escape is the state after ESC.
func escape(s *Writer, r rune) state {
	switch {
	case r == '[':
		s.params = s.params[:0]
		return control
	case strings.ContainsRune("]PX^_", r): // OSC, DCS, SOS, PM, APC
		return ignored
	case r <= '/':
		return designation
	}
	return text
}

// designation is the state in an escape sequence of three or more characters.
func designation(_ *Writer, r rune) state {
	if r <= '/' {
		return designation
	}
	return text
}

// control is the state in a control sequence: parameters, and a letter that says
// what they are for.
func control(s *Writer, r rune) state {
	switch {
	case r <= '?':
		if len(s.params) < maxParams {
			s.params = append(s.params, byte(r))
		}
		return control
	case r == 'm' && len(s.params) < maxParams:
		before := len(s.out)
		s.out = s.colors.appendStyles(s.out, string(s.params))
		s.styled = s.styled || len(s.out) > before
	}
	return text
}

// ignored is the state in a string for the terminal, such as a title.
func ignored(*Writer, rune) state { return ignored }
