package rawstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/jirasync/jirasync/internal/atomicfile"
	"github.com/jirasync/jirasync/internal/issuekey"
)

// AttachmentPath returns the path of the stored file of an attachment, and
// whether it is there.
func (s *Store) AttachmentPath(key, id, filename string) (string, bool) {
	name, err := attachmentName(key, id, filename)
	if err != nil {
		return "", false
	}
	info, err := s.attachments.Lstat(name)
	if err != nil || !info.Mode().IsRegular() {
		return "", false
	}
	return filepath.Join(s.files, filepath.FromSlash(name)), true
}

// HasAttachment reports whether the attachment is stored with that size in
// bytes; a negative size is unknown and any size will do. An id never changes
// its content, so a file of the right size need not be fetched again; a file
// of another size is a leftover of a download that was cut.
func (s *Store) HasAttachment(key, id, filename string, size int64) (bool, error) {
	name, err := attachmentName(key, id, filename)
	if err != nil {
		return false, err
	}
	info, err := s.attachments.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("attachment %s of %s: %w", id, key, withoutPath(err))
	}
	return info.Mode().IsRegular() && (size < 0 || info.Size() == size), nil
}

// SaveAttachment stores what write produces as the file of the attachment.
// Nothing is published when write fails.
func (s *Store) SaveAttachment(ctx context.Context, key, id, filename string, write func(io.Writer) error) error {
	name, err := attachmentName(key, id, filename)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := atomicfile.Write(s.attachments, name, write); err != nil {
		return fmt.Errorf("attachment %s of %s: %w", id, key, withoutPath(err))
	}
	return nil
}

// withoutPath drops the path of a file error: it holds a name that a customer
// chose, and errors are logged.
func withoutPath(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return fmt.Errorf("%s: %w", path.Op, path.Err)
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		return fmt.Errorf("%s: %w", link.Op, link.Err)
	}
	return err
}

// SweepTemporaries removes what crashed writers left behind more than an hour ago.
func (s *Store) SweepTemporaries() error {
	_, err := atomicfile.Sweep(s.issues, ".", time.Hour)
	dirs, listErr := fs.ReadDir(s.attachments.FS(), ".")
	err = errors.Join(err, listErr)
	for _, d := range dirs {
		if d.IsDir() {
			_, sweepErr := atomicfile.Sweep(s.attachments, d.Name(), time.Hour)
			err = errors.Join(err, sweepErr)
		}
	}
	return err
}

func attachmentName(key, id, filename string) (string, error) {
	if !issuekey.Valid(key) || !issuekey.ValidID(id) {
		return "", ErrBadKey
	}
	return path.Join(key, id+"_"+CleanName(filename)), nil
}

const (
	maxName      = 150 // bytes, so that the id, the temporary suffix and 255 bytes agree
	maxExtension = 16
)

// CleanName makes a file name out of what a user called an attachment:
// letters, digits, space and ._-() stay, all else becomes "_"; no leading dot
// or hyphen, no trailing dot or space; at most 150 bytes, cut on a rune with
// the extension kept. The original name lives in the record.
func CleanName(filename string) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(filename, "_") {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), strings.ContainsRune(" ._-()", r):
			b.WriteRune(r)
		default:
			b.WriteByte('_')
		}
	}
	name := strings.TrimRight(strings.TrimLeft(b.String(), ".- "), ". ")
	if name == "" {
		return "file"
	}
	if len(name) <= maxName {
		return name
	}
	ext := path.Ext(name)
	if len(ext) > maxExtension {
		ext = ""
	}
	stem := name[:maxName-len(ext)]
	for !utf8.ValidString(stem) {
		stem = stem[:len(stem)-1]
	}
	return stem + ext
}
