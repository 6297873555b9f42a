package javascript

import "strings"

// mostFrames is the most frames of a stack that are kept.
const mostFrames = 32

// frames splits the stack of an exception into its lines. It leaves out the prelude's, and
// maps those of the main file to its source.
func (s *side) frames(stack string) (frames []string) {
	for line := range strings.SplitSeq(stack, "\n") {
		frame, ok := strings.CutPrefix(strings.TrimSpace(line), "at ")
		if !ok || strings.Contains(frame, "("+preludeName+":") || strings.Contains(frame, "("+preludeName+"/") ||
			strings.HasSuffix(frame, "(native)") {
			continue
		}
		if frames = append(frames, frame); len(frames) == mostFrames {
			break
		}
	}
	return frames
}
