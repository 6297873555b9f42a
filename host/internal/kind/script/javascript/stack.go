package javascript

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// mostFrames is the most frames of a stack that are kept.
const mostFrames = 32

// frame matches a line of the engine's stacks: at name (file:line:column), or without
// name and parentheses.
var frame = regexp.MustCompile(`^(.*?)\(?([^()\s]+):(\d+):(\d+)\)?$`)

// frames splits the stack of an exception into its lines. It leaves out the prelude's, and
// maps those of the main file to the files that it was made of.
func (s *side) frames(stack string) (frames []string) {
	for line := range strings.SplitSeq(stack, "\n") {
		text, ok := strings.CutPrefix(strings.TrimSpace(line), "at ")
		if !ok || strings.HasSuffix(text, "(native)") {
			continue
		}
		if m := frame.FindStringSubmatch(text); m != nil {
			if path.Dir(m[2]) == preludeDir {
				continue
			}
			text = s.mapped(text, m)
		}
		if frames = append(frames, text); len(frames) == mostFrames {
			break
		}
	}
	return frames
}

// mapped returns the frame in the file that it comes from.
func (s *side) mapped(text string, m []string) string {
	if m[2] != s.source.Main {
		return text
	}
	line, _ := strconv.Atoi(m[3])
	column, _ := strconv.Atoi(m[4])
	place, ok := s.source.Origin(line, column)
	if !ok {
		return text
	}
	at := fmt.Sprintf("%s:%d:%d", place.File, place.Line, place.Column)
	if m[1] == "" {
		return at
	}
	return m[1] + "(" + at + ")"
}
