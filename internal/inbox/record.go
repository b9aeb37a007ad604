package inbox

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/jirasync/jirasync/webhook"
)

const (
	version       = 1
	maxLineBytes  = 16 << 10 // of a header; ours have about 300
	maxFieldBytes = 256      // of each text in it
	maxBodyBytes  = 1 << 30
)

// magic begins every record, of any version, and ours that of this one.
var magic, ours = []byte(`{"v":`), []byte(`{"v":1,`)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// header is the line before a body.
type header struct {
	Version     int       `json:"v"`
	Seq         uint64    `json:"seq"`
	Received    time.Time `json:"received"`
	Type        string    `json:"type,omitempty"`
	Identifier  string    `json:"identifier,omitempty"`
	Retry       int       `json:"retry,omitempty"`
	Flow        string    `json:"flow,omitempty"`
	ContentType string    `json:"content_type,omitempty"`
	RemoteAddr  string    `json:"remote,omitempty"`
	Malformed   bool      `json:"malformed,omitempty"`
	DuplicateOf uint64    `json:"duplicate_of,omitempty"`
	Length      int       `json:"length"`
	CRC         string    `json:"crc32c"`
}

// newHeader describes a delivery, as a duplicate of an earlier one unless of
// is zero.
func newHeader(d *webhook.Delivery, seq, of uint64, crc uint32) header {
	h := header{
		Version:     version,
		Seq:         seq,
		Received:    d.ReceivedAt,
		Type:        cut(d.Event.Type),
		Identifier:  cut(d.Identifier),
		Retry:       d.Retry,
		Flow:        cut(d.Flow),
		ContentType: cut(d.ContentType),
		RemoteAddr:  cut(d.RemoteAddr),
		Malformed:   d.Malformed != nil,
		DuplicateOf: of,
	}
	if of == 0 {
		h.Length, h.CRC = len(d.Body), checksum(crc)
	} else {
		h.CRC = checksum(0)
	}
	return h
}

func cut(s string) string { return s[:min(len(s), maxFieldBytes)] }

// appendHeader appends the header line; the body and a newline come after it.
func appendHeader(buf []byte, h header) ([]byte, error) {
	line, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	return append(append(buf, seal(line)...), '\n'), nil
}

// seal puts a checksum of a JSON object into it, as its last member.
func seal(object []byte) []byte {
	object = object[:len(object)-1]
	return fmt.Appendf(object, `,"check":"%s"}`, checksum(crc32.Checksum(object, castagnoli)))
}

const sealLength = len(`,"check":"00000000"}`)

// sealed reports whether an object is as seal left it.
func sealed(object []byte) bool {
	n := len(object) - sealLength
	return n > 0 && bytes.Equal(seal(append(bytes.Clone(object[:n]), '}')), object)
}

func checksum(crc uint32) string {
	return hex.EncodeToString([]byte{byte(crc >> 24), byte(crc >> 16), byte(crc >> 8), byte(crc)})
}

// errDamaged reports bytes that are no record.
var errDamaged = errors.New("damaged record")

// parseHeader reads a header line without its newline.
func parseHeader(line []byte) (header, error) {
	var h header
	if !bytes.HasPrefix(line, magic) || !sealed(line) {
		return header{}, errDamaged
	}
	if !bytes.HasPrefix(line, ours) {
		return header{}, ErrVersion
	}
	if json.Unmarshal(line, &h) != nil || h.Length < 0 || h.Length > maxBodyBytes {
		return header{}, errDamaged
	}
	return h, nil
}

// bodyFits reports whether body is the one that the header announces.
func (h *header) bodyFits(body []byte) bool {
	return len(body) == h.Length && checksum(crc32.Checksum(body, castagnoli)) == h.CRC
}
