package inbox

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/jirasync/jirasync/internal/atomicfile"
	"github.com/jirasync/jirasync/webhook"
)

// tempAge is the age from which temporary files of processes that died are
// removed.
const tempAge = time.Hour

// recover brings the queue to what the checkpoint and the log say, and gets the
// newest segment ready to be continued.
func (q *Inbox) recover() error {
	start := time.Now()
	if _, err := atomicfile.Sweep(q.dir, ".", tempAge); err != nil {
		return err
	}
	c, err := q.readCheckpoint()
	if err != nil {
		return err
	}
	list, err := segments(q.dir)
	if err != nil {
		return err
	}
	q.through = c.Through
	for i := range c.Waiting {
		q.queue.add(c.Waiting[i].item(), c.Waiting[i].Seq, start)
	}
	records := 0
	for i, s := range list {
		last := i == len(list)-1
		// Records before the checkpoint serve to recognise duplicates only.
		if !last && list[i+1].first <= c.Through+1 && start.Sub(list[i+1].start) > duplicateWindow {
			continue
		}
		n, err := q.recoverSegment(s, c.Through, last)
		if err != nil {
			return err
		}
		records += n
		if s.first > 0 {
			q.seq = max(q.seq, s.first-1)
		}
	}
	q.seq = max(q.seq, q.through)
	q.through = q.seq
	q.stats.Recovered = len(q.queue.entries)
	q.logger.Info("event log opened", slog.Int(keySegments, len(list)), slog.Int(keyRecords, records),
		slog.Int(keyItems, len(q.queue.entries)), slog.Duration(keyDuration, time.Since(start)))
	return nil
}

// recoverSegment reads a segment. Of the last one, what is incomplete at the
// end is cut off, and it is continued if there is room.
func (q *Inbox) recoverSegment(s segmentName, through uint64, last bool) (records int, err error) {
	f, err := q.dir.Open(s.name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	size := info.Size()
	r := newSegmentReader(s.name, f, size)
	for {
		rec, damage, err := r.next()
		switch {
		case errors.Is(err, io.EOF):
			if last {
				return records, q.writer.open(s, size)
			}
			return records, nil
		case err != nil:
			return records, err
		case damage == nil:
			records++
			q.recoverRecord(&rec, through)
		case damage.Torn && last:
			if err := q.cutTail(f, *damage); err != nil {
				return records, err
			}
			size = damage.Offset
		default:
			q.stats.Damaged++
			q.logger.Error("event log damaged", slog.String(keySegment, damage.Segment),
				slog.Int64(keyOffset, damage.Offset), slog.Int64(keyBytes, damage.Bytes), slog.Bool(keyTorn, damage.Torn))
		}
	}
}

// recoverRecord queues what a record asks for, unless that is accounted for,
// and remembers it as the first of possible duplicates.
func (q *Inbox) recoverRecord(rec *record, through uint64) {
	q.seq = max(q.seq, rec.Seq)
	if rec.DuplicateOf != 0 {
		return
	}
	now := time.Now()
	if now.Sub(rec.Received) <= duplicateWindow {
		q.first.add(duplicateKey(rec.body, rec.Identifier), rec.Seq, rec.Received)
	}
	if rec.Seq <= through {
		return
	}
	for _, it := range Items(rec.delivery()) {
		q.queue.add(it, rec.Seq, now)
	}
}

// delivery is the delivery that was logged, as far as the log keeps it.
func (rec *record) delivery() webhook.Delivery {
	d := webhook.Delivery{
		Identifier:  rec.Identifier,
		Retry:       rec.Retry,
		Flow:        rec.Flow,
		ContentType: rec.ContentType,
		RemoteAddr:  rec.RemoteAddr,
		ReceivedAt:  rec.Received,
		SecretIndex: -1,
		Body:        rec.body,
	}
	if rec.DuplicateOf == 0 {
		d.Event, d.Malformed = webhook.ParseEvent(rec.body)
	}
	return d
}

// cutTail moves an incomplete tail to a file of its own.
func (q *Inbox) cutTail(f *os.File, tail Damage) error {
	name := fmt.Sprintf("%s.torn-%d", tail.Segment, tail.Offset)
	err := atomicfile.Write(q.dir, name, func(w io.Writer) error {
		_, err := io.Copy(w, io.NewSectionReader(f, tail.Offset, tail.Bytes))
		return err
	})
	if err != nil {
		return err
	}
	rw, err := q.dir.OpenFile(tail.Segment, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer rw.Close()
	if err := rw.Truncate(tail.Offset); err != nil {
		return err
	}
	if err := rw.Sync(); err != nil {
		return err
	}
	q.stats.Torn += tail.Bytes
	q.logger.Warn("event log had an incomplete tail", slog.String(keySegment, tail.Segment),
		slog.Int64(keyOffset, tail.Offset), slog.Int64(keyBytes, tail.Bytes))
	return nil
}
