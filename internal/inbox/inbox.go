package inbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jirasync/jirasync/internal/filelock"
	"github.com/jirasync/jirasync/webhook"
)

// Errors.
var (
	// ErrClosed reports a call after Close.
	ErrClosed = errors.New("inbox: closed")

	// ErrBusy reports that more senders wait than the disk can serve.
	ErrBusy = errors.New("inbox: too many waiting")

	// ErrLocked reports that another process appends to this log.
	ErrLocked = errors.New("inbox: event log in use")

	// ErrVersion reports a record that a later version of this program wrote.
	ErrVersion = errors.New("inbox: unknown version of the event log")
)

// Options configure an Inbox. The zero value is ready to use.
type Options struct {
	// SegmentBytes is the size from which a segment is full. Zero means 64 MiB.
	// A segment also ends with the day (UTC).
	SegmentBytes int64

	// Retention is how long a segment is kept after its last event. Zero means
	// 30 days; negative keeps all. Events that are not processed are kept in
	// any case.
	Retention time.Duration

	// LockWait is how long Open waits for another process to let go of the log.
	// Zero means not at all; negative waits without limit.
	LockWait time.Duration

	// Logger gets what an operator should know: damage, failed segments,
	// recovery. Nil discards.
	Logger *slog.Logger

	hook func(step string, f *os.File) error // see logWriter
}

// Keys of log attributes.
const (
	keySegment  = "segment"
	keySegments = "segments"
	keyOffset   = "offset"
	keyBytes    = "bytes"
	keyTorn     = "torn"
	keyItems    = "items"
	keyRecords  = "records"
	keyDuration = "duration"
	keyError    = "error"
)

const (
	defaultSegmentBytes = 64 << 20
	defaultRetention    = 30 * 24 * time.Hour
	lockName            = ".locks/log.lock"

	maxSenders         = 4096 // Jira sends 30 at once; more is an attack or a stuck disk
	batchRecords       = 256
	batchBytes         = 8 << 20 // above it a batch takes no further body
	batchDelay         = 2 * time.Millisecond
	checkpointInterval = time.Second
	pruneInterval      = time.Hour
)

// Inbox is an open event log and its queue.
type Inbox struct {
	dir     *os.Root
	options Options
	logger  *slog.Logger
	unlock  func()

	senders  atomic.Int64 // in Append
	requests chan *request
	closing  chan struct{} // closed by Close
	changed  chan struct{} // a token when the checkpoint is out of date
	tasks    sync.WaitGroup
	close    func() error // runs once

	writer logWriter  // of the goroutine write
	first  duplicates // likewise
	seq    uint64     // likewise: the last one given out

	mu      sync.Mutex
	queue   *queue
	through uint64        // the last record whose issues are in the queue
	wake    chan struct{} // closed when Take has to look again; nil if nobody waits
	stats   Stats
}

// Item is one issue to look at, or one attachment whose issue is not known.
type Item struct {
	// Ref is the issue; either part may be empty. It is empty when an event
	// named an attachment only, whose id is AttachmentID.
	Ref          webhook.IssueRef
	AttachmentID string

	// Deleted reports that one of the events said that the issue is deleted; in
	// an item without Ref, that the attachment is.
	Deleted bool

	// MovedFrom are former keys of the issue that events told.
	MovedFrom []string

	// Received is when the oldest of the events arrived.
	Received time.Time

	// Attempt is the number of times that the item was given to Retry.
	Attempt int

	entry *entry
	work  *work
}

// Items returns what an event asks for: one item for each issue it names.
func Items(d webhook.Delivery) []Item {
	items := make([]Item, 0, len(d.Event.Issues))
	for _, ref := range d.Event.Issues {
		it := Item{Ref: ref, Deleted: d.Event.Deleted, Received: d.ReceivedAt}
		if d.Event.MovedFrom != "" {
			it.MovedFrom = []string{d.Event.MovedFrom}
		}
		items = append(items, it)
	}
	if len(items) == 0 && d.Event.AttachmentID != "" {
		removed := d.Event.Type == "attachment_deleted"
		items = append(items, Item{AttachmentID: d.Event.AttachmentID, Deleted: removed, Received: d.ReceivedAt})
	}
	return items
}

// Stats is the state of an Inbox. Counts are since Open.
type Stats struct {
	Waiting  int       // items that Take will hand out, now or later
	InFlight int       // items handed out and not yet done
	Oldest   time.Time // arrival of the oldest event not processed; zero: none

	Logged     int64 // deliveries made durable, duplicates and malformed ones among them
	Duplicates int64
	Malformed  int64
	Batches    int64 // fsyncs that confirmed them
	Failures   int64 // batches given back to the senders with an error

	Recovered int   // items queued again by Open
	Damaged   int   // stretches of the log that Open could not read
	Torn      int64 // bytes of an incomplete tail that Open cut off
}

