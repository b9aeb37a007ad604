package partition

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
	"strings"
)

// A file carries CRC-32C checksums of all its bytes in its key-value
// metadata. Parquet's page checksums do not cover page headers and footer,
// where a flipped bit can change rows without an error, or make the library
// allocate gigabytes. The marks are:
//
//	jira-sync.groups   END:CRC for each row group, with a blank between: the
//	                   file offset where it ends, and the checksum of the
//	                   bytes from the end of the one before (from 0) to END
//	jira-sync.tail     CRC of all bytes after the last row group, with the
//	                   eight digits of this mark itself taken as zeros
//
// A row group that is copied byte for byte keeps its checksum, so that a
// splice need not read what it does not change: damage there is carried along
// with the checksum that gives it away to the next reader.
const (
	keyVersion = "jira-sync.schema"
	keyTable   = "jira-sync.table"
	keyRows    = "jira-sync.rows"
	keyStamp   = "jira-sync.stamp"
	keyGroups  = "jira-sync.groups"
	keyTail    = "jira-sync.tail"

	tailZero = "00000000"

	schemaVersion = "2"
)

const (
	magic      = "PAR1"
	maxFooter  = 16 << 20
	footerEdge = 8 // four bytes of length, four of magic
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(p []byte) uint32 { return crc32.Checksum(p, castagnoli) }

// section is a part of a file that has one checksum.
type section struct {
	end int64
	crc uint32
}

func formatSections(list []section) string {
	var b strings.Builder
	for i, s := range list {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%d:%08x", s.end, s.crc)
	}
	return b.String()
}

func parseSections(text string) ([]section, error) {
	var list []section
	for part := range strings.FieldsSeq(text) {
		end, crc, _ := strings.Cut(part, ":")
		e, err := strconv.ParseInt(end, 10, 64)
		if err != nil || len(list) > 0 && e <= list[len(list)-1].end || e <= 0 {
			return nil, corrupt("bad list of row groups")
		}
		c, err := strconv.ParseUint(crc, 16, 32)
		if err != nil {
			return nil, corrupt("bad list of row groups")
		}
		list = append(list, section{end: e, crc: uint32(c)})
	}
	return list, nil
}

// mark returns where the value of a key-value pair lies in a footer that is
// encoded as Thrift's compact protocol does it: a string of the key, then a
// header byte, the value's length as a varint, the value.
func mark(footer []byte, key string) (start, end int, ok bool) {
	at := bytes.LastIndex(footer, append(binary.AppendUvarint(nil, uint64(len(key))), key...))
	if at < 0 {
		return 0, 0, false
	}
	const header = 0x18 // the next field, a string
	at += 1 + len(key)
	if at >= len(footer) || footer[at] != header {
		return 0, 0, false
	}
	length, n := binary.Uvarint(footer[at+1:])
	start = at + 1 + n
	if n <= 0 || length > uint64(len(footer)-start) {
		return 0, 0, false
	}
	return start, start + int(length), true
}

// seal writes the checksum of a tail into the tail: the bytes after the last
// row group to the end of the file.
func seal(tail []byte) error {
	footer, err := footerOf(tail)
	if err != nil {
		return err
	}
	start, end, ok := mark(footer, keyTail)
	if !ok || string(footer[start:end]) != tailZero {
		return fmt.Errorf("the footer has no place for its checksum")
	}
	copy(footer[start:end], fmt.Sprintf("%08x", checksum(tail)))
	return nil
}

// footerOf returns the footer at the end of a tail, without length and magic.
func footerOf(tail []byte) ([]byte, error) {
	if len(tail) < footerEdge {
		return nil, corrupt("too short")
	}
	edge := len(tail) - footerEdge
	length := binary.LittleEndian.Uint32(tail[edge:])
	if string(tail[edge+4:]) != magic || int64(length) > int64(edge) || length > maxFooter {
		return nil, corrupt("no footer")
	}
	return tail[edge-int(length) : edge], nil
}

// verify checks every byte of a file against its checksums. When it returns
// nil the file is as this package wrote it.
func verify(r io.ReaderAt, size int64) error {
	t, err := verifyTail(r, size)
	if err != nil {
		return err
	}
	buf := make([]byte, 256<<10)
	start := int64(0)
	for i, s := range t.sections {
		hash := crc32.New(castagnoli)
		n, err := io.CopyBuffer(hash, io.NewSectionReader(r, start, s.end-start), buf)
		if err != nil {
			return err
		}
		if n != s.end-start {
			return corrupt("ends early")
		}
		if hash.Sum32() != s.crc {
			return corrupt("row group %d is damaged", i)
		}
		start = s.end
	}
	return nil
}

// tail is the part of a file after the last row group, in which page indexes
// and footer lie, once it has been checked.
type tail struct {
	start    int64  // where it begins
	bytes    []byte // with zeros in place of its own checksum
	footer   []byte // the part of bytes that is the footer
	sections []section
}

// section returns where row group i begins and ends.
func (t *tail) section(i int) (start, end int64) {
	if i > 0 {
		start = t.sections[i-1].end
	}
	return start, t.sections[i].end
}

// verifyTail reads and checks the tail of a file.
func verifyTail(r io.ReaderAt, size int64) (*tail, error) {
	footer, err := readFooter(r, size)
	if err != nil {
		return nil, err
	}
	start, end, ok := mark(footer, keyGroups)
	if !ok {
		return nil, corrupt("damaged, or written by another program")
	}
	t := &tail{}
	if t.sections, err = parseSections(string(footer[start:end])); err != nil {
		return nil, err
	}
	if n := len(t.sections); n > 0 {
		t.start = t.sections[n-1].end
	}
	if t.start > size-footerEdge-int64(len(footer)) || size-t.start > 2*maxFooter {
		return nil, corrupt("row groups overlap the footer")
	}
	t.bytes = make([]byte, size-t.start)
	if err := readFull(r, t.bytes, t.start); err != nil {
		return nil, err
	}
	t.footer = t.bytes[len(t.bytes)-footerEdge-len(footer) : len(t.bytes)-footerEdge]
	start, end, ok = mark(t.footer, keyTail)
	if !ok || end-start != len(tailZero) {
		return nil, corrupt("damaged, or written by another program")
	}
	want := string(t.footer[start:end])
	copy(t.footer[start:end], tailZero)
	if got := fmt.Sprintf("%08x", checksum(t.bytes)); got != want {
		return nil, corrupt("the footer is damaged")
	}
	return t, nil
}

func readFooter(r io.ReaderAt, size int64) ([]byte, error) {
	if size < int64(len(magic))+footerEdge {
		return nil, corrupt("%d bytes are no Parquet file", size)
	}
	head := make([]byte, len(magic))
	edge := make([]byte, footerEdge)
	if err := readFull(r, head, 0); err != nil {
		return nil, err
	}
	if err := readFull(r, edge, size-footerEdge); err != nil {
		return nil, err
	}
	length := int64(binary.LittleEndian.Uint32(edge))
	if string(head) != magic || string(edge[4:]) != magic || length > maxFooter || length > size-footerEdge-int64(len(magic)) {
		return nil, corrupt("no footer")
	}
	footer := make([]byte, length)
	return footer, readFull(r, footer, size-footerEdge-length)
}

func readFull(r io.ReaderAt, p []byte, at int64) error {
	n, err := r.ReadAt(p, at)
	if n == len(p) {
		return nil
	}
	if err == io.EOF {
		return corrupt("ends early")
	}
	return err
}
