package build

import (
	"bytes"
	"context"
	"encoding/json"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/wexec/wexec/host/build/internal/types"
)

// collectJavaScript bundles a file and what it imports into one file, with a source map
// beside it.
func collectJavaScript(_ context.Context, w *work) (*source, error) {
	dir, name := filepath.Dir(w.file), filepath.Base(w.file)
	main := strings.TrimSuffix(name, filepath.Ext(name)) + ".js"
	result := api.Build(api.BuildOptions{
		EntryPoints:   []string{"./" + name},
		AbsWorkingDir: dir,
		Outfile:       main, // its folder is that of the sources in the map
		Bundle:        true,
		Format:        api.FormatESModule,
		External:      []string{"wexec"}, // a module that the engine brings
		// What the engine does not know is written in older words.
		Target:   api.ES2024,
		Platform: api.PlatformBrowser, // of the platforms, the one without Node's modules
		// Workers of others are what our sandbox is most like.
		Conditions:     []string{"wexec", "worker"},
		Define:         map[string]string{"process.env.NODE_ENV": `"production"`},
		Loader:         map[string]api.Loader{".md": api.LoaderText, ".html": api.LoaderText, ".bin": api.LoaderBinary},
		Charset:        api.CharsetUTF8,
		LegalComments:  api.LegalCommentsInline,
		Sourcemap:      api.SourceMapExternal,
		SourcesContent: api.SourcesContentExclude,
		AllowOverwrite: true, // nothing is written
		Metafile:       true,
	})
	s := &source{main: main, warnings: w.problems(result.Warnings)}
	if len(result.Errors) > 0 {
		return nil, &SourceError{w.problems(result.Errors)}
	}
	for _, out := range result.OutputFiles {
		if err := s.files.add(filepath.Base(out.Path), out.Contents); err != nil {
			return nil, wrong(w.given, "%v", err)
		}
	}
	s.noTasks = !bytes.Contains(s.files.content[main], []byte("export {")) // as esbuild writes it
	s.inputs = inputs(dir, result.Metafile)
	s.told = types.Read(string(w.content))
	return s, nil
}

// problems turns messages of esbuild into problems.
func (w *work) problems(messages []api.Message) []Problem {
	problems := make([]Problem, len(messages))
	for i, m := range messages {
		p := Problem{File: w.given, Text: m.Text}
		if at := m.Location; at != nil {
			p.Line, p.Column, p.Source = at.Line, at.Column+1, at.LineText
			p.File = w.shown(at.File)
		}
		for _, note := range m.Notes {
			p.Notes = append(p.Notes, w.note(note))
		}
		problems[i] = p
	}
	return problems
}

// note returns a note of esbuild, unless it speaks of esbuild's own options.
func (w *work) note(n api.Note) string {
	if strings.Contains(n.Text, "built into node") {
		return "Node's own modules are not in the sandbox"
	}
	if m := external.FindStringSubmatch(n.Text); m != nil {
		return "If it is a package of npm: npm install " + m[1]
	}
	if n.Location == nil || n.Location.File == "" {
		return n.Text
	}
	return w.shown(n.Location.File) + ": " + n.Text
}

// external matches what esbuild says of a package that is not there.
var external = regexp.MustCompile(`^You can mark the path "(@[^/"]+/[^/"]+|[^/"]+)[^"]*" as external`)

// inputs returns the files that a bundle was made from.
func inputs(dir, metafile string) (all []string) {
	var meta struct {
		Inputs map[string]struct{} `json:"inputs"`
	}
	if json.Unmarshal([]byte(metafile), &meta) != nil {
		return nil
	}
	for input := range meta.Inputs {
		if strings.HasPrefix(input, "(disabled)") {
			continue
		}
		all = append(all, filepath.Join(dir, filepath.FromSlash(input)))
	}
	slices.Sort(all)
	return all
}
