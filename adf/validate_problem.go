package adf

import (
	"slices"
	"strconv"
	"strings"
)

// Code says what kind of problem a document has. Codes do not change.
type Code string

// The codes of problems.
const (
	CodeNotADoc        Code = "not-a-doc"       // the document is no object of type doc
	CodeBadVersion     Code = "bad-version"     // its version is absent or not 1
	CodeUnknownNode    Code = "unknown-node"    // a node of no type, or of one the schema does not have
	CodeUnknownMark    Code = "unknown-mark"    // a mark of no type, or of one the schema does not have
	CodeMissingAttr    Code = "missing-attr"    // attrs lack a name, or a node or mark its attrs
	CodeBadAttr        Code = "bad-attr"        // the value of an attr is none the schema allows
	CodeExtraAttr      Code = "extra-attr"      // attrs have a name that the schema does not
	CodeExtraKey       Code = "extra-key"       // a node or mark has a member that its kind does not have
	CodeMissingContent Code = "missing-content" // a node lacks its content
	CodeBadChild       Code = "bad-child"       // a node of a type that its parent does not take there
	CodeTooFew         Code = "too-few"         // a list has fewer elements than it must
	CodeTooMany        Code = "too-many"        // a list has more elements than it may
	CodeBadMark        Code = "bad-mark"        // a mark that its node does not take, or not there, or not with the others
	CodeEmptyText      Code = "empty-text"      // a text node with no text, or an empty one
	CodeBadType        Code = "bad-type"        // a value of the wrong JSON type where a node, mark, list, object or text belongs
)

// Problem is one way in which a document breaks the schema.
type Problem struct {
	Code Code
	// Name is what the problem is about: the type of a node or mark (as the
	// document has it, "" if it has none), or the name of a member.
	Name string
	// Want is what the schema allows instead, for people: "a number from 1 to
	// 6". It is "" if Code says it all. Its wording may change.
	Want string

	place *place
}

// Path returns the JSON pointer (RFC 6901) of the value with the problem, ""
// for the whole document. For what is missing it is the object, or the list,
// that lacks it.
//
// A path is as long as the document is deep, which for hostile documents is
// long; that is why it is made here and not by Validate.
func (p Problem) Path() string { return p.place.pointer() }

// String returns path, code, name and what is wanted, on one line. A path with
// characters that do not print is quoted, as every name is.
func (p Problem) String() string {
	var b strings.Builder
	if path := p.Path(); strings.ContainsFunc(path, func(r rune) bool { return !strconv.IsPrint(r) }) {
		b.WriteString(strconv.Quote(path) + ": ")
	} else if path != "" {
		b.WriteString(path + ": ")
	}
	b.WriteString(string(p.Code))
	if p.Name != "" {
		b.WriteString(" " + strconv.Quote(p.Name))
	}
	if p.Want != "" {
		b.WriteString(", want " + p.Want)
	}
	return b.String()
}

// MarshalJSON returns path, code, name and want as an object of four texts.
// Its error is always nil.
func (p Problem) MarshalJSON() ([]byte, error) {
	b := appendQuoted([]byte(`{"path":`), p.Path())
	b = appendQuoted(append(b, `,"code":`...), string(p.Code))
	b = appendQuoted(append(b, `,"name":`...), p.Name)
	b = appendQuoted(append(b, `,"want":`...), p.Want)
	return append(b, '}'), nil
}

// place is where a value stands in a document; nil is the document itself.
type place struct {
	parent *place
	name   string // in an object
	index  int    // in a list; -1 in an object
}

func (p *place) member(name string) *place { return &place{parent: p, name: name, index: -1} }
func (p *place) element(index int) *place  { return &place{parent: p, index: index} }

var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

func (p *place) pointer() string {
	var tokens []string
	for ; p != nil; p = p.parent {
		if p.index >= 0 {
			tokens = append(tokens, strconv.Itoa(p.index))
		} else {
			tokens = append(tokens, pointerEscapes.Replace(p.name))
		}
	}
	if len(tokens) == 0 {
		return ""
	}
	slices.Reverse(tokens)
	return "/" + strings.Join(tokens, "/")
}
