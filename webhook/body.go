package webhook

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"
)

const (
	firstRead      = 64 << 10 // the largest buffer made before anything arrived
	largeBody      = 1 << 20
	maxLargeBodies = 8
)

// read reads the body within its bounds of size and time. release must be
// called when the body is no longer needed; it gives a large body's slot back.
// If the answer is not answerOK the body could not be read.
func (h *Handler) read(w http.ResponseWriter, r *http.Request) (body []byte, release func(), a answer) {
	timeout := h.BodyTimeout
	if timeout == 0 {
		timeout = DefaultBodyTimeout
	}
	maxBytes := h.MaxBytes
	if maxBytes == 0 {
		maxBytes = DefaultMaxBytes
	}
	deadline := time.Now().Add(timeout)
	control := http.NewResponseController(w)
	// Where deadlines are not supported, as in a recorder of httptest, there
	// is no connection that could stall either.
	_ = control.SetReadDeadline(deadline)
	defer func() {
		if a == answerOK {
			// Otherwise the deadline would end the request's context while
			// Receive is at work.
			_ = control.SetReadDeadline(time.Time{})
		}
	}()
	b := bodyReader{src: http.MaxBytesReader(w, r.Body, maxBytes), limit: maxBytes, declared: r.ContentLength}
	release = func() {}
	err := b.fill(largeBody)
	if err == nil {
		if !h.acquireLarge(r.Context(), deadline) {
			return nil, release, answerBusy
		}
		release = func() { <-h.large }
		err = b.fill(maxBytes)
	}
	if err == io.EOF {
		return b.buf, release, answerOK
	}
	return nil, release, bodyFault(err)
}

// acquireLarge waits for one of the slots for large bodies.
func (h *Handler) acquireLarge(ctx context.Context, deadline time.Time) bool {
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case h.large <- struct{}{}:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

// bodyReader collects a body. The buffer grows with what has arrived; the
// length that the sender declares only keeps it from growing too far.
type bodyReader struct {
	src      io.Reader
	buf      []byte
	limit    int64
	declared int64 // -1 is unknown
}

// fill reads until more than size bytes are there or the source reports an
// error, which is io.EOF at the end of the body.
func (b *bodyReader) fill(size int64) error {
	for int64(len(b.buf)) <= size {
		if len(b.buf) == cap(b.buf) {
			b.grow()
		}
		n, err := b.src.Read(b.buf[len(b.buf):cap(b.buf)])
		b.buf = b.buf[:len(b.buf)+n]
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *bodyReader) grow() {
	size := int64(max(4*cap(b.buf), firstRead))
	bound := b.limit
	if b.declared >= int64(len(b.buf)) {
		bound = min(bound, b.declared)
	}
	// One byte more, for the read that finds the end.
	size = max(min(size, bound+1), int64(len(b.buf))+512)
	grown := make([]byte, len(b.buf), size)
	copy(grown, b.buf)
	b.buf = grown
}

// bodyFault says what to answer when a body cannot be read. Jira sends again
// after 408 but not after 400, which is left for requests that no HTTP library
// would make.
func bodyFault(err error) answer {
	var (
		tooLarge *http.MaxBytesError
		network  net.Error
	)
	switch {
	case errors.As(err, &tooLarge):
		return answerTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, context.Canceled), errors.As(err, &network):
		return answerTimeout
	}
	return answerTransfer
}

// retryAfter is a number of seconds, different for each sender so that they do
// not come back together.
func retryAfter() string { return strconv.Itoa(1 + rand.IntN(10)) }
