package partition

import (
	"bufio"
	"errors"
	"hash/crc32"
	"io"
	"os"
)

// An output takes the bytes of a new file from the Parquet library and keeps
// the checksum of those that are written to it. When the library hands on a
// section of the source instead, which it does for row groups that it copies,
// the bytes are not read: neighbouring sections are joined and copied by the
// kernel, which shares the blocks where the file system can.
type output struct {
	to     *bufio.Writer
	direct io.Writer   // what to writes to; an io.ReaderFrom lets the kernel copy
	file   *os.File    // of source, nil without one
	source io.ReaderAt // what the library knows of it
	run    span        // of file, to be copied before anything else is written

	size   int64 // of the new file so far
	copied int64 // of them from the source
	taken  int64 // of them handed on as sections, not as bytes
	crc    uint32
	err    error // the first that writing met

	// reading has sections of the source read and summed like other bytes.
	reading bool
}

type span struct{ start, end int64 }

func newOutput(w io.Writer) *output {
	return &output{to: bufio.NewWriterSize(w, 64<<10), direct: w}
}

// cut begins a new checksum and returns the one up to here.
func (o *output) cut() section {
	done := section{end: o.size, crc: o.crc}
	o.crc = 0
	return done
}

func (o *output) Write(p []byte) (int, error) {
	if err := o.copyRun(); err != nil {
		return 0, err
	}
	n, err := o.to.Write(p)
	o.err = err
	o.size += int64(n)
	o.crc = crc32.Update(o.crc, castagnoli, p[:n])
	return n, err
}

// ReadFrom is what the library calls to copy.
func (o *output) ReadFrom(r io.Reader) (int64, error) {
	s, isSection := r.(*io.SectionReader)
	if !isSection {
		return io.Copy(struct{ io.Writer }{o}, r)
	}
	outer, start, n := s.Outer()
	o.taken += n
	if outer == o.source {
		o.copied += n
		if !o.reading {
			return n, o.take(span{start, start + n})
		}
	}
	return io.Copy(struct{ io.Writer }{o}, r)
}

// take appends a span of the source.
func (o *output) take(s span) error {
	if s.start != o.run.end {
		if err := o.copyRun(); err != nil {
			return err
		}
		o.run = span{s.start, s.start}
	}
	o.run.end = s.end
	o.size += s.end - s.start
	return nil
}

// copyRun copies the span that is due.
func (o *output) copyRun() error {
	if o.err == nil && o.run.end > o.run.start {
		o.err = o.copy(o.run)
		o.run = span{}
	}
	return o.err
}

func (o *output) copy(s span) error {
	if err := o.to.Flush(); err != nil {
		return err
	}
	if _, err := o.file.Seek(s.start, io.SeekStart); err != nil {
		return err
	}
	n, err := io.Copy(o.direct, io.LimitReader(o.file, s.end-s.start))
	if err == nil && n != s.end-s.start {
		err = errShortSource
	}
	return err
}

var errShortSource = errors.New("the file to copy from has become shorter")

// flush ends the file.
func (o *output) flush() error {
	if err := o.copyRun(); err != nil {
		return err
	}
	return o.to.Flush()
}
