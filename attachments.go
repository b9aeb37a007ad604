package jirasync

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/jirasync/jirasync/internal/inbox"
	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/webhook"
)

// attachmentWorkers is how many issues have their attachments read at once.
const attachmentWorkers = 4

// attachmentLoop downloads until ctx ends. Data comes first and files last: a
// large download must never hold up a row.
func (w *worker) attachmentLoop(ctx context.Context) {
	for {
		key, ok := w.files.take(ctx)
		if !ok {
			return
		}
		landed, err := w.s.downloadAttachments(ctx, key)
		if err != nil && ctx.Err() == nil {
			w.s.stats.failures.Add(1)
			w.s.log.WarnContext(ctx, "attachments are missing; the next event or backfill tries again", "issue", key, "error", err)
		}
		if landed > 0 {
			if result, err := w.s.apply(context.WithoutCancel(ctx), key); err != nil || len(result.Failed) > 0 {
				w.s.log.ErrorContext(ctx, "attachment paths could not be written; the issue is refreshed", "issue", key, "error", errors.Join(err, result.Failed[key]))
				w.queue.Add(inbox.Item{Ref: webhook.IssueRef{Key: key}})
			}
		}
		w.files.done(key)
	}
}

// attachment is what a record says of one.
type attachment struct {
	ID       string `json:"id"`
	Filename string `json:"filename"`
	MimeType string `json:"mimeType"`
	Size     *int64 `json:"size"`
}

// downloadAttachments reads the attachments of a stored issue that are not on
// disk yet, and returns how many landed. One that fails does not stop the
// others.
func (s *Syncer) downloadAttachments(ctx context.Context, key string) (landed int, err error) {
	all, err := s.attachmentsOf(key)
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, a := range all {
		ok, err := s.downloadAttachment(ctx, key, a)
		if ok {
			landed++
		}
		errs = append(errs, err)
	}
	return landed, errors.Join(errs...)
}

// attachmentsOf returns the attachments that an issue's record lists.
func (s *Syncer) attachmentsOf(key string) ([]attachment, error) {
	record, err := s.store.Record(key)
	if err != nil {
		return nil, err
	}
	var issue struct {
		Fields struct {
			Attachment []json.RawMessage `json:"attachment"`
		} `json:"fields"`
	}
	if err := json.Unmarshal(record, &issue); err != nil {
		return nil, fmt.Errorf("attachments of %s: the record does not list them", key)
	}
	all := make([]attachment, 0, len(issue.Fields.Attachment))
	for _, raw := range issue.Fields.Attachment {
		var a attachment
		if json.Unmarshal(raw, &a) == nil { // else counted by the transform
			all = append(all, a)
		}
	}
	return all, nil
}

// lacksFiles reports whether a stored issue has attachments that are to be
// stored and are not.
func (s *Syncer) lacksFiles(key string) bool {
	all, err := s.attachmentsOf(key)
	return err == nil && slices.ContainsFunc(all, func(a attachment) bool {
		stored, err := s.store.HasAttachment(key, a.ID, a.Filename, a.bytes())
		return err == nil && !stored && a.bytes() <= s.maxAttachment()
	})
}

// bytes is the size of the attachment, negative if Jira does not say.
func (a *attachment) bytes() int64 {
	if a.Size == nil {
		return -1
	}
	return max(-1, *a.Size)
}

func (s *Syncer) downloadAttachment(ctx context.Context, key string, a attachment) (landed bool, err error) {
	size := a.bytes()
	if size > s.maxAttachment() {
		s.stats.attachmentsSkipped.Add(1)
		s.log.InfoContext(ctx, "attachment is larger than the limit and is not stored", "issue", key, "attachment", a.ID, "size_bytes", size)
		return false, nil
	}
	if stored, err := s.store.HasAttachment(key, a.ID, a.Filename, size); err != nil || stored {
		return false, err
	}
	err = s.store.SaveAttachment(ctx, key, a.ID, a.Filename, func(w io.Writer) error {
		_, err := s.site.Download(ctx, jira.AttachmentInfo{ID: a.ID, Size: size, MimeType: a.MimeType}, w)
		return err
	})
	if errors.Is(err, jira.ErrNotFound) {
		// Removed since the issue was read, whose next refresh will say so. If it
		// is there all the same, the row without a file has it tried again.
		s.log.InfoContext(ctx, "attachment is not there any more", "issue", key, "attachment", a.ID)
		return false, nil
	}
	if err != nil {
		return false, err
	}
	s.stats.attachmentsStored.Add(1)
	return true, nil
}

func (s *Syncer) maxAttachment() int64 {
	if s.cfg.MaxAttachmentBytes > 0 {
		return s.cfg.MaxAttachmentBytes
	}
	return jira.MaxAttachment
}

// queueMissingAttachments finds what an earlier run did not get to: rows of
// the attachments table without a file. A file may have landed just before the
// end of that run, so the rows are made anew first.
func (s *Syncer) queueMissingAttachments(ctx context.Context, files *keySet) {
	keys, err := s.tables.MissingAttachments(s.maxAttachment())
	if err == nil && len(keys) > 0 {
		_, err = s.apply(ctx, keys...)
	}
	if err != nil {
		s.log.WarnContext(ctx, "attachments without a file could not be looked up in full", "error", err)
	}
	for _, key := range keys {
		files.add(key)
	}
}

// attachmentIssue finds the issue that carries an attachment, for events that
// name no issue: in our own table first, which alone still knows a removed
// one, then in Jira. ErrNotFound of package jira: nobody knows it (yet).
func (s *Syncer) attachmentIssue(ctx context.Context, id string, removed bool) (webhook.IssueRef, error) {
	key, tableErr := s.tables.AttachmentIssue(id)
	if key != "" {
		return webhook.IssueRef{Key: key}, nil
	}
	if removed {
		return webhook.IssueRef{}, cmp.Or(tableErr, error(jira.ErrNotFound))
	}
	hit, err := s.site.AttachmentIssue(ctx, id)
	if err != nil {
		return webhook.IssueRef{}, fmt.Errorf("attachment %s: %w", id, errors.Join(err, tableErr))
	}
	return webhook.IssueRef{ID: hit.ID, Key: hit.Key}, nil
}

// keySet is a queue of issue keys in which each stands once, in hand or waiting.
type keySet struct {
	mu      sync.Mutex
	waiting map[string]bool
	busy    map[string]bool
	wake    chan struct{} // one token when something waits
}

func newKeySet() *keySet {
	return &keySet{waiting: map[string]bool{}, busy: map[string]bool{}, wake: make(chan struct{}, 1)}
}

func (q *keySet) add(key string) {
	q.mu.Lock()
	q.waiting[key] = true
	q.mu.Unlock()
	q.signal()
}

func (q *keySet) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take returns a key that nobody works on, or false when ctx has ended.
func (q *keySet) take(ctx context.Context) (string, bool) {
	for ctx.Err() == nil {
		if key, ok := q.pick(); ok {
			return key, true
		}
		select {
		case <-ctx.Done():
		case <-q.wake:
		}
	}
	return "", false
}

func (q *keySet) pick() (string, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for key := range q.waiting {
		if q.busy[key] {
			continue
		}
		delete(q.waiting, key)
		q.busy[key] = true
		if len(q.waiting) > 0 {
			q.signal()
		}
		return key, true
	}
	return "", false
}

func (q *keySet) done(key string) {
	q.mu.Lock()
	delete(q.busy, key)
	q.mu.Unlock()
	q.signal()
}
