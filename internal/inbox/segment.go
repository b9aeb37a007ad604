package inbox

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	segmentSuffix = ".events"
	tornInfix     = segmentSuffix + ".torn-"
	segmentTime   = "20060102T150405.000000"
)

// segmentName is what the name of a segment says.
type segmentName struct {
	name  string
	start time.Time // after the start of every earlier segment
	first uint64    // no record in it has a smaller sequence number
}

func newSegmentName(start time.Time, first uint64) segmentName {
	start = start.UTC().Truncate(time.Microsecond)
	return segmentName{fmt.Sprintf("%s-%06d%s", start.Format(segmentTime), first, segmentSuffix), start, first}
}

func parseSegmentName(name string) (segmentName, bool) {
	stem, ok := strings.CutSuffix(name, segmentSuffix)
	if !ok || len(stem) < len(segmentTime)+2 || stem[len(segmentTime)] != '-' {
		return segmentName{}, false
	}
	start, err := time.Parse(segmentTime, stem[:len(segmentTime)])
	if err != nil {
		return segmentName{}, false
	}
	first, err := strconv.ParseUint(stem[len(segmentTime)+1:], 10, 64)
	if err != nil {
		return segmentName{}, false
	}
	return segmentName{name, start, first}, true
}

// segments lists the segments of a log, oldest first.
func segments(dir *os.Root) ([]segmentName, error) {
	names, err := readDir(dir)
	if err != nil {
		return nil, err
	}
	var found []segmentName
	for _, name := range names {
		if s, ok := parseSegmentName(name); ok {
			found = append(found, s)
		}
	}
	slices.SortFunc(found, func(a, b segmentName) int { return strings.Compare(a.name, b.name) })
	return found, nil
}

func readDir(dir *os.Root) ([]string, error) {
	f, err := dir.Open(".")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Readdirnames(-1)
}

// record is a record as it lies in a segment, which it occupies from offset
// up to end.
type record struct {
	header
	body        []byte
	offset, end int64
}

// Damage is a stretch of a segment that holds no readable record.
type Damage struct {
	Segment string
	Offset  int64
	Bytes   int64
	// Torn reports that nothing readable follows: a record that was being
	// written when the process or the machine stopped, and so never
	// acknowledged, or else a damaged end.
	Torn bool
}

// String describes the damage without content.
func (d Damage) String() string {
	return fmt.Sprintf("%s: %d bytes at %d", path.Base(d.Segment), d.Bytes, d.Offset)
}

// segmentReader reads the records of a segment in order.
type segmentReader struct {
	name string
	file io.ReaderAt
	size int64 // what is beyond was written later and is not looked at
	pos  int64
	buf  *bufio.Reader // at pos
}

func newSegmentReader(name string, file io.ReaderAt, size int64) *segmentReader {
	r := &segmentReader{name: name, file: file, size: size, buf: bufio.NewReaderSize(nil, maxLineBytes)}
	r.seek(0)
	return r
}

func (r *segmentReader) seek(pos int64) {
	r.pos = pos
	r.buf.Reset(io.NewSectionReader(r.file, pos, r.size-pos))
}

// next returns the next record, or the damage in its place. At the end the
// error is io.EOF. Other errors are ErrVersion and those of reading.
func (r *segmentReader) next() (record, *Damage, error) {
	if r.pos >= r.size {
		return record{}, nil, io.EOF
	}
	start := r.pos
	rec, err := r.read()
	if !errors.Is(err, errDamaged) {
		if err != nil {
			err = fmt.Errorf("%s at byte %d: %w", r.name, start, err)
		}
		return rec, nil, err
	}
	end, found, err := r.resync(start)
	if err != nil {
		return record{}, nil, fmt.Errorf("%s after byte %d: %w", r.name, start, err)
	}
	r.seek(end)
	return record{}, &Damage{Segment: r.name, Offset: start, Bytes: end - start, Torn: !found}, nil
}

// read reads the record at pos and moves behind it. errDamaged leaves pos
// somewhere.
func (r *segmentReader) read() (record, error) {
	rec := record{offset: r.pos}
	line, err := r.buf.ReadSlice('\n')
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, bufio.ErrBufferFull):
		return rec, errDamaged
	case err != nil:
		return rec, err
	}
	if rec.header, err = parseHeader(line[:len(line)-1]); err != nil {
		return rec, err
	}
	bodyEnd := r.pos + int64(len(line)) + int64(rec.Length)
	if bodyEnd >= r.size {
		return rec, errDamaged
	}
	rec.body = make([]byte, rec.Length)
	if _, err := io.ReadFull(r.buf, rec.body); err != nil {
		return rec, err
	}
	if !rec.bodyFits(rec.body) {
		return rec, errDamaged
	}
	r.pos = bodyEnd
	// The newline is for people. If another byte stands in its place the
	// record is whole, and that byte is damage.
	if c, err := r.buf.ReadByte(); err != nil {
		return rec, err
	} else if c == '\n' {
		r.pos++
	} else if err := r.buf.UnreadByte(); err != nil {
		return rec, err
	}
	rec.end = r.pos
	return rec, nil
}

// resync looks for the next readable record after start. Without one the end
// of the segment is returned.
func (r *segmentReader) resync(start int64) (pos int64, found bool, err error) {
	window := make([]byte, 64<<10)
	for base := start + 1; base < r.size; {
		part := window[:min(int64(len(window)), r.size-base)]
		if n, err := r.file.ReadAt(part, base); err != nil && n < len(part) {
			return 0, false, err
		}
		for from := 0; ; {
			i := bytes.Index(part[from:], magic)
			if i < 0 {
				break
			}
			pos := base + int64(from+i)
			r.seek(pos)
			if _, err := r.read(); !errors.Is(err, errDamaged) {
				return pos, true, err
			}
			from += i + 1
		}
		// A magic across the border is found with the next window.
		base += int64(max(1, len(part)-len(magic)+1))
	}
	return r.size, false, nil
}
