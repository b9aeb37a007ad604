package adf

import (
	"strconv"
	"strings"
	"time"
)

// plainAtom returns the text of an inline node that must not stick to words, or
// of a card or media block; "" if it shows nothing.
func (p *printer) plainAtom(n *Node) piece {
	return piece{text: p.atomText(n)}
}

func (p *printer) atomText(n *Node) string {
	switch n.Type {
	case "mention":
		return mentionText(n.Attrs)
	case "date":
		return dateText(n.Attrs)
	case "status":
		if text := oneLine(n.Attrs.text("text")); text != "" {
			return p.words.join("[", text, "]")
		}
	case "inlineCard", "blockCard", "embedCard":
		return p.card(n)
	case "media", "mediaInline", "mediaSingle":
		return p.media(n)
	case "inlineExtension":
		return strings.TrimSpace(n.Attrs.text("text"))
	}
	return ""
}

// mentionText returns the name of a mention after an at sign.
func mentionText(a Attrs) string {
	name := oneLine(a.text("text"))
	if name == "" {
		name = oneLine(a.text("id"))
		if name == "" {
			name = "unknown"
		}
		return "@" + name
	}
	if !strings.HasPrefix(name, "@") {
		name = "@" + name
	}
	return name
}

// emojiText returns the characters of an emoji, else its short name.
func emojiText(n *Node) string {
	if text := n.Attrs.text("text"); !isBlank(text) {
		return text
	}
	if name := n.Attrs.text("shortName"); !isBlank(name) {
		return name
	}
	return ""
}

// dateText returns the day, in UTC, of a timestamp in milliseconds, and any
// other timestamp as it is.
func dateText(a Attrs) string {
	raw, ok := a.Text("timestamp")
	if !ok {
		if raw = a.raw("timestamp"); !isNumber(raw) {
			return ""
		}
	}
	const maxDigits = 16
	if digits := strings.TrimPrefix(raw, "-"); isDigits(digits) && len(digits) <= maxDigits {
		ms, _ := strconv.ParseInt(raw, 10, 64) // 16 digits fit
		day := time.UnixMilli(ms).UTC()
		if y := day.Year(); 1 <= y && y <= 9999 {
			return day.Format(time.DateOnly)
		}
	}
	return oneLine(raw)
}

// media returns the text of a file or picture. The link of a mediaSingle is
// the link of the media in it.
func (p *printer) media(n *Node) string {
	name := mediaName(n.Attrs)
	label := name
	if url := externalURL(n.Attrs); url != "" {
		label = p.named(name, p.url(url))
	}
	href := p.mediaTarget(n)
	switch {
	case label == "":
		return p.url(href)
	case href == "":
		return p.words.join("[media: ", label, "]")
	}
	return p.words.join("[media: ", label, "] (", p.url(href), ")")
}

// mediaTarget returns where a media node links to, "" if nowhere.
func (w *walker) mediaTarget(n *Node) string {
	href := linkTarget(n.Marks)
	if parent := w.parent(); href == "" && parent != nil && parent.Type == "mediaSingle" {
		href = linkTarget(parent.Marks)
	}
	return href
}

// mediaName returns what the author or the file calls a media node.
func mediaName(a Attrs) string {
	if name := oneLine(a.text("alt")); name != "" {
		return name
	}
	return oneLine(a.text("__fileName"))
}

// externalURL returns the URL of media that is not stored in Jira, else "".
func externalURL(a Attrs) string {
	if a.text("type") != "external" && !isBlank(a.text("id")) {
		return ""
	}
	return strings.TrimSpace(a.text("url"))
}
