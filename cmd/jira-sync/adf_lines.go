package main

import (
	"bufio"
	"bytes"
	"io"
)

// lineReader reads lines of bounded length.
type lineReader struct {
	in   *bufio.Reader
	max  int
	line []byte
	err  error // of reading, but for the end: the last line that next returned
}

// ready reports whether next need not wait.
func (l *lineReader) ready() bool {
	read, _ := l.in.Peek(l.in.Buffered())
	return bytes.IndexByte(read, '\n') >= 0
}

// next returns the next line, valid until the one after, or io.EOF. A line
// that is too long is errTooLong, and the next call returns the line after it.
func (l *lineReader) next() ([]byte, error) {
	l.line = l.line[:0]
	long := false
	for {
		part, err := l.in.ReadSlice('\n')
		text := bytes.TrimSuffix(part, []byte{'\n'})
		if long = long || len(l.line)+len(text) > l.max; !long {
			l.line = append(l.line, text...)
		}
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err == io.EOF && len(part) == 0 && len(l.line) == 0 && !long:
			return nil, io.EOF
		case err != nil && err != io.EOF:
			l.err = err
			return nil, err
		case long:
			return nil, errTooLong
		}
		return l.line, nil
	}
}
