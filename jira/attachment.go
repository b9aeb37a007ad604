package jira

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/jirasync/jirasync/internal/issuekey"
)

// AttachmentInfo is what an issue says of an attachment. What is known makes
// the check of a download stricter.
type AttachmentInfo struct {
	ID       string // numeric
	Size     int64  // bytes; zero or less means unknown
	MimeType string // empty means unknown
}

// Attachment writes the bytes of an attachment to w and returns their number.
// It is Download of an attachment of which nothing but the id is known.
func (c *Client) Attachment(ctx context.Context, id string, w io.Writer) (int64, error) {
	return c.Download(ctx, AttachmentInfo{ID: id}, w)
}

// Download writes the bytes of an attachment to w and returns their number.
// After an error what has been written is to be thrown away.
//
// The address is made from the configured site and the id, never taken from a
// payload. Jira redirects to a signed address on a second host; the redirect
// is followed if that host is allowed, without credentials, and the address is
// neither logged nor part of an error. A web page that comes in place of a
// file of another type, and a length that differs from a known Size, are
// ErrUnavailable; more than Config.MaxAttachmentBytes is ErrTooLarge, found
// before a byte is read if Size or the answer say so.
//
// An attempt that fails before the first byte is repeated by the usual policy,
// each time from the site on, since signed addresses expire.
func (c *Client) Download(ctx context.Context, a AttachmentInfo, w io.Writer) (int64, error) {
	if !issuekey.ValidID(a.ID) {
		return 0, fmt.Errorf("attachment %.40q: %w", a.ID, ErrInvalidID)
	}
	r := get("attachment", "/rest/api/3/attachment/content/"+a.ID, nil, nil)
	if a.Size > c.cfg.MaxAttachmentBytes {
		return 0, c.tooLarge(r, 0)
	}
	bounded, cancel := context.WithTimeout(ctx, c.cfg.AttachmentTimeout)
	defer cancel()
	bounded, giveUp := context.WithCancel(bounded)
	defer giveUp()
	var res *http.Response
	err := c.attempts(bounded, r, func() (err error) {
		res, err = c.open(bounded, r, a)
		return err
	})
	if err != nil {
		return 0, r.timedOut(ctx, err)
	}
	defer res.Body.Close()
	started := time.Now()
	body := watch(res.Body, giveUp)
	defer body.timer.Stop()
	n, err := c.stream(bounded, r, a, w, body)
	err = r.timedOut(ctx, err)
	c.logRequest(ctx, r, res.StatusCode, n, started, err)
	return n, err
}

// timedOut tells the end of a bound of ours from the end of the caller's
// context: the former is a fault that can pass.
func (r *call) timedOut(ctx context.Context, err error) error {
	if ctx.Err() == nil && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)) {
		return r.newError(ErrUnavailable, 0, reasonTimeout)
	}
	return err
}

func (c *Client) tooLarge(r *call, status int) *Error {
	return r.newError(ErrTooLarge, status, fmt.Sprintf("more than %d bytes", c.cfg.MaxAttachmentBytes))
}

// open follows the redirects to an answer whose body is the file.
func (c *Client) open(ctx context.Context, r *call, a AttachmentInfo) (*http.Response, error) {
	at := c.rest.BaseURL.ResolveReference(&url.URL{Path: r.target()})
	for range maxHops + 1 {
		onSite := sameOrigin(c.hops.site, at)
		res, err := c.hop(ctx, r, at, onSite)
		if err != nil {
			return nil, err
		}
		location := res.Header.Get("Location")
		if res.StatusCode < 300 || res.StatusCode >= 400 {
			if e := c.checkFile(r, a, res, onSite); e != nil {
				_ = res.Body.Close()
				return nil, e
			}
			return res, nil
		}
		_ = res.Body.Close() // unread: it could drip
		next, refusal := c.hops.next(at, location)
		if refusal != "" {
			return nil, r.newError(ErrRedirect, res.StatusCode, refusal)
		}
		at = next
	}
	return nil, r.newError(ErrRedirect, 0, fmt.Sprintf("more than %d redirects", maxHops))
}

// hop sends one request of a download. Its headers are made anew; only the
// site gets credentials. An answer that is neither a redirect nor a success is
// an error.
func (c *Client) hop(ctx context.Context, r *call, at *url.URL, onSite bool) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, r.method, at.String(), nil)
	if err != nil {
		return nil, r.newError(ErrRedirect, 0, "the redirect has no usable Location")
	}
	req.Header.Set("Accept", "*/*")
	req.Header.Set("Accept-Encoding", "identity") // keeps net/http from inflating
	req.Header.Set("User-Agent", userAgent)
	client := c.media
	if onSite {
		client = c.site
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, r.transportError(ctx, err)
	}
	e := r.statusError(res, time.Now())
	if e == nil || e.kind == ErrRedirect {
		return res, nil
	}
	_ = res.Body.Close()
	if !onSite { // an expired signature, or a fault of the second host
		e.Hint, e.reason = "", "the attachment's host did not serve it"
		if e.kind != ErrRateLimited {
			e.kind = ErrUnavailable
		}
	}
	return nil, e
}

