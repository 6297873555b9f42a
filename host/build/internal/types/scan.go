package types

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind is what a token is.
type kind int

const (
	end kind = iota
	word
	number
	quote // its text is what is between the quotes
	sign
)

type token struct {
	kind kind
	text string
	doc  string // the comment for people above it
}

// signs are those of more than one character that matter: the others may fall apart.
var signs = []string{"=>", "...", "?."}

// before are the words after which a slash begins a pattern.
const before = " return typeof case in of do else void delete throw new await yield instanceof "

// scanner splits a source into tokens.
type scanner struct {
	rest   string
	tokens []token
	doc    string
}

// scan returns the tokens of a source. It reports whether it understood all of it.
func scan(source string) ([]token, bool) {
	s := &scanner{rest: source}
	ok := s.until("")
	return s.tokens, ok && s.rest == ""
}

// until scans up to a closing brace that has no opening one, or to the end.
func (s *scanner) until(closing string) bool {
	depth := 0
	for {
		s.rest = strings.TrimLeft(s.rest, " \t\r\n\ufeff\u00a0")
		if s.rest == "" {
			return closing == ""
		}
		switch s.rest[0] {
		case '{':
			depth++
		case '}':
			if depth--; depth < 0 {
				return closing == "}"
			}
		}
		if !s.token() {
			return false
		}
	}
}

func (s *scanner) token() bool {
	first, _ := utf8.DecodeRuneInString(s.rest)
	switch {
	case strings.HasPrefix(s.rest, "//"), strings.HasPrefix(s.rest, "#!"):
		_, s.rest, _ = strings.Cut(s.rest, "\n")
		return true
	case strings.HasPrefix(s.rest, "/*"):
		comment, rest, ok := strings.Cut(s.rest[2:], "*/")
		s.rest = rest
		if text, isDoc := strings.CutPrefix(comment, "*"); isDoc {
			s.doc = plain(text)
		}
		return ok
	case first == '"' || first == '\'':
		return s.quoted(s.rest[0])
	case first == '`':
		return s.template()
	case first == '/' && s.pattern():
		return s.skipPattern()
	case first == '_' || first == '$' || first == '#' || first == '@' || unicode.IsLetter(first):
		s.put(word, length(s.rest))
	case first >= '0' && first <= '9':
		s.put(number, length(s.rest))
	default:
		size := utf8.RuneLen(max(first, 0))
		for _, sign := range signs {
			if strings.HasPrefix(s.rest, sign) {
				size = len(sign)
			}
		}
		s.put(sign, min(size, len(s.rest)))
	}
	return true
}

// length returns the length of a name or a number.
func length(text string) int {
	for i, r := range text {
		ok := r == '_' || r == '$' || unicode.IsLetter(r) || unicode.IsDigit(r)
		ok = ok || i == 0 || r == '.' && text[0] >= '0' && text[0] <= '9'
		if !ok {
			return i
		}
	}
	return len(text)
}

func (s *scanner) put(k kind, size int) {
	s.tokens = append(s.tokens, token{k, s.rest[:size], s.doc})
	s.rest, s.doc = s.rest[size:], ""
}

// quoted scans a text in quotes.
func (s *scanner) quoted(mark byte) bool {
	for i := 1; i < len(s.rest); i++ {
		switch s.rest[i] {
		case '\\':
			i++
		case '\n':
			return false
		case mark:
			s.tokens = append(s.tokens, token{quote, s.rest[1:i], s.doc})
			s.rest, s.doc = s.rest[i+1:], ""
			return true
		}
	}
	return false
}

// template scans a text in backquotes. What is in its braces is scanned, and dropped.
func (s *scanner) template() bool {
	kept := len(s.tokens)
	s.rest = s.rest[1:]
	for s.rest != "" {
		switch {
		case s.rest[0] == '`':
			s.rest = s.rest[1:]
			// A type in backquotes is none of those that are known.
			s.tokens = append(s.tokens[:kept], token{sign, "``", ""})
			return true
		case s.rest[0] == '\\':
			s.rest = s.rest[min(2, len(s.rest)):]
		case strings.HasPrefix(s.rest, "${"):
			s.rest = s.rest[2:]
			if !s.until("}") {
				return false
			}
			s.rest = s.rest[1:]
		default:
			s.rest = s.rest[1:]
		}
	}
	return false
}

// pattern reports whether a slash begins a pattern here, and does not divide.
func (s *scanner) pattern() bool {
	if len(s.tokens) == 0 {
		return true
	}
	switch last := s.tokens[len(s.tokens)-1]; last.kind {
	case word:
		return strings.Contains(before, " "+last.text+" ")
	case sign:
		return !strings.Contains(")]}``", last.text)
	}
	return false
}

func (s *scanner) skipPattern() bool {
	inClass := false
	for i := 1; i < len(s.rest); i++ {
		switch c := s.rest[i]; {
		case c == '\\':
			i++
		case c == '\n':
			return false
		case c == '[':
			inClass = true
		case c == ']':
			inClass = false
		case c == '/' && !inClass:
			s.tokens = append(s.tokens, token{number, "//", ""}) // a value, at any rate
			s.rest = s.rest[i+1:]
			return true
		}
	}
	return false
}

// plain returns the text of a comment without its stars, up to its first tag.
func plain(comment string) string {
	var lines []string
	for line := range strings.Lines(comment) {
		line = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "*"))
		if strings.HasPrefix(line, "@") {
			break
		}
		lines = append(lines, line)
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}
