package rawstore

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jirasync/jirasync/internal/atomicfile"
	"github.com/jirasync/jirasync/internal/filelock"
	"github.com/jirasync/jirasync/internal/issuekey"
	"github.com/jirasync/jirasync/internal/rawjson"
)

// ErrCorrupt reports a record that is empty, cut, no JSON object, or that
// belongs to another issue. It never means that there is no record.
var ErrCorrupt = errors.New("rawstore: record is not readable")

// ErrBadKey reports an issue key or id that is not one; no path was built from it.
var ErrBadKey = errors.New("rawstore: not an issue key or id")

// maxRecord bounds a record; Jira's own extreme issue is about 60 MB.
const maxRecord = 128 << 20

// Store is an opened data directory. It is safe for concurrent use, also by
// several processes on one machine.
type Store struct {
	issues      *os.Root
	files       string // absolute path of the attachments directory
	attachments *os.Root
	slaFields   atomic.Pointer[[]string]
	log         *slog.Logger
}

// Options of Open. The zero value is usable.
type Options struct {
	SLAFields   []string     // ids of the fields that the SLA account fills
	Attachments string       // directory of the attachment files; "" is attachments in the data directory
	Logger      *slog.Logger // nil discards
}

// Open opens the data directory, and makes it when it is absent.
func Open(dir string, opts Options) (*Store, error) {
	s := &Store{log: opts.Logger}
	s.SetSLAFields(opts.SLAFields)
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if s.files, err = filepath.Abs(cmp.Or(opts.Attachments, filepath.Join(dir, "attachments"))); err != nil {
		return nil, fmt.Errorf("open data directory: %w", err)
	}
	if s.issues, err = atomicfile.OpenDir(filepath.Join(dir, "issues")); err != nil {
		return nil, fmt.Errorf("open data directory: %w", err)
	}
	if s.attachments, err = atomicfile.OpenDir(s.files); err != nil {
		return nil, fmt.Errorf("open data directory: %w", errors.Join(err, s.issues.Close()))
	}
	for _, sub := range []string{".locks", ".ids"} {
		if err := atomicfile.MkdirAll(s.issues, sub); err != nil {
			return nil, fmt.Errorf("open data directory: %w", errors.Join(err, s.Close()))
		}
	}
	return s, nil
}

// Close releases the directories. Locks held by calls in progress stay theirs.
func (s *Store) Close() error { return errors.Join(s.issues.Close(), s.attachments.Close()) }

// Dir returns the directory of the records, KEY.json each, to be read from
// until Close.
func (s *Store) Dir() *os.Root { return s.issues }

// Record returns the stored record of the issue: fs.ErrNotExist when there is
// none, ErrCorrupt when there is one that cannot be read.
func (s *Store) Record(key string) ([]byte, error) {
	if !issuekey.Valid(key) {
		return nil, ErrBadKey
	}
	data, err := readFile(s.issues, key+".json", maxRecord)
	if err == nil {
		err = check(data, key)
	}
	if err != nil {
		return nil, fmt.Errorf("record %s: %w", key, err)
	}
	return data, nil
}

