// Package adf reads the Atlassian Document Format, in which Jira Cloud keeps
// descriptions, comments, worklogs and text fields, and prints it as text or Markdown.
//
//	text, err := adf.PlainText(fields.Description) // a json.RawMessage, may be nil
//	md, err := adf.Markdown(fields.Description)
//
// These two are all that most programs need. [Parse] gives a tree to walk, to
// list links and mentions from, and to change; [Validate] judges a document. It
// depends on the standard library only.
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
// statuses, smart links. Only nodes of type text hold a text. Marks are
// properties of a text, such as strong, code or link; formatting is never a
// node, and a word that is half bold is two texts.
//
// The version of a document is 1, and has always been: the format grows by new
// types. Atlassian publishes two JSON schemas, the released one and stage 0,
// which has besides it what is on trial. Both say which node may stand where.
//
// # What Jira sends
//
// Version 3 of the REST API sends a document, or null where a field is empty.
// Version 2, and webhooks, send wiki text as a JSON string instead; here it is
// returned as it is, since it is text already. Of an issue or comment, give
// this package the value of the field, not the whole object: decode the field
// into a json.RawMessage, or into a *Node.
//
// Real documents break the schema: types that no schema has, lists in lists,
// code that is bold, private attributes such as __fileName. Nothing here but
// Validate minds: unknown nodes print what they hold, and what reading does
// about bad input is said at [Parse]. Some things no document holds: the name
// behind an account ID as it is today, what an app shows in place of its
// extension, and the URLs of media, whose IDs are those of Atlassian's media
// service, not of attachments.
//
// # Plain text
//
// [PlainText] and [Node.PlainText] print for people, language models and text
// search: no text is lost, no URL is lost, nothing is invented.
//
// Blocks are apart by a blank line, in list items and cells by a newline. A
// block with nothing to show leaves no gap. What belongs to a list item is
// indented as far as its marker is wide. A row of a table is a line; line
// breaks in a cell are " / ". A mention, date, status, card, extension or media
// node never sticks to the word beside it. The label and the URL of a link are
// printed once if they are the same. The tables at the end show each type.
//
// # Markdown
//
// [Markdown] and [Node.Markdown] print GitHub-flavoured Markdown for the same
// readers, and for programs: a parser of CommonMark with tables, strikethrough
// and task lists reads back the same text in the same blocks with the same
// marks.
//
// Two lists that would become one get different markers ("-" and "*", "1." and
// "1)"). A table has an empty header unless its first row is one; a line break
// in a cell is <br>. Where asterisks would not be read as a mark, a tag is
// printed: un<em>believ</em>able. Links to scripts (javascript, vbscript, data)
// print their label only. Media get the URL that [Options] finds for them. Text
// is escaped only where it would be read as something else: my_var, a < b and
// C:\temp stay.
//
// # What else a tree is for
//
// [Node.Walk] ranges over every node with the nodes above it. [Node.Links],
// [Node.Mentions], [Node.Media] and [Node.Dates] list what a document points
// to. [Attrs] reads attributes that have no method. [Node.MarshalJSON] writes a
// tree as JSON: what nobody changed is, byte for byte, as it stood in the
// document. A tree may also be built by hand, and sent to Jira.
//
// # Validation
//
// [Validate] says where a document breaks the schema: a code and a JSON pointer
// for each problem, and none exactly if the JSON schema accepts the document.
// [ValidateOptions] allow what is on trial. Nothing else here needs a valid
// document, or is changed by validating it.
//
// # Secrets
//
// URLs in tickets carry tokens. In every URL that it prints or lists, the
// package replaces the values of secret query parameters, and passwords, by
// REDACTED; the rest of the URL stays. See [Options]. URLs pasted as plain text
// are prose, which is never changed; nor does MarshalJSON change any. Errors
// hold nothing of a document, and problems no more than names of types and
// members.
//
// # Cost and limits
//
// Time and memory are linear in the size of the input, whatever it is, and
// encoding/json is not involved. JSON may nest 10,000 deep, beyond which it is
// an error. Children deeper than 256 print on one line. Nothing panics, a tree
// built by hand and with cycles included.
//
// There is no state to set up. All functions may be called from several
// goroutines, and a tree may be read from several while nobody changes it.
// Equal input gives equal output, whatever the locale or the time zone.
//
// # Stability
//
// The text of a document may change between minor versions where it was
// wrong; the archives under testdata show all of it. The codes of problems stay.
//
// Source: the JSON schemas of ADF version 1 in the npm package
// @atlaskit/adf-schema 57.7.22.
package adf
