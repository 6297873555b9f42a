package build

import (
	"fmt"
	"strings"

	"github.com/wexec/wexec/abi"
)

// Problem is a mistake in a source file, or something doubtful.
type Problem struct {
	// File is the file as the user named it, or a file beside it. Line and Column count
	// from 1; Column counts bytes. Line is 0 if the problem has no place in the file.
	File         string
	Line, Column int
	Text         string
	// Source is the line of the source, and Notes say more.
	Source string
	Notes  []string
}

// String returns the problem as compilers write one, with the line and a mark below it.
func (p Problem) String() string {
	var b strings.Builder
	if p.Line == 0 {
		fmt.Fprintf(&b, "%s: %s", p.File, p.Text)
	} else {
		fmt.Fprintf(&b, "%s:%d:%d: %s", p.File, p.Line, p.Column, p.Text)
	}
	if p.Source != "" && p.Column <= len(p.Source)+1 {
		indent := strings.Map(func(r rune) rune {
			if r == '\t' {
				return r
			}
			return ' '
		}, p.Source[:p.Column-1])
		fmt.Fprintf(&b, "\n    %s\n    %s^", p.Source, indent)
	}
	for _, note := range p.Notes {
		fmt.Fprintf(&b, "\n    %s", note)
	}
	return b.String()
}

// SourceError says what is wrong with sources.
type SourceError struct{ Problems []Problem }

// maxShown is how many problems an error shows.
const maxShown = 10

func (e *SourceError) Error() string {
	var lines []string
	for i, p := range e.Problems {
		if i == maxShown {
			lines = append(lines, fmt.Sprintf("and %d more", len(e.Problems)-maxShown))
			break
		}
		lines = append(lines, p.String())
	}
	return strings.Join(lines, "\n")
}

// Kind is the status of a call of what can't be built.
func (e *SourceError) Kind() abi.Status { return abi.InvalidModule }

// wrong returns the error of a problem without a place.
func wrong(file, format string, args ...any) error {
	return &SourceError{[]Problem{{File: file, Text: fmt.Sprintf(format, args...)}}}
}