// Open opens the event log in a directory, which the caller keeps open until
// Close has returned, and queues again every issue named by an event that was
// not processed. It takes an exclusive lock.
//
// Errors: ErrLocked, ErrVersion, and those of the file system.
func Open(dir *os.Root, options Options) (*Inbox, error) {
	if options.SegmentBytes == 0 {
		options.SegmentBytes = defaultSegmentBytes
	}
	if options.Retention == 0 {
		options.Retention = defaultRetention
	}
	q := &Inbox{
		dir:      dir,
		options:  options,
		logger:   options.Logger,
		requests: make(chan *request),
		closing:  make(chan struct{}),
		changed:  make(chan struct{}, 1),
		queue:    newQueue(),
	}
	if q.logger == nil {
		q.logger = slog.New(slog.DiscardHandler)
	}
	q.writer = logWriter{dir: dir, limit: options.SegmentBytes, log: q.logger, hook: options.hook}
	var err error
	if q.unlock, err = lock(dir, options.LockWait); err != nil {
		return nil, err
	}
	if err := q.recover(); err != nil {
		_ = q.writer.close() // nothing was written
		q.unlock()
		return nil, fmt.Errorf("open the event log: %w", err)
	}
	q.close = sync.OnceValue(q.shutDown)
	q.touch()
	// Both end when closing is closed; Close waits for them.
	q.tasks.Go(q.write)
	q.tasks.Go(q.keep)
	return q, nil
}

func lock(dir *os.Root, wait time.Duration) (release func(), err error) {
	ctx := context.Background()
	if wait >= 0 {
		// Time for one try: the lock's own waiting is in milliseconds.
		wait = max(wait, 100*time.Millisecond)
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, wait)
		defer cancel()
	}
	release, err = filelock.Acquire(ctx, dir, lockName)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, ErrLocked
	}
	return release, err
}

// Close stops the inbox: what Append has taken is written, the checkpoint too,
// the lock released. Items in flight are queued again by the next Open. Calls
// that wait end with ErrClosed.
func (q *Inbox) Close() error { return q.close() }

func (q *Inbox) shutDown() error {
	close(q.closing)
	q.tasks.Wait()
	err := errors.Join(q.writeCheckpoint(), q.writer.close())
	q.unlock()
	return err
}

// Take waits for an issue and hands it out. Nobody else gets it until Done or
// Retry was called with the item. It returns ctx.Err() or ErrClosed.
func (q *Inbox) Take(ctx context.Context) (Item, error) {
	for {
		if err := ctx.Err(); err != nil {
			return Item{}, err
		}
		select {
		case <-q.closing:
			return Item{}, ErrClosed
		default:
		}
		it, wake, wait := q.tryTake()
		if wake == nil {
			return it, nil
		}
		var due <-chan time.Time // nil: never
		var timer *time.Timer
		if wait >= 0 {
			timer = time.NewTimer(wait)
			due = timer.C
		}
		select {
		case <-wake:
		case <-due:
		case <-q.closing:
		case <-ctx.Done():
		}
		if timer != nil {
			timer.Stop()
		}
	}
}

// tryTake returns an item, or else a channel that is closed when there may be
// one, and the time after which there will be.
func (q *Inbox) tryTake() (it Item, wake <-chan struct{}, wait time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	e, wait := q.queue.take(time.Now())
	if e != nil {
		return e.item(), nil, 0
	}
	if q.wake == nil {
		q.wake = make(chan struct{})
	}
	return Item{}, q.wake, wait
}

// notify lets Take look again. The caller holds mu.
func (q *Inbox) notify() {
	if q.wake != nil {
		close(q.wake)
		q.wake = nil
	}
}

// touch marks the checkpoint as out of date.
func (q *Inbox) touch() {
	select {
	case q.changed <- struct{}{}:
	default:
	}
}

// Done says that an item is processed. If further events have come for the
// issue meanwhile, it will be handed out once more. An item that is not in
// flight is ignored.
func (q *Inbox) Done(it Item) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.queue.done(it.entry, it.work, time.Now()) {
		q.notify()
		q.touch()
	}
}

// Retry says that an item could not be processed: it is handed out again after
// some time, together with what has come meanwhile.
func (q *Inbox) Retry(it Item, after time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.queue.retry(it.entry, it.work, time.Now().Add(after)) {
		q.notify()
	}
}

// Resolve says which issue an item is: its work passes to that issue, without
// a moment at which a crash could lose it, and the item is done. It is meant
// for items that name an attachment only.
func (q *Inbox) Resolve(it Item, ref webhook.IssueRef) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if it.entry == nil || it.work == nil || it.entry.flight != it.work || ref == (webhook.IssueRef{}) {
		return
	}
	now := time.Now()
	work := *it.work
	work.deleted = false // the attachment is, not the issue
	q.queue.give(q.queue.find(ref, ""), &work, now)
	q.queue.done(it.entry, it.work, now)
	q.notify()
	q.touch()
}

// Add queues an issue for another reason than a delivery. It is forgotten by a
// crash. An item without Ref and AttachmentID is ignored.
func (q *Inbox) Add(it Item) {
	now := time.Now()
	if it.Received.IsZero() {
		it.Received = now.UTC()
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.queue.add(it, 0, now)
	q.notify()
}

// Stats returns the state at this moment.
func (q *Inbox) Stats() Stats {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := q.stats
	s.InFlight = q.queue.inFlight
	for e := range q.queue.entries {
		for _, w := range [...]*work{e.waiting, e.flight} {
			if w != nil && (s.Oldest.IsZero() || w.received.Before(s.Oldest)) {
				s.Oldest = w.received
			}
		}
		if e.waiting != nil {
			s.Waiting++
		}
	}
	return s
}
