package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// documents are the texts that a user reads, by file name.
func documents(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	require.NoError(t, err)
	texts := map[string]string{}
	for _, name := range append(names, filepath.Join(root, "README.md")) {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		texts[filepath.Base(name)] = string(data)
	}
	return texts
}

// Every command line of the documentation names a verb that exists and flags
// that its help has; every variable is known to some verb.
func TestDocumentedCommands(t *testing.T) {
	bin, err := command()
	require.NoError(t, err)
	line := regexp.MustCompile(`(?m)^    (?:jira-sync|go run \./cmd/jira-sync) ([a-z]+)(.*)$`)
	flag := regexp.MustCompile(`--[a-z-]+`)
	variable := regexp.MustCompile(`\bJIRA_[A-Z_]*[A-Z]\b`)

	var help strings.Builder
	for _, verb := range []string{"serve", "backfill", "check", "status", "doctor", "transform", "upsert", "views"} {
		text, err := output(scratch, bin, verb, "--help")
		require.NoError(t, err)
		help.WriteString(text)
	}
	commands := 0
	for name, text := range documents(t) {
		for _, found := range line.FindAllStringSubmatch(text, -1) {
			commands++
			arguments, _, _ := strings.Cut(found[2], "#")
			usage, err := output(scratch, bin, found[1], "--help")
			require.NoError(t, err, "%s: %s", name, found[0])
			for _, f := range flag.FindAllString(arguments, -1) {
				require.Regexp(t, regexp.QuoteMeta(f)+`\b`, usage, "%s: %s", name, found[0])
			}
		}
		for _, v := range variable.FindAllString(text, -1) {
			require.Contains(t, help.String(), strings.TrimSuffix(v, "_FILE"), "%s names %s", name, v)
		}
	}
	require.NotZero(t, commands)
}
