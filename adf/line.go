package adf

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// ending says what the last thing set was, for the space before the next.
type ending uint8

const (
	endBreak ending = iota // nothing yet, or a break
	endText
	endEmoji
	endAtom
)

// typesetter puts the pieces of one paragraph together: it sets spaces where
// an atom would stick to its neighbour, and breaks around blocks.
type typesetter struct {
	buf  []byte
	last ending
	edge bool // a block begins or ends here: break before what follows
	ink  bool // the line at hand holds more than spaces and tabs
}

func (t *typesetter) reset() { *t = typesetter{buf: t.buf[:0]} }

// text sets words, which may hold newlines.
func (t *typesetter) text(s string) {
	if s == "" {
		return
	}
	t.settle()
	if first, _ := utf8.DecodeRuneInString(s); t.last == endAtom && wantsGap(first) {
		t.buf = append(t.buf, ' ')
	}
	t.set(s, endText)
}

func (t *typesetter) emoji(s string) {
	t.settle()
	if t.last == endAtom {
		t.buf = append(t.buf, ' ')
	}
	t.set(s, endEmoji)
}

// atom sets what must not stick to words.
func (t *typesetter) atom(s string) {
	t.settle()
	switch t.last {
	case endText:
		if last, _ := utf8.DecodeLastRune(t.buf); wantsGapAfter(last) {
			t.buf = append(t.buf, ' ')
		}
	case endAtom, endEmoji:
		t.buf = append(t.buf, ' ')
	}
	t.set(s, endAtom)
}

// target sets where the label just set links to.
func (t *typesetter) target(url string) {
	t.buf = append(t.buf, " ("...)
	t.buf = append(t.buf, url...)
	t.set(")", endAtom)
}

// lineBreak sets a break that the author wrote.
func (t *typesetter) lineBreak() {
	t.edge = false
	t.set("\n", endBreak)
}

// settle sets the break of a block's edge, unless the line is empty.
func (t *typesetter) settle() {
	if t.edge && t.ink {
		t.set("\n", endBreak)
	}
	t.edge = false
}

func (t *typesetter) set(s string, end ending) {
	t.buf = append(t.buf, s...)
	t.last = end
	if i := strings.LastIndexByte(s, '\n'); i >= 0 {
		s, t.ink = s[i+1:], false
	}
	t.ink = t.ink || !isEmptyLine(s)
}

// frame is a container that is open, such as a quote: what its lines begin
// with. It shows only once something in it does.
type frame struct {
	label  string // a line of its own before the first, "" for none
	first  string // begins the first line
	rest   string // begins every other line
	used   bool
	spaced bool // the label has an empty line after it
	alert  bool // not if the first block is a paragraph
	inline bool // what follows first is not at the start of a line for Markdown
	apart  bool // an empty line keeps it from a paragraph, which else would go on
}

// lines is the output: lines that begin as the open containers want, with
// gaps between blocks. A gap shows only once something follows it.
type lines struct {
	buf    []byte
	count  int // lines so far, without the empty ones of gaps
	frames []frame
	gap    int  // newlines before the next line; 0 counts as 1
	inside int  // frames that were open when gap was set
	prose  bool // the last line is one of a paragraph; only Markdown sets it
}

func (l *lines) push(f frame) { l.frames = append(l.frames, f) }

func (l *lines) pop() { l.frames = l.frames[:len(l.frames)-1] }

// behindLabel reports whether the next line goes on behind the label of a task
// or decision, where it is not at the start of a line.
func (l *lines) behindLabel() bool {
	n := len(l.frames)
	return n > 0 && l.frames[n-1].inline && !l.frames[n-1].used
}

// separate asks for n newlines before the next line.
func (l *lines) separate(n int) { l.gap, l.inside = n, len(l.frames) }

// line writes one line.
func (l *lines) line(s []byte) {
	if l.prose && l.startsApart() {
		l.gap = 2
	}
	if l.count > 0 {
		l.newline(l.frames[:l.inside])
	}
	l.count++
	l.gap, l.prose = 0, false
	start := len(l.buf)
	for i := range l.frames {
		f := &l.frames[i]
		switch {
		case f.used:
			l.buf = append(l.buf, f.rest...)
		case f.label != "":
			l.buf = append(append(l.buf, f.label...), '\n')
			if f.spaced {
				start = len(l.buf)
				l.begin(l.frames[:i+1])
				l.trim(start)
				l.buf = append(l.buf, '\n')
			}
			start = len(l.buf)
			l.begin(l.frames[:i])
			l.buf = append(l.buf, f.rest...)
		default:
			l.buf = append(l.buf, f.first...)
		}
		f.used = true
	}
	l.buf = append(l.buf, s...)
	if len(s) == 0 {
		l.trim(start)
	}
}

// lines writes lines with newlines between them.
func (l *lines) lines(text []byte) {
	for {
		i := bytes.IndexByte(text, '\n')
		if i < 0 {
			l.line(text)
			return
		}
		l.line(text[:i])
		text = text[i+1:]
	}
}

// startsApart reports whether the next line begins with that of a frame which
// wants to be apart.
func (l *lines) startsApart() bool {
	for i := range l.frames {
		if f := &l.frames[i]; !f.used && (f.apart || f.label != "") {
			return f.apart
		}
	}
	return false
}

// newline ends a line, and writes the empty line of a gap inside frames.
func (l *lines) newline(frames []frame) {
	l.buf = append(l.buf, '\n')
	if l.gap < 2 {
		return
	}
	start := len(l.buf)
	l.begin(frames)
	l.trim(start)
	l.buf = append(l.buf, '\n')
}

func (l *lines) begin(frames []frame) {
	for _, f := range frames {
		l.buf = append(l.buf, f.rest...)
	}
}

// trim cuts the spaces at the end of an empty line.
func (l *lines) trim(start int) {
	l.buf = l.buf[:start+len(bytes.TrimRight(l.buf[start:], " "))]
}