// check says whether data is a whole record of the issue.
func check(data []byte, key string) error {
	var head struct {
		ID  string `json:"id"`
		Key string `json:"key"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return ErrCorrupt
	}
	if head.Key != key || !issuekey.ValidID(head.ID) {
		return fmt.Errorf("%w: it belongs to another issue", ErrCorrupt)
	}
	return nil
}

// Keys returns the keys of all records in byte order, tombstones and pointers
// among them.
func (s *Store) Keys() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		names, err := atomicfile.Names(s.issues, ".")
		if err != nil {
			yield("", fmt.Errorf("list records: %w", err))
			return
		}
		keys := make([]string, 0, len(names))
		for _, name := range names {
			if key, ok := strings.CutSuffix(name, ".json"); ok && issuekey.Valid(key) {
				keys = append(keys, key)
			}
		}
		slices.Sort(keys)
		for _, key := range keys {
			if !yield(key, nil) {
				return
			}
		}
	}
}

// KeyByID returns the key under which the issue with that numeric id is
// stored, or fs.ErrNotExist.
func (s *Store) KeyByID(id string) (string, error) {
	if !issuekey.ValidID(id) {
		return "", ErrBadKey
	}
	data, err := readFile(s.issues, path.Join(".ids", id), 64)
	if err != nil {
		return "", fmt.Errorf("issue id %s: %w", id, err)
	}
	key := strings.TrimSuffix(string(data), "\n")
	if !issuekey.Valid(key) {
		return "", fmt.Errorf("issue id %s: %w", id, ErrCorrupt)
	}
	return key, nil
}

// Cause says why an issue is gone.
type Cause string

// Causes of a tombstone.
const (
	CauseWebhook    Cause = "deleted: webhook"           // a signed deletion, Jira not asked or not reachable
	CauseDeleted    Cause = "deleted: webhook confirmed" // a signed deletion, and Jira answers 404
	CauseManual     Cause = "deleted: by hand"           // jira-sync upsert --deleted
	CauseCensus     Cause = "deleted: not announced"     // absent from a census, and not found twice
	CauseOutOfScope Cause = "moved: project is not synced"
)

// Delete writes a tombstone for the issue, whether it is stored or not, and
// returns the keys whose rows must go. The record's content stays for audit.
// An issue that already has a tombstone keeps its first time and cause.
func (s *Store) Delete(ctx context.Context, id, key string, at time.Time, cause Cause) ([]string, error) {
	var keys []string
	if issuekey.ValidID(id) {
		if stored, err := s.KeyByID(id); err == nil {
			keys = append(keys, stored)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	if issuekey.Valid(key) && !slices.Contains(keys, key) {
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, ErrBadKey
	}
	for _, k := range keys {
		if err := s.tombstone(ctx, id, k, at, cause); err != nil {
			return nil, fmt.Errorf("delete %s: %w", k, err)
		}
	}
	return keys, nil
}

func (s *Store) tombstone(ctx context.Context, id, key string, at time.Time, cause Cause) error {
	release, err := s.lock(ctx, key)
	if err != nil {
		return err
	}
	defer release()
	record, err := s.stored(key)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		record = rawjson.Object{}
		record.Set("id", quote(id))
		record.Set("key", quote(key))
	case err != nil:
		return err
	}
	if _, moved := record.Get("_moved_to"); moved {
		return nil
	}
	if _, dead := record.Get("_deleted_at"); dead {
		return nil
	}
	if owner := textMember(record, "id"); id != "" && owner != id {
		return nil // the key belongs to another issue now
	}
	record.Set("_deleted_at", quote(stamp(at)))
	record.Set("_deleted_cause", quote(string(cause)))
	return s.write(key, record)
}

// lock takes the issue's lock between all processes on this machine.
func (s *Store) lock(ctx context.Context, key string) (func(), error) {
	if !issuekey.Valid(key) {
		return nil, ErrBadKey
	}
	return filelock.Acquire(ctx, s.issues, lockName(key))
}

func lockName(key string) string { return path.Join(".locks", key+".lock") }

// stored reads the record under the caller's lock. A record that cannot be
// read is put aside, so that a fresh fetch can take its place.
func (s *Store) stored(key string) (rawjson.Object, error) {
	data, err := s.Record(key)
	if errors.Is(err, ErrCorrupt) {
		if err := s.quarantine(key); err != nil {
			return rawjson.Object{}, err
		}
		s.log.Warn("record was not readable and is put aside", "issue", key)
		return rawjson.Object{}, fs.ErrNotExist
	}
	if err != nil {
		return rawjson.Object{}, err
	}
	return rawjson.Parse(data)
}

func (s *Store) quarantine(key string) error {
	if err := atomicfile.MkdirAll(s.issues, ".quarantine"); err != nil {
		return fmt.Errorf("put record aside: %w", err)
	}
	name := fmt.Sprintf("%s.%s", key, time.Now().UTC().Format("20060102T150405.000000"))
	if err := atomicfile.Rename(s.issues, key+".json", path.Join(".quarantine", name)); err != nil {
		return fmt.Errorf("put record aside: %w", err)
	}
	return nil
}

func (s *Store) write(key string, record rawjson.Object) error {
	return atomicfile.WriteFile(s.issues, key+".json", append(record.Bytes(), '\n'))
}

// readFile reads a regular file of at most limit bytes.
func readFile(root *os.Root, name string, limit int64) ([]byte, error) {
	f, info, err := atomicfile.Open(root, name)
	switch {
	case errors.Is(err, atomicfile.ErrNoFile):
		return nil, ErrCorrupt
	case err != nil:
		return nil, err
	}
	defer f.Close()
	if info.Size() > limit {
		return nil, ErrCorrupt
	}
	data := make([]byte, info.Size())
	if _, err := io.ReadFull(f, data); err != nil {
		return nil, err
	}
	return data, nil
}

func quote(s string) json.RawMessage {
	b, err := json.Marshal(s)
	if err != nil { // a string always marshals
		return json.RawMessage(`""`)
	}
	return b
}

// stamp is the form of our own instants.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000+00:00") }

func textMember(o rawjson.Object, name string) string {
	raw, _ := o.Get(name)
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}
