package inbox

import (
	"context"
	"crypto/sha256"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/jirasync/jirasync/webhook"
)

// request is a delivery on its way to the log.
type request struct {
	delivery webhook.Delivery
	key      [sha256.Size]byte // of the body and the identifier
	crc      uint32            // of the body
	done     chan error        // of size one: the answer never waits
}

// Append makes a delivery durable, malformed ones too, and then queues the
// issues that it names. It returns nil only when both is done. Many callers
// share one fsync.
//
// Errors: ErrClosed, ErrBusy, and those of the file system. If ctx ends first, or the error is not nil, the delivery may or may not be
// in the log. d.Body must not be changed afterwards in that case.
func (q *Inbox) Append(ctx context.Context, d webhook.Delivery) error {
	defer q.senders.Add(-1)
	if q.senders.Add(1) > maxSenders {
		return ErrBusy
	}
	if y := d.ReceivedAt.Year(); d.ReceivedAt.IsZero() || y < 1 || y > 9999 {
		d.ReceivedAt = time.Now()
	}
	d.ReceivedAt = d.ReceivedAt.UTC()
	d.Identifier = cut(d.Identifier)
	if len(d.Body) > maxBodyBytes {
		return fmt.Errorf("inbox: a body of %d bytes is too large", len(d.Body))
	}
	r := &request{delivery: d, key: duplicateKey(d.Body, d.Identifier), crc: crc32.Checksum(d.Body, castagnoli), done: make(chan error, 1)}
	select {
	case q.requests <- r:
	case <-q.closing:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-r.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// write is the goroutine that writes to the log. Close ends it between two
// batches; a request that it has taken is answered.
func (q *Inbox) write() {
	usual := 1
	for {
		select {
		case r := <-q.requests:
			batch := q.collect(r, usual)
			usual = len(batch)
			q.commit(batch)
		case <-q.closing:
			return
		}
	}
}

// collect gathers the requests that are to share an fsync. It takes those that
// wait already, and then waits for as many as there were the last time, but no
// longer than batchDelay: a lone sender is never held up, and of many senders,
// who come back at about the same time, few miss the batch.
func (q *Inbox) collect(first *request, usual int) []*request {
	batch, size := []*request{first}, len(first.delivery.Body)
	var timer *time.Timer
	for len(batch) < batchRecords && size < batchBytes {
		var r *request
		select {
		case r = <-q.requests:
		default:
			if len(batch) >= usual {
				return batch
			}
			if timer == nil {
				timer = time.NewTimer(batchDelay)
				defer timer.Stop()
			}
			select {
			case r = <-q.requests:
			case <-timer.C:
				return batch
			case <-q.closing:
				return batch
			}
		}
		batch = append(batch, r)
		size += len(r.delivery.Body)
	}
	return batch
}

// commit writes a batch and answers its requests.
func (q *Inbox) commit(batch []*request) {
	records := make([]pending, len(batch))
	for i, r := range batch {
		q.seq++
		of := q.first.find(r.key, r.delivery.ReceivedAt)
		if of == 0 {
			q.first.add(r.key, q.seq, r.delivery.ReceivedAt)
			records[i].body = r.delivery.Body
		}
		records[i].header = newHeader(&r.delivery, q.seq, of, r.crc)
	}
	err := q.writer.append(records, time.Now())
	if err != nil {
		err = fmt.Errorf("append to the event log: %w", err)
		for i, r := range batch {
			q.first.remove(r.key, records[i].header.Seq)
		}
	}
	q.accept(batch, records, err)
	for _, r := range batch {
		r.done <- err
	}
}

// accept queues the issues of a batch that is durable, and counts.
func (q *Inbox) accept(batch []*request, records []pending, err error) {
	now := time.Now()
	q.mu.Lock()
	defer q.mu.Unlock()
	if err != nil {
		q.stats.Failures++
		return
	}
	q.stats.Batches++
	for i, r := range batch {
		h := &records[i].header
		q.stats.Logged++
		switch {
		case h.DuplicateOf != 0:
			// The first is waiting or has been processed since it came.
			q.stats.Duplicates++
			continue
		case h.Malformed:
			q.stats.Malformed++
		}
		for _, it := range Items(r.delivery) {
			q.queue.add(it, h.Seq, now)
		}
	}
	q.through = records[len(records)-1].header.Seq
	q.notify()
	q.touch()
}
