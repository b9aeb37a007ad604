package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// A program that writes a document and waits for its text gets it.
func TestAdfAnswersEachLine(t *testing.T) {
	questions, ask := io.Pipe()
	answer, answers := io.Pipe()
	code := make(chan int)
	go func() {
		code <- run(t.Context(), []string{"adf", "--ndjson"}, stdio{in: questions, out: answers, err: io.Discard})
	}()
	lines := bufio.NewScanner(answer)
	for _, line := range []string{`"a"`, `"b"`} {
		_, err := io.WriteString(ask, line+"\n"+line[:1]) // the next line has begun
		require.NoError(t, err)
		require.True(t, lines.Scan())
		require.Equal(t, line, lines.Text())
		_, err = io.WriteString(ask, line[1:]+"\n")
		require.NoError(t, err)
		require.True(t, lines.Scan())
		require.Equal(t, line, lines.Text())
	}
	require.NoError(t, ask.Close())
	require.Equal(t, exitDone, <-code)
}

// Standard input that never comes does not keep the process.
func TestAdfIsInterrupted(t *testing.T) {
	in, _ := io.Pipe()
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	require.Equal(t, exitFailed, run(ctx, []string{"adf"}, stdio{in: in, out: io.Discard, err: io.Discard}))
}

// The commands in the README run as they stand there.
func TestReadmeAdf(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("description.json", []byte(`{"type":"doc","version":1,"content":[]}`), 0o600))
	lines := regexp.MustCompile(`(?m)^    jira-sync (adf .*)$`).FindAllStringSubmatch(string(readme), -1)
	require.NotEmpty(t, lines)
	for _, line := range lines {
		var errs bytes.Buffer
		code := run(t.Context(), strings.Fields(line[1]), stdio{in: strings.NewReader(""), out: io.Discard, err: &errs})
		require.Equal(t, exitDone, code, "%s: %s", line[0], &errs)
	}
}

// What is too large is refused, and costs only its line.
func TestAdfIsBounded(t *testing.T) {
	huge := func() io.Reader {
		return io.MultiReader(strings.NewReader(`"`), io.LimitReader(endless('x'), maxDocument-1), strings.NewReader(`"`))
	}
	var out, errs bytes.Buffer
	in := io.MultiReader(strings.NewReader("\"a\"\n"), huge(), strings.NewReader("\n\"b\"\n"))
	require.Equal(t, exitFailed, run(t.Context(), []string{"adf", "--ndjson"}, stdio{in: in, out: &out, err: &errs}))
	require.Equal(t, "\"a\"\nnull\n\"b\"\n", out.String())
	require.Equal(t, "jira-sync: line 2: document is larger than 64 MiB\n"+
		"jira-sync: 1 of 3 lines could not be read\n", errs.String())

	out.Reset()
	require.Equal(t, exitFailed, run(t.Context(), []string{"adf"}, stdio{in: huge(), out: &out, err: io.Discard}))
	require.Empty(t, out.String())
}

type endless byte

func (e endless) Read(p []byte) (int, error) {
	return copy(p, bytes.Repeat([]byte{byte(e)}, len(p))), nil
}

// No document has more problems listed than a person could read.
func TestAdfListsProblemsUpToALimit(t *testing.T) {
	doc := `{"type":"doc","version":1,"content":[` + strings.Repeat(`{},`, maxProblems+4) + `{}]}`
	var out, errs bytes.Buffer
	require.Equal(t, exitFailed, run(t.Context(), []string{"adf", "--validate"}, stdio{in: strings.NewReader(doc), out: &out, err: &errs}))
	require.Equal(t, maxProblems, strings.Count(out.String(), "\n"))
	require.Contains(t, errs.String(), "standard input: 5 more problems are not listed")
}

// A failure of reading or writing ends the run.
func TestAdfReportsStreams(t *testing.T) {
	broken := errors.New("broken")
	var out, errs bytes.Buffer
	in := io.MultiReader(strings.NewReader("\"a\"\n\"b"), iotest.ErrReader(broken))
	require.Equal(t, exitFailed, run(t.Context(), []string{"adf", "--ndjson"}, stdio{in: in, out: &out, err: &errs}))
	require.Equal(t, "\"a\"\nnull\n", out.String())
	require.Contains(t, errs.String(), "line 2: broken")

	for _, args := range [][]string{{"adf"}, {"adf", "--ndjson"}, {"adf", "--json"}, {"adf", "--validate"}} {
		errs.Reset()
		code := run(t.Context(), args, stdio{in: strings.NewReader(`{"version":1}`), out: brokenWriter{broken}, err: &errs})
		require.Equal(t, exitFailed, code)
		require.Contains(t, errs.String(), "broken", args)
	}
}

type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }

func TestLineReader(t *testing.T) {
	for _, c := range []struct {
		in   string
		want []string
	}{
		{"", nil},
		{"a", []string{"a"}},
		{"a\nb\n", []string{"a", "b"}},
		{"\n\na", []string{"", "", "a"}},
		{"abcdef\n", []string{"abcdef"}},
		{"abcdefg\nh\n", []string{"too long", "h"}},
		{strings.Repeat("x", 40) + "\ny", []string{"too long", "y"}},
		{strings.Repeat("x", 32), []string{"too long"}},
		{"é\r\n", []string{"é\r"}},
	} {
		l := &lineReader{in: bufio.NewReaderSize(iotest.HalfReader(strings.NewReader(c.in)), 16), max: 6}
		var got []string
		for {
			line, err := l.next()
			if err == io.EOF {
				break
			}
			if errors.Is(err, errTooLong) {
				line, err = []byte("too long"), nil
			}
			require.NoError(t, err)
			got = append(got, string(line))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("lines of %q mismatch (-want +got):\n%s", c.in, diff)
		}
	}
}