// checkFile looks at the headers of the last answer: is it the file? Some
// sites answer 200 and a login page (reliability.md 2.D3).
func (c *Client) checkFile(r *call, a AttachmentInfo, res *http.Response, onSite bool) error {
	expected, _, _ := mime.ParseMediaType(a.MimeType)
	sizeFits := a.Size > 0 && res.ContentLength == a.Size
	switch {
	case res.ContentLength > c.cfg.MaxAttachmentBytes:
		return c.tooLarge(r, res.StatusCode)
	case res.Header.Get("Content-Encoding") != "" && res.Header.Get("Content-Encoding") != "identity":
		return r.newError(ErrUnavailable, res.StatusCode, "the file came compressed")
	case !isHTML(res.Header) || expected == "text/html" || expected == "application/xhtml+xml" || sizeFits:
		return nil
	case expected != "" || onSite && res.Header.Get("Content-Disposition") == "":
		return r.newError(ErrUnavailable, res.StatusCode, reasonHTML)
	}
	return nil
}

// stream copies the file to w and counts.
func (c *Client) stream(ctx context.Context, r *call, a AttachmentInfo, w io.Writer, body *watched) (int64, error) {
	limit := c.cfg.MaxAttachmentBytes
	n, err := io.Copy(w, io.LimitReader(body, limit))
	if err == nil && n == limit {
		var extra int64
		if extra, err = io.CopyN(io.Discard, body, 1); extra > 0 {
			return n, c.tooLarge(r, http.StatusOK)
		}
		if err == io.EOF {
			err = nil
		}
	}
	switch {
	case err != nil && body.err != nil:
		return n, r.transportError(ctx, body.err)
	case err != nil:
		return n, fmt.Errorf("%s %s: write: %w", r.method, r.path, err)
	case a.Size > 0 && n != a.Size:
		return n, r.newError(ErrUnavailable, http.StatusOK, fmt.Sprintf("%d bytes instead of %d", n, a.Size))
	}
	return n, nil
}

// A download of which less than this arrives in the interval is given up.
const (
	watchInterval = time.Minute
	watchMinimum  = 60 << 10
)

// watched is a body whose progress is watched, because a dripping body never
// times out. It keeps the error of the reading side, to tell it from that of
// the writing side.
type watched struct {
	io.Reader
	timer *time.Timer
	since atomic.Int64 // bytes since the timer was set
	err   error
}

// watch calls giveUp when body drips, until the timer is stopped.
func watch(body io.Reader, giveUp func()) *watched {
	w := &watched{Reader: body}
	w.timer = time.AfterFunc(watchInterval, func() {
		if w.since.Swap(0) < watchMinimum {
			giveUp()
			return
		}
		w.timer.Reset(watchInterval)
	})
	return w
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	w.since.Add(int64(n))
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}

// attachmentPages bounds AttachmentIssue to the thousand issues changed last.
const attachmentPages = 10

// AttachmentIssue finds the issue that an attachment belongs to among those
// changed in the last 15 minutes, for attachment events, which name no issue.
// ErrNotFound means not among them, or not yet, since Jira's index lags by
// seconds; a deleted attachment cannot be found.
func (c *Client) AttachmentIssue(ctx context.Context, attachmentID string) (Hit, error) {
	if !issuekey.ValidID(attachmentID) {
		return Hit{}, fmt.Errorf("attachment %.40q: %w", attachmentID, ErrInvalidID)
	}
	const jql = "attachments is not EMPTY AND updated >= -15m ORDER BY updated DESC"
	options := SearchOptions{Fields: []string{"attachment"}}
	token := ""
	for range attachmentPages {
		page, err := c.SearchPage(ctx, jql, token, options)
		if err != nil {
			return Hit{}, fmt.Errorf("attachment %s: %w", attachmentID, err)
		}
		for _, hit := range page.Hits {
			if hit.carries(attachmentID) {
				return hit, nil
			}
		}
		if token = page.Token; token == "" {
			break
		}
	}
	return Hit{}, fmt.Errorf("attachment %s: issue %w", attachmentID, ErrNotFound)
}

// carries reports whether the issue has the attachment.
func (h Hit) carries(attachmentID string) bool {
	var issue struct {
		Fields struct {
			Attachment []struct {
				ID string `json:"id"`
			} `json:"attachment"`
		} `json:"fields"`
	}
	if json.Unmarshal(h.JSON, &issue) != nil {
		return false
	}
	for _, a := range issue.Fields.Attachment {
		if a.ID == attachmentID {
			return true
		}
	}
	return false
}
