package transform

import (
	"bytes"
	"net/url"
	"regexp"
	"strings"

	"github.com/jirasync/jirasync/adf"
	"github.com/jirasync/jirasync/partition"
)

// Rich text is printed from its JSON. It cannot fail, since that is part of a
// record which has been read, and nests no deeper than adf allows.

func (e *element) plainText(name string) string {
	text, _ := adf.PlainText(e.get(name).Raw())
	return withoutNUL(text)
}

// embeds decodes a document that may embed files or pictures. Of one that
// cannot, which most are, it returns nil.
func (e *element) embeds(name string) *adf.Node {
	raw := e.get(name).Raw()
	if !bytes.Contains(raw, []byte("media")) && !bytes.Contains(raw, []byte(`\u006`)) { // an m, e, d, i or a
		return nil
	}
	doc, err := adf.Parse(raw)
	if err != nil {
		return nil
	}
	return doc
}

// markdown links a file or picture to where Jira serves the attachment that it
// is: content_url of the attachments table, which also tells the local path.
// A local path would be of this machine, and come only with the download.
func (e *element) markdown(name string) string {
	doc := e.embeds(name)
	if doc == nil {
		text, _ := adf.Markdown(e.get(name).Raw())
		return withoutNUL(text)
	}
	options := adf.Options{MediaURL: func(n *adf.Node) string {
		file := e.issue.file(n)
		if !file.ok() {
			return "" // media:ID, as in comment_media
		}
		content, _ := e.scalar(file.get("content"))
		return content
	}}
	return withoutNUL(options.Markdown(doc))
}

func withoutNUL(s string) string { return strings.ReplaceAll(s, "\x00", "") }

// media is a file or picture that a document embeds.
type media struct {
	adf.Media
	file object // the attachment that it is; none when that is not certain
}

// commentMedia lists what each comment embeds, in the order of its document.
func (i *issue) commentMedia() []element {
	var all []element
	for _, comment := range i.comments() {
		doc := comment.embeds("body")
		for _, n := range doc.Walk() {
			if m, ok := i.media(n); ok {
				comment.media = &m
				all = append(all, comment)
			}
		}
	}
	return all
}

// media reports whether a node is a file or picture, and which.
func (i *issue) media(n *adf.Node) (media, bool) {
	switch n.Type {
	case "media", "mediaInline", "mediaSingle":
		// The node alone: what a mediaSingle frames comes later in the walk.
		if found := (&adf.Node{Type: n.Type, Attrs: n.Attrs}).Media(); len(found) > 0 {
			return media{found[0], i.file(n)}, true
		}
	}
	return media{}, false
}

// file returns the attachment that a media node is, none when that is not
// certain. Documents name files by the id of Atlassian's media service, which
// no list of attachments carries, so that what remains is the name: of one
// attachment and no other. Which of several was meant cannot be told: Jira
// does not document when an attachment is created in relation to its comment.
// A picture outside Jira may be an attachment all the same, by its address.
func (i *issue) file(n *adf.Node) object {
	alone := &adf.Node{Type: n.Type, Attrs: n.Attrs}
	found := adf.Options{KeepCredentials: true}.Media(alone)
	if len(found) == 0 {
		return object{}
	}
	if i.files == nil {
		i.files = newFiles(i.attachments())
	}
	if address := found[0].URL; address != "" {
		return i.files.at(address)
	}
	name, _ := n.Attrs.Text("__fileName")
	if name == "" {
		name, _ = n.Attrs.Text("alt")
	}
	return i.files.byName[name]
}

// files are the attachments of an issue as documents refer to them.
type files struct {
	byName map[string]object // none for a name that several have
	byID   map[string]object
}

func newFiles(attachments []element) *files {
	f := &files{byName: map[string]object{}, byID: map[string]object{}}
	for _, a := range attachments {
		if id, ok := a.scalar(a.get("id")); ok {
			f.byID[id] = a.object
		}
		name, _ := a.scalar(a.get("filename"))
		if _, taken := f.byName[name]; taken || name == "" {
			f.byName[name] = object{}
			continue
		}
		f.byName[name] = a.object
	}
	return f
}

// filePath is the path at which Jira serves an attachment.
var filePath = regexp.MustCompile(`^/(?:secure/(?:attachment|thumbnail)|rest/api/(?:2|3|latest)/attachment/(?:content|thumbnail))/([0-9]+)(?:/|$)`)

// at returns the attachment that the site serves at an address.
func (f *files) at(address string) object {
	u, err := url.Parse(address)
	if err != nil {
		return object{}
	}
	match := filePath.FindStringSubmatch(u.Path)
	if match == nil {
		return object{}
	}
	file := f.byID[match[1]]
	if !file.ok() || u.Host == "" && u.Scheme == "" {
		return file // the path alone is one of the site's
	}
	content, _ := file.scalar(file.get("content"))
	if site, err := url.Parse(content); err != nil || !strings.EqualFold(site.Host, u.Host) {
		return object{}
	}
	return file
}

func (e *element) mediaAttachment() partition.Value {
	if !e.media.file.ok() {
		return partition.Value{}
	}
	return textOrNull(e.scalar(e.media.file.get("id")))
}

func (e *element) mediaName() partition.Value {
	if !e.media.file.ok() {
		return textOrNull(e.media.Name, e.media.Name != "")
	}
	return textOrNull(e.scalar(e.media.file.get("filename")))
}
