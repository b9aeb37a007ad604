package jiratest

import (
	"fmt"
	"strings"
)

// token is a word, a quoted string or a sign of a JQL query.
type token struct {
	text         string
	quoted, sign bool
	line, column int
}

func (t token) is(word string) bool { return !t.quoted && strings.EqualFold(t.text, word) }

// jqlError is a query that Jira refuses, with its sentence.
type jqlError struct{ message string }

func (e *jqlError) Error() string { return e.message }

func syntaxError(format string, args ...any) error {
	return &jqlError{"Error in the JQL Query: " + fmt.Sprintf(format, args...)}
}

// maxJQL bounds the length of a query; guessed.
const maxJQL = 100_000

// lexJQL cuts a query into tokens.
func lexJQL(query string) ([]token, error) {
	if len(query) > maxJQL {
		return nil, syntaxError("The query is too long.")
	}
	var tokens []token
	l := &lexer{rest: query, line: 1, column: 1}
	for {
		t, more, err := l.next()
		if err != nil || !more {
			return tokens, err
		}
		tokens = append(tokens, t)
	}
}

type lexer struct {
	rest         string
	line, column int
}

func (l *lexer) skip(n int) {
	for _, r := range l.rest[:n] {
		l.column++
		if r == '\n' {
			l.line, l.column = l.line+1, 1
		}
	}
	l.rest = l.rest[n:]
}

const jqlSpace, jqlSigns = " \t\r\n", "()=!<>~,"

func (l *lexer) next() (token, bool, error) {
	l.skip(len(l.rest) - len(strings.TrimLeft(l.rest, jqlSpace)))
	if l.rest == "" {
		return token{}, false, nil
	}
	t := token{line: l.line, column: l.column}
	if c := l.rest[0]; c == '"' || c == '\'' {
		text, n, closed := unquoteJQL(l.rest)
		if !closed {
			return t, false, syntaxError("The quoted string '%s' has not been completed. (line %d, character %d)", l.rest[1:], t.line, t.column)
		}
		t.text, t.quoted = text, true
		l.skip(n)
		return t, true, nil
	}
	n := strings.IndexAny(l.rest, jqlSpace+jqlSigns+`"'`)
	switch {
	case n < 0:
		n = len(l.rest)
	case n == 0:
		n, t.sign = signLength(l.rest), true
	}
	t.text = l.rest[:n]
	l.skip(n)
	return t, true, nil
}

// signLength is the length of the operator or bracket that s begins with.
func signLength(s string) int {
	for _, two := range []string{">=", "<=", "!=", "!~"} {
		if strings.HasPrefix(s, two) {
			return 2
		}
	}
	return 1
}

// unquoteJQL reads a quoted string and says how long it was in the query.
func unquoteJQL(s string) (text string, length int, closed bool) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == s[0]:
			return b.String(), i + 1, true
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(s[i])
		}
	}
	return "", 0, false
}
