package grant

import (
	"os"
	"strings"

	"github.com/wexec/wexec/cmd/wexec/internal/exit"
	"github.com/wexec/wexec/host/capability/http"
)

// secretForm is the form of the flag --secret. A value is in no form of it: other
// programs can read the command line, and shells keep it.
const secretForm = "NAME[:HEADER][=@FILE]@[METHOD ][SCHEME://]HOST[:PORT][/PATH]"

// parseSecrets reads the flags --secret. A name may come again, with more entries.
func parseSecrets(flags []string) (map[string]http.Secret, error) {
	all := map[string]http.Secret{}
	for _, flag := range flags {
		name, s, err := parseSecret(flag)
		if err != nil {
			return nil, err
		}
		if before, ok := all[name]; ok {
			if before.Value != s.Value || before.Header != s.Header {
				return nil, exit.Usagef("--secret %s: it is given twice, with another value or header", name)
			}
			s.For = append(before.For, s.For...)
		}
		all[name] = s
	}
	return all, nil
}

// parseSecret reads one flag. Its errors repeat the name alone, since the rest may be a
// value that was put there by mistake.
func parseSecret(flag string) (name string, s http.Secret, err error) {
	at := strings.LastIndex(flag, "@")
	source := flag[:max(at, 0)]
	source, file, fromFile := strings.Cut(source, "=")
	name, s.Header, _ = strings.Cut(source, ":")
	switch file, ok := strings.CutPrefix(file, "@"); {
	case at < 0, name == "", flag[at+1:] == "", fromFile && (!ok || file == ""):
		shown, _, _ := strings.Cut(flag, "=")
		shown, _, _ = strings.Cut(shown, "@")
		return "", s, exit.Usagef("--secret %s: want %s, like %[1]s@https://api.example.com for the value of the "+
			"variable %[1]s, or %[1]s=@FILE@https://api.example.com for that of a file", shown, secretForm)
	case fromFile:
		text, err := os.ReadFile(file)
		if err != nil {
			return "", s, exit.Usagef("--secret %s: %w", name, err)
		}
		s.Value = strings.TrimRight(string(text), "\r\n")
	default:
		value, ok := os.LookupEnv(name)
		if !ok {
			return "", s, exit.Usagef("--secret %s: the variable %s is not set here", name, name)
		}
		s.Value = value
	}
	s.For = []string{flag[at+1:]}
	return name, s, nil
}
