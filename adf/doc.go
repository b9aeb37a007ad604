// Package adf reads the Atlassian Document Format, in which Jira Cloud keeps
// descriptions, comments, worklogs and text fields, and prints it as text or Markdown.
//
//	text, err := adf.PlainText(fields.Description) // a json.RawMessage, may be nil
//	md, err := adf.Markdown(fields.Description)
//
// It depends on the standard library only.
//
// # The format
//
// A document is a tree of nodes in JSON:
//
//	{"type": "doc", "version": 1, "content": [
//	  {"type": "heading", "attrs": {"level": 2}, "content": [
//	    {"type": "text", "text": "Steps"}
//	  ]},
//	  {"type": "paragraph", "content": [
//	    {"type": "text", "text": "Ask "},
//	    {"type": "mention", "attrs": {"id": "5b10", "text": "@Ada"}},
//	    {"type": "text", "text": "first", "marks": [{"type": "strong"}]}
//	  ]}
//	]}
//
// Each node has a type, and may have attrs (an object), content (its children)
// and marks. Block nodes stack: paragraphs, headings, lists, tables, panels.
// Inline nodes flow in a paragraph or heading: texts, mentions, emoji, dates,
// statuses, smart links. Marks are properties of a text, such as strong, code
// or link; formatting is never a node. The released schema has 43 node types
// and 17 marks; documents hold others besides, from apps and from trials.
//
// A [Node] holds any of them, unknown types and attributes included. [Parse]
// makes a tree of them from JSON and never refuses JSON for its shape: Jira
// keeps documents that break the schema, and their text must not be lost.
//
// # Plain text
//
// [PlainText] and [Node.PlainText] print for people, language models and text
// search: no text is lost, no URL is lost, nothing is invented. What a node
// becomes:
//
//	paragraph, heading        its lines; hardBreak is a line break
//	bulletList                "- " before each item, two spaces before its other lines
//	orderedList               "1. ", from attrs.order on
//	taskList                  "[ ] ", or "[x] " if done
//	decisionList              "Decision: " or "Undecided: "
//	codeBlock                 the code
//	blockquote                "> " before every line
//	panel                     "Warning:" on a line (Info Note Tip Error Success Panel), its blocks
//	expand, nestedExpand      the title, its blocks
//	rule                      "---"
//	table                     a line a row, " | " between cells, " / " for line breaks in them
//	media, mediaInline        "[media: NAME]" or, outside Jira, "[media: NAME (URL)]"; nothing without a name
//	caption                   the line after its media
//	text with a link          "label (URL)", or one of the two if they are the same
//	cards                     "Name (URL)" or the URL; a datasource "JQL: …"
//	mention                   "@Ada"
//	date                      "2024-06-01", in UTC
//	status                    "[In Progress]"
//	emoji                     its characters, or ":name:"
//	extensions                their content, or attrs.text
//	layouts, other containers their blocks
//	placeholder, syncBlock    nothing
//
// Blocks are apart by a blank line, in list items and cells by a newline. A
// block with nothing to show leaves no gap. A mention, date, status, card,
// extension or media node never sticks to the word beside it. An unknown node
// prints what it holds, as does a node where the schema allows none of its
// kind.
//
// In every URL that it prints, the package replaces the values of secret query
// parameters, and passwords, by REDACTED; see [Options]. URLs pasted as plain
// text are prose, which is never changed.
//
// # Markdown
//
// [Markdown] and [Node.Markdown] print GitHub-flavoured Markdown for the same
// readers, and for programs: a parser of CommonMark with tables, strikethrough
// and task lists reads back the same text in the same blocks with the same
// marks. What is not as above:
//
//	heading                   "## " and its line
//	hardBreak                 a backslash and a newline; a space in headings, <br> in cells
//	bulletList, orderedList   as above; "* " or "1) " after a list that would swallow it
//	taskList                  "- [ ] " or "- [x] "
//	decisionList              "- **Decision:** " or "- **Undecided:** "
//	codeBlock                 a fence of backticks, with the language
//	panel                     an alert: "> [!WARNING]", and "> " before every line
//	expand, nestedExpand      <details> and <summary>
//	table                     a table with pipes, its header empty unless the first row is one
//	media                     "![NAME](media:ID)"; see Options.MediaURL
//	mediaInline, mediaGroup   "[NAME](media:ID)" for files
//	text with a link          "[label](URL)", or "<URL>" if they are the same
//	cards                     "[Name](URL)" or "<URL>"
//	status                    "`In Progress`"
//	strong, em, strike        "**b**", "_e_", "~~s~~", or tags where these would not work
//	code, subsup              "`c`", "<sub>2</sub>"
//	other marks               the text
//
// Links to scripts (javascript, vbscript, data) print their label only. Text is
// escaped only where it would be read as something else: my_var, a < b and
// C:\temp stay.
//
// # What else a tree is for
//
// [Node.Walk] ranges over every node with the nodes above it. [Node.Links],
// [Node.Mentions], [Node.Media] and [Node.Dates] list what a document points
// to, secrets in URLs redacted. [Node.MarshalJSON] writes a tree as JSON: what
// nobody changed is, byte for byte, as it stood in the document.
//
// # Validation
//
// [Validate] says where a document breaks the schema: a code and a JSON pointer
// for each problem, and none exactly if the JSON schema accepts the document.
// Nothing else here needs a valid document, or is changed by validating it.
//
// # Limits
//
// Time and memory are linear in the size of the input. JSON may nest 10,000
// deep. Children deeper than 256 print on one line. Nothing panics, a tree
// built by hand and with cycles included.
//
// # Stability
//
// The text of a document may change between minor versions where it was
// wrong; the archives under testdata show all of it. The codes of problems stay.
//
// Source: the JSON schema of ADF version 1 in the npm package
// @atlaskit/adf-schema 57.7.22.
package adf
