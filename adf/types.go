package adf

// typeID is a type of nodes that the printers know. It is a small number, as
// they ask for it several times a node.
type typeID uint8

const (
	typeUnknown typeID = iota // and "", and no type at all
	typeBlockCard
	typeBlockquote
	typeBlockTaskItem
	typeBodiedExtension
	typeBodiedRule
	typeBodiedSyncBlock
	typeBulletList
	typeCaption
	typeCodeBlock
	typeDate
	typeDecisionItem
	typeDecisionList
	typeDoc
	typeEmbedCard
	typeEmoji
	typeExpand
	typeExtension
	typeExtensionFrame
	typeHardBreak
	typeHeading
	typeInlineCard
	typeInlineExtension
	typeLayoutColumn
	typeLayoutSection
	typeListItem
	typeMedia
	typeMediaGroup
	typeMediaInline
	typeMediaSingle
	typeMention
	typeMultiBodiedExtension
	typeNestedExpand
	typeOrderedList
	typePanel
	typeParagraph
	typePlaceholder
	typeRule
	typeStatus
	typeSyncBlock
	typeTable
	typeTableCell
	typeTableHeader
	typeTableRow
	typeTaskItem
	typeTaskList
	typeText
)

// kind says how a block walk treats a node. Markdown and PlainText share it.
type kind uint8

const (
	kindUnknown  kind = iota
	kindInline        // runs of them among blocks are one paragraph
	kindBlock         // printed as a whole
	kindLeaf          // printed, then its children, which it should not have
	kindOpen          // its blocks are blocks of its parent
	kindFallback      // the same; attrs.text if they print nothing
	kindOrphan        // an item or row outside its parent
)

// knownTypes are the types that the printers know.
var knownTypes = [...]struct {
	name string
	kind kind
}{
	typeBlockCard:            {"blockCard", kindLeaf},
	typeBlockTaskItem:        {"blockTaskItem", kindOrphan},
	typeBlockquote:           {"blockquote", kindBlock},
	typeBodiedExtension:      {"bodiedExtension", kindFallback},
	typeBodiedRule:           {"bodiedRule", kindLeaf},
	typeBodiedSyncBlock:      {"bodiedSyncBlock", kindOpen},
	typeBulletList:           {"bulletList", kindBlock},
	typeCaption:              {"caption", kindBlock},
	typeCodeBlock:            {"codeBlock", kindBlock},
	typeDate:                 {"date", kindInline},
	typeDecisionItem:         {"decisionItem", kindOrphan},
	typeDecisionList:         {"decisionList", kindBlock},
	typeDoc:                  {"doc", kindOpen},
	typeEmbedCard:            {"embedCard", kindLeaf},
	typeEmoji:                {"emoji", kindInline},
	typeExpand:               {"expand", kindBlock},
	typeExtension:            {"extension", kindFallback},
	typeExtensionFrame:       {"extensionFrame", kindOpen},
	typeHardBreak:            {"hardBreak", kindInline},
	typeHeading:              {"heading", kindBlock},
	typeInlineCard:           {"inlineCard", kindInline},
	typeInlineExtension:      {"inlineExtension", kindInline},
	typeLayoutColumn:         {"layoutColumn", kindOpen},
	typeLayoutSection:        {"layoutSection", kindOpen},
	typeListItem:             {"listItem", kindOrphan},
	typeMedia:                {"media", kindLeaf},
	typeMediaGroup:           {"mediaGroup", kindBlock},
	typeMediaInline:          {"mediaInline", kindInline},
	typeMediaSingle:          {"mediaSingle", kindBlock},
	typeMention:              {"mention", kindInline},
	typeMultiBodiedExtension: {"multiBodiedExtension", kindOpen},
	typeNestedExpand:         {"nestedExpand", kindBlock},
	typeOrderedList:          {"orderedList", kindBlock},
	typePanel:                {"panel", kindBlock},
	typeParagraph:            {"paragraph", kindBlock},
	typePlaceholder:          {"placeholder", kindInline},
	typeRule:                 {"rule", kindLeaf},
	typeStatus:               {"status", kindInline},
	typeSyncBlock:            {"syncBlock", kindOpen},
	typeTable:                {"table", kindBlock},
	typeTableCell:            {"tableCell", kindOpen},
	typeTableHeader:          {"tableHeader", kindOpen},
	typeTableRow:             {"tableRow", kindOrphan},
	typeTaskItem:             {"taskItem", kindOrphan},
	typeTaskList:             {"taskList", kindBlock},
	typeText:                 {"text", kindInline},
}

func (t typeID) kind() kind { return knownTypes[t].kind }

func (t typeID) isInline() bool { return knownTypes[t].kind == kindInline }

// isBlock reports whether the schema knows the type as one of blocks.
func (t typeID) isBlock() bool { return knownTypes[t].kind > kindInline }

func (t typeID) isList() bool {
	switch t {
	case typeBulletList, typeOrderedList, typeTaskList, typeDecisionList:
		return true
	}
	return false
}

func (t typeID) isCell() bool { return t == typeTableCell || t == typeTableHeader }

// parent returns the type of the parent that an orphan lacks.
func (t typeID) parent() typeID {
	switch t {
	case typeListItem:
		return typeBulletList
	case typeTaskItem, typeBlockTaskItem:
		return typeTaskList
	case typeDecisionItem:
		return typeDecisionList
	case typeTableRow:
		return typeTable
	}
	return typeUnknown
}

// typeSlots is a hash table of the types: a name is in the slot that slotOf says
// or in one of the next, before the first empty one.
var typeSlots = func() (slots [256]typeID) {
	for t := range knownTypes[1:] {
		slot := slotOf(knownTypes[1+t].name)
		for slots[slot] != typeUnknown {
			slot++
		}
		slots[slot] = typeID(1 + t)
	}
	return slots
}()

func slotOf(name string) uint8 {
	return uint8(len(name)) + 11*name[0] + 15*name[len(name)-1]
}

// typeOf returns the type of that name in the schema.
func typeOf(name string) typeID {
	switch name {
	case "text": // as most are
		return typeText
	case "":
		return typeUnknown
	}
	for slot := slotOf(name); ; slot++ {
		t := typeSlots[slot]
		if t == typeUnknown || knownTypes[t].name == name {
			return t
		}
	}
}
