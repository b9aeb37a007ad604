package adf

import (
	"strconv"
	"strings"
)

// maxDepth is how deep lists of children keep their structure. The list of a
// document's blocks has depth 1; deeper ones than this are one text.
const maxDepth = 256

// tree is a document as the printers read it: the nodes stand in the order of
// the document, each before all that is in it. What they do not print is not
// there. nodes[0] is no node, so that 0 can say that there is none.
type tree struct {
	nodes []treeNode
	from  []*Node // of each node, the one that it was made of; nil if read from JSON
}

// treeNode is a node of a tree.
type treeNode struct {
	text   string
	attrs  attrs
	link   *link // nil if no mark is one
	end    int   // index after the last node in it
	parent int   // index of the node that it is in
	typ    typeID
	marks  marks // but for the link
	// What is so in the document: the tree may have less, in which lists are
	// not too deep, and have neither cycles nor nil.
	hasContent bool
	hasBlocks  bool // one of the children is a block
}

// link is where a text or picture leads. Its fields are not trimmed.
type link struct {
	href  string // trimmed, not ""
	title string // as it stands in the document
}

// span is some siblings: those with an index from from on and below end.
type span struct{ from, end int }

// kids returns the children of a node.
func (t *tree) kids(n int) span { return span{n + 1, t.nodes[n].end} }

// next returns the index of the node that comes after n and all in it.
func (t *tree) next(n int) int { return t.nodes[n].end }

// attrs are the attributes of a node that printers read. Of equal names the
// last counts.
type attrs []attr

type attr struct {
	name   attrName
	isText bool
	value  string // a text, or the JSON of another value
}

// attrName is the name of an attribute that printers read.
type attrName uint8

const (
	attrUnknown attrName = iota
	attrAlt
	attrColspan
	attrData
	attrDatasource
	attrFileName
	attrHref
	attrID
	attrLanguage
	attrLevel
	attrOrder
	attrPanelType
	attrRowspan
	attrShortName
	attrState
	attrText
	attrTimestamp
	attrTitle
	attrType
	attrURL
)

func attrNameOf(name string) attrName {
	switch name {
	case "alt":
		return attrAlt
	case "colspan":
		return attrColspan
	case "data":
		return attrData
	case "datasource":
		return attrDatasource
	case "__fileName":
		return attrFileName
	case "href":
		return attrHref
	case "id":
		return attrID
	case "language":
		return attrLanguage
	case "level":
		return attrLevel
	case "order":
		return attrOrder
	case "panelType":
		return attrPanelType
	case "rowspan":
		return attrRowspan
	case "shortName":
		return attrShortName
	case "state":
		return attrState
	case "text":
		return attrText
	case "timestamp":
		return attrTimestamp
	case "title":
		return attrTitle
	case "type":
		return attrType
	case "url":
		return attrURL
	}
	return attrUnknown
}

// last returns the attribute of that name; the zero one if there is none.
func (a attrs) last(name attrName) attr {
	for i := len(a) - 1; i >= 0; i-- {
		if a[i].name == name {
			return a[i]
		}
	}
	return attr{}
}

// text returns an attribute if it is a string, else "".
func (a attrs) text(name attrName) string {
	if found := a.last(name); found.isText {
		return found.value
	}
	return ""
}

// number returns an attribute if it is a number.
func (a attrs) number(name attrName) (value float64, ok bool) {
	found := a.last(name)
	switch {
	case found.isText || !isNumber(found.value):
		return 0, false
	case len(found.value) == 1: // as most are
		return float64(found.value[0] - '0'), true
	}
	// An error leaves ±Inf, which is right for a number beyond float64.
	value, _ = strconv.ParseFloat(found.value, 64)
	return value, true
}

// object returns an attribute if it is an object, else "".
func (a attrs) object(name attrName) Attrs {
	if found := a.last(name); !found.isText && strings.HasPrefix(found.value, "{") {
		return Attrs(found.value)
	}
	return ""
}
