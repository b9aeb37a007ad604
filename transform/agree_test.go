package transform_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/jirasync/jirasync/transform"
)

// FuzzRowsAgree has encoding/json as the referee of how a record is read: what
// it takes for JSON, Rows does. And what it reads makes the same rows when it is
// written in the most laborious way, so that no short way of Rows is open: each
// character escaped, space between all.
func FuzzRowsAgree(f *testing.F) {
	paths, err := filepath.Glob("testdata/rows/*.txtar")
	require.NoError(f, err)
	require.NotEmpty(f, paths)
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		require.NoError(f, err)
		for _, file := range archive.Files {
			if file.Name == "record.json" {
				f.Add(file.Data)
			}
		}
	}
	_, record := typical(1, time.Date(2026, 1, 15, 0, 0, 0, 0, time.UTC), "")
	f.Add([]byte(record))
	f.Add([]byte(`{"id":"1","key":"A-1","fields":{"created":"2026-02-29T10:00:00.123+0100","updated":"2026-12-31T23:59:59.999-1430","duedate":"2026-01-01","customfield_1":"2024-02-29T00:00:00.000+0000","customfield_1":["\ud83d\ude00","\ud83d","a\/b\u0000\u2028",{"name":"x"}]}}`))
	f.Add([]byte(`{"id":"1","key":"A-1","fields":{"created":"2026-01-15"},"unknown":[01]}`))
	options := transform.Options{Attachment: func(key, id, name string) (string, bool) { return key + id + name, id != "" }}
	f.Fuzz(func(t *testing.T, record []byte) {
		got, err := transform.Rows(record, options)
		if !json.Valid(record) {
			require.ErrorIs(t, err, transform.ErrRecord)
			require.Zero(t, got)
			return
		}
		if !utf8.Valid(record) {
			return // names that differ in what is no UTF-8 would be one
		}
		want, wantErr := transform.Rows(laborious(t, record), options)
		require.Equal(t, fmt.Sprint(wantErr), fmt.Sprint(err))
		if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) })); diff != "" {
			t.Errorf("Rows(%q) mismatch (-laborious +as it is):\n%s", record, diff)
		}
	})
}

// Rows keep neither the record nor what read it, which reads others next.
func TestRowsHaveTheirOwnMemory(t *testing.T) {
	t.Parallel()
	const issues = 200
	want := make([]transform.IssueRows, issues)
	got := make([]transform.IssueRows, issues)
	records := make([][]byte, issues)
	for n := range issues {
		_, record := typical(n, time.Date(2026, 1, 15, 0, 0, n, 0, time.UTC), "“čeština” \\u010de\\n")
		records[n] = []byte(record)
		var err error
		want[n], err = transform.Rows([]byte(record), transform.Options{})
		require.NoError(t, err)
	}
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			for n := worker; n < issues; n += 4 {
				got[n], _ = transform.Rows(records[n], transform.Options{})
				clear(records[n])
			}
		})
	}
	group.Wait()
	for n := range issues {
		fresh, err := transform.Rows([]byte(second(typical(n, time.Date(2026, 1, 15, 0, 0, n, 0, time.UTC), "“čeština” \\u010de\\n"))), transform.Options{})
		require.NoError(t, err)
		if diff := cmp.Diff(fresh, want[n]); diff != "" {
			t.Fatalf("rows of %s changed (-fresh +kept):\n%s", fresh.Key, diff)
		}
		if diff := cmp.Diff(fresh, got[n]); diff != "" {
			t.Fatalf("rows of %s changed with the record (-fresh +kept):\n%s", fresh.Key, diff)
		}
	}
}

func second(_, record string) string { return record }

// laborious writes JSON again.
func laborious(t *testing.T, data []byte) []byte {
	t.Helper()
	in := json.NewDecoder(bytes.NewReader(data))
	in.UseNumber()
	var out bytes.Buffer
	var open []json.Delim // brackets
	var count []int       // tokens in each
	for {
		token, err := in.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if d, ok := token.(json.Delim); ok && (d == '}' || d == ']') {
			open, count = open[:len(open)-1], count[:len(count)-1]
			fmt.Fprintf(&out, "\r\n%s", d)
			continue
		}
		if last := len(open) - 1; last >= 0 {
			switch {
			case open[last] == '{' && count[last]%2 == 1:
				out.WriteString(" :\t")
			case count[last] > 0:
				out.WriteString(" ,\n")
			}
			count[last]++
		}
		switch token := token.(type) {
		case json.Delim:
			open, count = append(open, token), append(count, 0)
			fmt.Fprintf(&out, "%s ", token)
		case string:
			out.WriteString(`"`)
			for _, unit := range utf16.Encode([]rune(token)) {
				fmt.Fprintf(&out, `\u%04x`, unit)
			}
			out.WriteString(`"`)
		case nil:
			out.WriteString("null")
		default:
			fmt.Fprint(&out, token)
		}
	}
	require.True(t, json.Valid(out.Bytes()))
	return out.Bytes()
}
