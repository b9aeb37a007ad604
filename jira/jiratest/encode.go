package jiratest

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"sync"
	"unicode/utf8"
)

// object is a JSON object on its way out.
type object = map[string]any

// encoded is JSON that is written as it is: valid, and without space.
type encoded []byte

// encode writes v as Jira does: compact, with sorted members, and with <, > and
// & as they are. It does what encoding/json does, several times as fast for
// what answers are made of: a site of 20,000 issues is half a gigabyte of JSON.
func encode(v any) []byte {
	b, _ := buffers.Get().(*[]byte)
	*b = appendJSON((*b)[:0], v)
	out := bytes.Clone(*b)
	buffers.Put(b)
	return out
}

var buffers = sync.Pool{New: func() any { return new([]byte) }}

func appendJSON(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case object:
		return appendObject(b, v)
	case []any:
		return appendList(b, v)
	case []string:
		return appendList(b, v)
	case string:
		return appendString(b, v)
	case *string:
		if v == nil {
			return append(b, "null"...)
		}
		return appendString(b, *v)
	case encoded:
		return append(b, v...)
	case bool:
		return strconv.AppendBool(b, v)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case int64:
		return strconv.AppendInt(b, v, 10)
	}
	return appendOther(b, v)
}

// appendOther writes what is rare, and what tests supply.
func appendOther(b []byte, v any) []byte {
	var w bytes.Buffer
	e := json.NewEncoder(&w)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return append(b, "null"...) // values are checked when a test supplies them
	}
	return append(b, bytes.TrimSuffix(w.Bytes(), []byte("\n"))...)
}

func appendObject(b []byte, o object) []byte {
	if o == nil {
		return append(b, "null"...)
	}
	var few [64]string
	names := few[:0]
	for name := range o {
		names = append(names, name)
	}
	slices.Sort(names)
	b = append(b, '{')
	for n, name := range names {
		if n > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, name), ':')
		b = appendJSON(b, o[name])
	}
	return append(b, '}')
}

func appendList[T any](b []byte, list []T) []byte {
	if list == nil {
		return append(b, "null"...)
	}
	b = append(b, '[')
	for n, v := range list {
		if n > 0 {
			b = append(b, ',')
		}
		b = appendJSON(b, v)
	}
	return append(b, ']')
}

// appendString writes a string with the escapes of encoding/json.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		size, escape := escapeAt(s[i:])
		if escape != "" {
			b = append(append(b, s[start:i]...), escape...)
			start = i + size
		}
		i += size
	}
	return append(append(b, s[start:]...), '"')
}

// escapeAt returns the length of the first character and, if it cannot stand
// as it is, its escape.
func escapeAt(s string) (size int, escape string) {
	switch c := s[0]; c {
	case '"':
		return 1, `\"`
	case '\\':
		return 1, `\\`
	case '\b':
		return 1, `\b`
	case '\f':
		return 1, `\f`
	case '\n':
		return 1, `\n`
	case '\r':
		return 1, `\r`
	case '\t':
		return 1, `\t`
	default:
		if c < ' ' {
			const hex = "0123456789abcdef"
			return 1, `\u00` + string([]byte{hex[c>>4], hex[c&0xf]})
		}
	}
	r, size := utf8.DecodeRuneInString(s)
	switch {
	case r == utf8.RuneError && size == 1:
		return 1, `\ufffd`
	case r == '\u2028':
		return size, `\u2028`
	case r == '\u2029':
		return size, `\u2029`
	}
	return size, ""
}

// compact returns JSON without the space that a test wrote it with.
func compact(raw json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return raw
	}
	return b.Bytes()
}

// rendered keeps the JSON of what appears everywhere: users, statuses, types.
// Whoever changes one of them clears it.
type rendered struct {
	mu    sync.RWMutex
	known map[renderedKey]encoded
}

// renderedKey is a thing, by its pointer, as one kind of caller sees it.
type renderedKey struct {
	thing         any
	base, version string
	webhook       bool
}

func (r *rendered) clear() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.known)
}

// once renders a thing that looks the same to all callers of a kind.
func (v *view) once(thing any, render func() object) encoded {
	r, key := &v.s.rendered, renderedKey{thing, v.base, v.version, v.webhook}
	r.mu.RLock()
	known := r.known[key]
	r.mu.RUnlock()
	if known != nil {
		return known
	}
	known = encode(render())
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil {
		r.known = map[renderedKey]encoded{}
	}
	r.known[key] = known
	return known
}
