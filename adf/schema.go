package adf

//go:generate go run schema_gen.go schema_gen_rules.go schema_gen_print.go -released ../../shared/adf/full.json -stage0 ../../shared/adf/stage-0.json -o schema_tables.go

// The schema names one definition for each way a node may be: a paragraph
// without marks, one with an alignment, and so on. Here a definition is a
// variant of its node type, and a place for children (the content of a panel,
// the first child of a mediaSingle) is a bit of a slots. Each variant knows the
// places that take it. So a node is judged without its parent, from the slots
// of its children, and a whole document in one pass: a child fits where it
// satisfies a variant that the place takes.

// schema are the rules of one edition of the schema.
type schema struct {
	nodes  []nodeType // by nodeIndex
	places []string   // the types that each bit of a slots takes, for people
}

// nodeType holds the rules of the nodes of one type.
type nodeType struct {
	name     string
	attrs    []int // rules of attrs; a variant takes one or more of them
	variants []variant
}

// variant is one definition of a node type.
type variant struct {
	slots   slots   // the places that take it
	keys    keySet  // the members it may have
	need    keySet  // those it must have
	ruled   keySet  // those whose value matters
	attrs   uint8   // which of the type's attrs it takes
	marks   markSet // the marks it may have
	content content
}

// content says what the children of a variant must be. The zero value of a
// place allows anything at all.
type content struct {
	first, second, rest slots
	min, max            int // max < 0: no limit
}

// slots is a set of places for children.
type slots uint64

const (
	rootSlot  slots = 1 // where the document itself stands
	everySlot       = ^slots(0)
)

// markSet is a set of mark types, by markIndex.
type markSet uint32

const (
	otherMark markSet = 1 << 31 // unknown, malformed, or no mark at all
	anyMarks          = ^markSet(0)
)

// markType holds the rules of one mark.
type markType struct {
	name  string
	attrs int // rule; -1 if it has no attrs, else it must have them
}

// keySet is a set of the members of a node.
type keySet uint8

const (
	keyType keySet = 1 << iota
	keyAttrs
	keyMarks
	keyContent
	keyText
	keyVersion
	keyOther // any other name
)

// rule says what a value must be.
type rule struct {
	kind     ruleKind
	min, max int        // of a number, of the length of a text or list; < 0: no limit
	words    []string   // the texts allowed
	hex      []int      // besides words: "#" and so many hexadecimal digits
	items    int        // the rule of a list's elements
	members  []property // of an object; no others are allowed
	need     uint32     // those it must have, a bit each
}

type property struct {
	name string
	rule int
}

type ruleKind uint8

const (
	ruleAny ruleKind = iota
	ruleString
	ruleWord
	ruleNumber
	ruleBoolean
	ruleList
	ruleObject
)
