package adf

import (
	"strconv"
	"strings"
	"time"
)

// plainAtom returns the text of an inline node that must not stick to words, or
// of a card or media block; "" if it shows nothing.
func (p *printer) plainAtom(n int) piece {
	return piece{text: p.atomText(n)}
}

func (p *printer) atomText(n int) string {
	node := &p.nodes[n]
	switch node.typ {
	case typeMention:
		return mentionText(node.attrs)
	case typeDate:
		return dateText(node.attrs)
	case typeStatus:
		if text := oneLine(node.attrs.text(attrText)); text != "" {
			return p.words.join("[", text, "]")
		}
	case typeInlineCard, typeBlockCard, typeEmbedCard:
		return p.card(n)
	case typeMedia, typeMediaInline, typeMediaSingle:
		return p.media(n)
	case typeInlineExtension:
		return trimSpace(node.attrs.text(attrText))
	}
	return ""
}

// mentionText returns the name of a mention after an at sign.
func mentionText(a attrs) string {
	name := oneLine(a.text(attrText))
	if name == "" {
		name = oneLine(a.text(attrID))
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
func emojiText(a attrs) string {
	if text := a.text(attrText); !isBlank(text) {
		return text
	}
	if name := a.text(attrShortName); !isBlank(name) {
		return name
	}
	return ""
}

// dateText returns the day, in UTC, of a timestamp in milliseconds, and any
// other timestamp as it is.
func dateText(a attrs) string {
	timestamp := a.last(attrTimestamp)
	if !timestamp.isText && !isNumber(timestamp.value) {
		return ""
	}
	raw := timestamp.value
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
func (p *printer) media(n int) string {
	attrs := p.nodes[n].attrs
	name := mediaName(attrs)
	label := name
	if url := externalURL(attrs); url != "" {
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
func (w *walker) mediaTarget(n int) string {
	node := &w.nodes[n]
	if parent := &w.nodes[node.parent]; node.link == nil && parent.typ == typeMediaSingle {
		node = parent
	}
	if node.link == nil {
		return ""
	}
	return node.link.href
}

// mediaName returns what the author or the file calls a media node.
func mediaName(a attrs) string {
	if name := oneLine(a.text(attrAlt)); name != "" {
		return name
	}
	return oneLine(a.text(attrFileName))
}

// externalURL returns the URL of media that is not stored in Jira, else "".
func externalURL(a attrs) string {
	if a.text(attrType) != "external" && !isBlank(a.text(attrID)) {
		return ""
	}
	return trimSpace(a.text(attrURL))
}
