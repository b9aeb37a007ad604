package transform

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"
)

func TestGlance(t *testing.T) {
	const times = `"created":"2026-01-15T10:00:00.000+0000","updated":"2026-02-15T10:00:00.000+0000"`
	tests := map[string]struct {
		record string
		seen   bool
	}{
		"usual":                {`{"expand":"a","id":"1","self":"b","key":"A-1","fields":{` + times + `}}`, true},
		"spaces":               {` { "id" : "1" , "key" : "A-1" , "fields" : { "x" : [ 1 , 2 ] , ` + times + ` } } `, true},
		"brackets in texts":    {`{"x":"}\"]\\","y":[{"\\\"]":"["}],"z":-1.5e3,"id":"1","key":"A-1","fields":{"n":null,` + times + `}}`, true},
		"names within":         {`{"x":{"key":"B-2","id":"2","fields":{}},"id":"1","key":"A-1","fields":{"y":{"created":1},` + times + `}}`, true},
		"fields first":         {`{"fields":{` + times + `},"x":[],"id":"1","key":"A-1"}`, true},
		"names in fields":      {`{"fields":{` + times + `,"key":"B-2","id":"2"},"id":"1","key":"A-1"}`, true},
		"unread tail":          {`{"id":"1","key":"A-1","fields":{` + times + `,"summary":nul`, true},
		"a tombstone":          {`{"id":"1","key":"A-1","fields":{` + times + `},"_deleted_at":"x"}`, false},
		"a pointer":            {`{"id":"1","key":"A-1","fields":{` + times + `},"_moved_to":"B-1"}`, false},
		"an escaped name":      {`{"id":"1","\u006bey":"A-1","fields":{` + times + `}}`, false},
		"an escaped value":     {`{"id":"1","key":"\u0041-1","fields":{` + times + `}}`, false},
		"another time":         {`{"id":"1","key":"A-1","fields":{"created":"2026-01-15","updated":"2026-02-15T10:00:00.000+0000"}}`, false},
		"no update":            {`{"id":"1","key":"A-1","fields":{"created":"2026-01-15T10:00:00.000+0000"}}`, false},
		"an id that is number": {`{"id":1,"key":"A-1","fields":{` + times + `}}`, false},
		"no id":                {`{"key":"A-1","fields":{` + times + `}}`, false},
		"no key":               {`{"id":"1","key":"a","fields":{` + times + `}}`, false},
		"null fields":          {`{"id":"1","key":"A-1","fields":null}`, false},
		"cut in a text":        {`{"id":"1","key":"A-1","fields":{"x":"\`, false},
		"nothing":              {``, false},
		"a list":               {`[]`, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			i, seen := glance([]byte(test.record))
			require.Equal(t, test.seen, seen)
			if seen {
				require.Equal(t, "A-1 1 2026-01 2026-02", i.Key+" "+i.ID+" "+i.Month+" "+i.Updated.Format("2006-01"))
			}
		})
	}
}

// FuzzGlance: of a valid record that is not gone and has no name twice a glance
// says what reading all of it does, or nothing.
func FuzzGlance(f *testing.F) {
	paths, err := filepath.Glob("testdata/rows/*.txtar")
	require.NoError(f, err)
	seeds := [][]byte{
		[]byte(`{"x":[{"a":"\\\""}],"id":"1","key":"A-1","fields":{"created":"2026-01-15T10:00:00.000+0000","updated":"2026-02-15T10:00:00.000+0000"},"y":{}}`),
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		require.NoError(f, err)
		for _, file := range txtar.Parse(data).Files {
			seeds = append(seeds, file.Data)
		}
	}
	for _, seed := range seeds {
		f.Add(seed)
	}
	m, err := newMapper(Options{})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, record []byte) {
		got, seen := glance(record)
		if !seen || !json.Valid(record) || namesRepeat(record) {
			return
		}
		want, err := m.survey(record)
		require.NoError(t, err)
		if !want.Gone {
			require.Equal(t, want, got)
		}
	})
}

// namesRepeat reports whether the record, or its fields, have a member twice.
func namesRepeat(record []byte) bool {
	r := new(reader)
	whole := r.read(record)
	for _, o := range []object{whole, whole.object("fields")} {
		seen := map[string]bool{}
		for name := range o.value.Members() {
			name := string(bytes.Clone(name))
			if seen[name] {
				return true
			}
			seen[name] = true
		}
	}
	return false
}
