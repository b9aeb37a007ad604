package adf

import "strings"

// Link is a URL in a document. Like the types below, it encodes to JSON with
// all members, named as in ADF where ADF has them.
type Link struct {
	// Kind is where it stands: "link" for a link mark of texts, "inlineCard",
	// "blockCard" or "embedCard" for a smart link, "media" for a picture
	// outside Jira, "mediaLink" for the target of a picture.
	Kind string `json:"kind"`
	// URL is never blank. Secrets in it are REDACTED; see Options.
	URL string `json:"url"`
	// Text is the label of a link, or the name of a smart link or picture;
	// "" if there is none. A label that repeats the URL is redacted as well.
	Text string `json:"text"`
}

// Mention is a person or team that a document names.
type Mention struct {
	ID          string `json:"id"`          // an account ID; "" if there is none
	Text        string `json:"text"`        // as PlainText prints it, with an at sign
	UserType    string `json:"userType"`    // such as "APP"; "" if the document does not say
	AccessLevel string `json:"accessLevel"` // such as "CONTAINER"; "" if the document does not say
}

// Media is a file or picture in a document. It has an ID, a URL or both.
type Media struct {
	Node       string `json:"node"`       // the type of the node: "media", "mediaInline" or "mediaSingle"
	Type       string `json:"type"`       // "file", "link", "image" or "external"; "" if the document does not say
	ID         string `json:"id"`         // in Atlassian's media service: no attachment ID; "" if external
	Collection string `json:"collection"` // "" if the document does not say
	Name       string `json:"name"`       // the alternative text, else the name of the file, else ""
	URL        string `json:"url"`        // of external media, secrets in it REDACTED; see Options
}

// Date is a day in a document.
type Date struct {
	Timestamp string `json:"timestamp"` // as it stands in the document: milliseconds since 1970
	Text      string `json:"text"`      // as PlainText prints it, such as "2024-06-01"
}

// Links returns the URLs in a node and all below it, in the order of the
// document, each as often as it is there. Texts in a row that link to one URL
// are one link. URLs pasted as plain text are none.
func (n *Node) Links() []Link { return Options{}.Links(n) }

// Mentions returns the mentions in a node and all below it, in the order of
// the document, each as often as it is there. One with neither a name nor an
// ID is left out.
func (n *Node) Mentions() []Mention {
	var mentions []Mention
	for _, n := range n.Walk() {
		if n.Type != "mention" {
			continue
		}
		a := n.Attrs
		m := Mention{ID: a.text("id"), UserType: a.text("userType"), AccessLevel: a.text("accessLevel")}
		if isBlank(m.ID) && isBlank(a.text("text")) {
			continue
		}
		m.Text = mentionText(a.known())
		mentions = append(mentions, m)
	}
	return mentions
}

// Media returns the files and pictures in a node and all below it, in the
// order of the document, each as often as it is there. One with neither an ID
// nor a URL is left out.
func (n *Node) Media() []Media { return Options{}.Media(n) }

// Dates returns the dates in a node and all below it, in the order of the
// document, each as often as it is there. One that prints nothing is left out.
func (n *Node) Dates() []Date {
	var dates []Date
	for _, n := range n.Walk() {
		if n.Type != "date" {
			continue
		}
		d := Date{Text: dateText(n.Attrs.known())}
		if d.Text == "" {
			continue
		}
		var ok bool
		if d.Timestamp, ok = n.Attrs.Text("timestamp"); !ok {
			d.Timestamp = n.Attrs.raw("timestamp")
		}
		dates = append(dates, d)
	}
	return dates
}

// Media is the method of Node, with options.
func (o Options) Media(n *Node) []Media {
	var media []Media
	for _, n := range n.Walk() {
		if !isMedia(n) {
			continue
		}
		a := n.Attrs
		m := Media{Node: n.Type, Type: a.text("type"), ID: a.text("id"),
			Collection: a.text("collection"), Name: mediaName(a.known()), URL: o.url(externalURL(a.known()))}
		if isBlank(m.ID) {
			m.ID = ""
		}
		if m.ID != "" || m.URL != "" {
			media = append(media, m)
		}
	}
	return media
}

// isMedia reports whether a node is a file or picture. A mediaSingle is a
// frame around one, but some carry what the media in it should.
func isMedia(n *Node) bool {
	switch n.Type {
	case "media", "mediaInline":
		return true
	case "mediaSingle":
		return len(n.Content) == 0 || !isBlank(n.Attrs.text("id"))
	}
	return false
}

// Links is the method of Node, with options.
func (o Options) Links(n *Node) []Link {
	l := linker{Options: o}
	for above, n := range n.Walk() {
		l.node(above, n)
	}
	l.end()
	return l.links
}

// linker lists links.
type linker struct {
	Options
	links []Link
	// The texts that are being read as one link.
	href   string // "" if there are none
	parent *Node
	label  strings.Builder
}

func (l *linker) node(above []*Node, n *Node) {
	if n.Type == "text" {
		l.text(above, n)
		return
	}
	l.end()
	switch n.Type {
	case "inlineCard", "blockCard", "embedCard":
		l.add(n.Type, cardTarget(n.Attrs.known()), cardName(n.Attrs.known()))
		return
	}
	media := n
	if n.Type == "mediaSingle" && !isMedia(n) {
		media = mediaOf(n)
	} else if isMedia(n) {
		l.add("media", externalURL(n.Attrs.known()), mediaName(n.Attrs.known()))
	} else {
		return
	}
	l.add("mediaLink", linkTarget(n.Marks), mediaName(media.Attrs.known()))
}

// mediaOf returns the first media in a mediaSingle; itself if there is none.
func mediaOf(single *Node) *Node {
	for _, n := range single.Content {
		if n != nil && n.Type == "media" {
			return n
		}
	}
	return single
}

// text reads a text, which may go on with the link before it.
func (l *linker) text(above []*Node, n *Node) {
	var parent *Node
	if len(above) > 0 {
		parent = above[len(above)-1]
	}
	href := linkTarget(n.Marks)
	if href == "" && n.Text == "" && parent == l.parent {
		return
	}
	if href != l.href || parent != l.parent {
		l.end()
		l.href, l.parent = href, parent
	}
	if href != "" {
		l.label.WriteString(wordsOf(n.Text, hasMark(n.Marks, "code")))
	}
}

// end lists the link whose texts have been read.
func (l *linker) end() {
	if l.href != "" {
		label := strings.TrimSpace(l.label.String())
		if same, text := l.sameLabel(label, l.href); same {
			label = text
		}
		l.add("link", l.href, label)
	}
	l.href, l.parent = "", nil
	l.label.Reset()
}

func (l *linker) add(kind, url, text string) {
	if url != "" {
		l.links = append(l.links, Link{Kind: kind, URL: l.url(url), Text: text})
	}
}
