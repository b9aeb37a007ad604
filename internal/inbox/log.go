package inbox

import (
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/jirasync/jirasync/internal/atomicfile"
)

// logWriter appends to the newest segment. It is used by one goroutine.
type logWriter struct {
	dir   *os.Root
	limit int64 // size at which a segment is full
	log   *slog.Logger
	// hook is called before each step on the segment; an error stands for the
	// step's failure. Only tests set it.
	hook func(step string, f *os.File) error

	file    *os.File // nil: the next append begins a segment
	current segmentName
	size    int64
	synced  int64  // the size of what was acknowledged
	buf     []byte // reused
}

// pending is a record to be written.
type pending struct {
	header header
	body   []byte
}

// append writes records and brings them to stable storage. After a failure the
// segment is never touched again, and everything is written once more to a new
// one. If it returns an error, any part of the records may be in the log, none
// of it acknowledged.
func (w *logWriter) append(records []pending, now time.Time) error {
	if w.file != nil && (w.size >= w.limit || now.UTC().Truncate(24*time.Hour).After(w.current.start)) {
		_ = w.close() // all of it was synced; nothing depends on the close
	}
	first := w.try(records, now)
	if first == nil {
		return nil
	}
	w.log.Error("event log segment abandoned", slog.String(keySegment, w.current.name), slog.Any(keyError, first))
	if second := w.try(records, now); second != nil {
		return fmt.Errorf("%w, then in a new segment: %w", first, second)
	}
	return nil
}

func (w *logWriter) try(records []pending, now time.Time) error {
	err := w.begin(records[0].header.Seq, now)
	if err == nil {
		err = w.write(records)
	}
	if err == nil {
		w.synced = w.size
		return nil
	}
	if w.file != nil {
		_ = w.file.Close() // already failed; the descriptor is all that is left
		w.file = nil
	}
	if w.synced == 0 && w.current.name != "" {
		// A full disk would otherwise collect an empty file for each attempt.
		_ = atomicfile.Remove(w.dir, w.current.name)
	}
	return err
}

// begin makes a segment if there is none.
func (w *logWriter) begin(first uint64, now time.Time) error {
	if w.file != nil {
		return nil
	}
	// Names sort by time even if the clock went back.
	start := now
	if earliest := w.current.start.Add(time.Microsecond); start.Before(earliest) {
		start = earliest
	}
	next := newSegmentName(start, first)
	w.current, w.synced = next, 0 // a name that failed is not used again
	if err := w.step("create", nil); err != nil {
		return err
	}
	if err := atomicfile.WriteFile(w.dir, next.name, nil); err != nil {
		return err
	}
	return w.open(next, 0)
}

// open continues a segment of the given size.
func (w *logWriter) open(s segmentName, size int64) error {
	f, err := w.dir.OpenFile(s.name, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	w.file, w.current, w.size, w.synced = f, s, size, size
	return nil
}

// directWrite is the size from which a body is not copied before it is written.
const directWrite = 256 << 10

func (w *logWriter) write(records []pending) error {
	w.buf = w.buf[:0]
	for i := range records {
		var err error
		if w.buf, err = appendHeader(w.buf, records[i].header); err != nil {
			return err
		}
		if len(records[i].body) < directWrite {
			w.buf = append(w.buf, records[i].body...)
		} else if err := w.flush(records[i].body); err != nil {
			return err
		}
		w.buf = append(w.buf, '\n')
	}
	if err := w.flush(nil); err != nil {
		return err
	}
	if err := w.step("sync", w.file); err != nil {
		return err
	}
	return syncData(w.file)
}

// flush writes what is buffered, then body.
func (w *logWriter) flush(body []byte) error {
	for _, part := range [...][]byte{w.buf, body} {
		if len(part) == 0 {
			continue
		}
		if err := w.step("write", w.file); err != nil {
			return err
		}
		n, err := w.file.Write(part)
		w.size += int64(n)
		if err != nil {
			return err
		}
	}
	w.buf = w.buf[:0]
	return nil
}

func (w *logWriter) close() error {
	if w.file == nil {
		return nil
	}
	err := w.file.Close()
	w.file = nil
	return err
}

func (w *logWriter) step(name string, f *os.File) error {
	if w.hook == nil {
		return nil
	}
	return w.hook(name, f)
}
