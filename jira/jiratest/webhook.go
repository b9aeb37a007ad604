package jiratest

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/jirasync/jirasync/webhook"
)

// Webhook is an admin webhook: where events go and how they are signed.
type Webhook struct {
	// URL is the callback, query string included.
	URL string

	// Secret signs the bodies. Without one, deliveries carry no signature.
	Secret string

	// Events are the names of the events wanted; none means all.
	Events []string

	// Client sends the deliveries. Nil means a client with Jira's time-out of
	// 20 seconds that follows no redirects.
	Client *http.Client

	// Handler, if not nil, receives the deliveries in process instead of URL,
	// without sockets, as tests in a testing/synctest bubble need.
	Handler http.Handler

	// AttachmentIssue adds an "issue" member to attachment events. Reports from
	// the field say that there is none.
	AttachmentIssue bool

	// CommentUpdates also sends jira:issue_updated with a "comment" member for
	// each comment event, as Jira does at times.
	CommentUpdates bool

	// Parallel is the number of deliveries that Flush and DeliverOnce have on
	// their way at once. Zero means one, which keeps the order of events.
	// Automatic delivery has up to 20 primary and 10 secondary ones, as Jira.
	Parallel int

	// Auto delivers in the background as events happen, until the server is
	// closed or another webhook is set. Otherwise Flush and DeliverOnce do.
	Auto bool

	// RetryScale multiplies the waits of 5 to 15 minutes between the attempts
	// of automatic delivery. Zero means one. Flush does not wait.
	RetryScale float64

	name string // given when it was registered over REST
}

// Delivered is the outcome of one attempt to deliver an event.
type Delivered struct {
	Event      string
	Identifier string // the same in every attempt
	Attempt    int    // 0 is the first
	Flow       string // Primary or Secondary
	IssueKey   string // "" for events of no single issue
	IssueID    string
	Body       []byte
	At         time.Time
	Status     int           // 0 when there was no answer
	Err        error         // why there was no answer
	Duration   time.Duration // until the answer
	Lost       bool          // no further attempt will be made, or a fault lost it
}

// OK reports whether the receiver took the event.
func (d Delivered) OK() bool { return d.Status/100 == 2 }

// delivery is an event on its way.
type delivery struct {
	event, identifier, flow string
	key, id                 string
	body                    []byte
	attempt                 int
	due                     time.Time
}

// Limits of delivery.
//
// Source: developer.atlassian.com, Jira platform, "Webhooks", delivery and
// retry policy. guessed: the time-out, reported as 20 seconds.
const (
	maxRetries      = 5
	maxWebhookBody  = 25 << 20
	answerTimeout   = 20 * time.Second
	singleAttempts  = 30 * time.Minute // failing this long, each event has one attempt
	maxDeliveredLog = 100_000
)

// deliverer queues and sends events. Its lock is taken after Server.mu.
type deliverer struct {
	mu           sync.Mutex
	random       *rand.Rand
	hook         *Webhook
	queue        []*delivery
	busy         int // deliveries on their way
	failingSince time.Time
	faults       DeliveryFaults
	dice         *rand.Rand
	log          []Delivered
	changed      chan struct{} // closed and renewed when the queue changes
	stop         chan struct{} // ends the automatic worker
}

func (q *deliverer) init(seed uint64) {
	q.random = rand.New(rand.NewPCG(seed, 2))
	q.changed = make(chan struct{})
}

func (q *deliverer) notify() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// SetWebhook registers the site's webhook in place of the former one. Events
// are queued from now on; before, they went nowhere. The zero Webhook removes it.
func (s *Server) SetWebhook(w Webhook) {
	q := &s.hooks
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.stop != nil {
		close(q.stop)
		q.stop = nil
	}
	if q.hook = nil; w.URL == "" && w.Handler == nil {
		q.queue = nil
		return
	}
	if w.Handler != nil {
		w.Client = &http.Client{Transport: roundTripper(func(*url.URL) (http.Handler, error) { return w.Handler, nil })}
		if w.URL == "" {
			w.URL = "https://receiver.test/webhooks/jira"
		}
	} else if w.Client == nil {
		w.Client = &http.Client{}
	}
	client := *w.Client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	w.Client = &client
	q.hook = &w
	if w.Auto {
		stop := make(chan struct{})
		q.stop = stop
		s.wg.Go(func() { s.deliverAlways(stop) }) // Close waits for it
	}
}

// wants reports whether an event would go anywhere, so that bodies nobody gets
// are not built.
func (s *Server) wants(event string) bool {
	return !s.site.quiet && s.hooks.option(func(w *Webhook) bool {
		return len(w.Events) == 0 || slices.Contains(w.Events, event)
	})
}

// option asks the registered webhook, if there is one.
func (q *deliverer) option(is func(*Webhook) bool) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.hook != nil && is(q.hook)
}

// enqueue queues an event that the webhook wants. body gets the members that
// every event has.
func (s *Server) enqueue(event, flow string, i *issue, body object) {
	q := &s.hooks
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.hook == nil {
		return // removed since it was asked
	}
	if _, given := body["timestamp"]; !given {
		body["timestamp"] = s.now().UnixMilli()
	}
	body["webhookEvent"] = event
	d := &delivery{event: event, identifier: newUUID(q.random), flow: flow, body: encode(body), due: s.now()}
	if i != nil {
		d.key, d.id = i.key, strconv.FormatInt(i.id, 10)
	}
	if len(d.body) > maxWebhookBody {
		q.remember(Delivered{Event: event, Identifier: d.identifier, Flow: flow, IssueKey: d.key, IssueID: d.id, At: s.now(), Lost: true})
		return
	}
	q.queue = append(q.queue, d)
	q.notify()
}

// remember logs an attempt without its body, which would add up.
func (q *deliverer) remember(d Delivered) {
	d.Body = nil
	if len(q.log) < maxDeliveredLog {
		q.log = append(q.log, d)
	}
}

// Queued is the number of events waiting, those that wait for a retry included.
func (s *Server) Queued() int {
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	return len(s.hooks.queue) + s.hooks.busy
}

// DropQueued loses the waiting events that match, as an outage at Atlassian or
// a removed webhook would, and says how many there were.
func (s *Server) DropQueued(match func(event, issueKey string) bool) int {
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	before := len(s.hooks.queue)
	s.hooks.queue = slices.DeleteFunc(s.hooks.queue, func(d *delivery) bool { return match(d.event, d.key) })
	s.hooks.notify()
	return before - len(s.hooks.queue)
}

// Deliveries returns every attempt made so far, without the bodies; it holds
// the first 100,000.
func (s *Server) Deliveries() []Delivered {
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	return slices.Clone(s.hooks.log)
}

// Flush delivers what is queued, with all retries and without the waits between
// them, and returns every attempt. It ends early with ctx.
func (s *Server) Flush(ctx context.Context) []Delivered {
	var all []Delivered
	for ctx.Err() == nil && s.Queued() > 0 {
		made := s.DeliverOnce(ctx)
		if len(made) == 0 {
			break
		}
		all = append(all, made...)
	}
	return all
}

// DeliverOnce makes one attempt for each event that is queued, primary ones
// first. What has to be retried stays queued, and so does the rest when ctx ends.
func (s *Server) DeliverOnce(ctx context.Context) []Delivered {
	batch, parallel, lost := s.hooks.take(s.now())
	slices.SortStableFunc(batch, func(a, b *delivery) int { return flowOrder(a) - flowOrder(b) })
	results := make([]Delivered, len(batch))
	var wg sync.WaitGroup
	slots := make(chan struct{}, parallel)
	for n, d := range batch {
		slots <- struct{}{}
		if ctx.Err() != nil {
			s.hooks.giveBack(batch[n:])
			results = results[:n]
			break
		}
		wg.Go(func() {
			results[n] = s.deliver(ctx, d)
			<-slots
		})
	}
	wg.Wait()
	return append(results, lost...)
}

func flowOrder(d *delivery) int {
	if d.flow == flowSecondary {
		return 1
	}
	return 0
}

// take empties the queue and lets the delivery faults at it.
func (q *deliverer) take(now time.Time) (batch []*delivery, parallel int, lost []Delivered) {
	q.mu.Lock()
	defer q.mu.Unlock()
	batch, lost = q.spoil(q.queue, now)
	q.queue, q.busy = nil, q.busy+len(batch)
	parallel = 1
	if q.hook != nil {
		parallel = max(1, q.hook.Parallel)
	}
	return batch, parallel, lost
}

// deliver makes one attempt and decides what follows.
func (s *Server) deliver(ctx context.Context, d *delivery) Delivered {
	q := &s.hooks
	q.mu.Lock()
	hook := q.hook
	q.mu.Unlock()
	out := Delivered{
		Event: d.event, Identifier: d.identifier, Attempt: d.attempt, Flow: d.flow,
		IssueKey: d.key, IssueID: d.id, Body: d.body, At: s.now(),
	}
	if hook != nil {
		out.Status, out.Err = s.post(ctx, hook, d)
		out.Duration = s.now().Sub(out.At)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.busy--
	if out.OK() {
		q.failingSince = time.Time{}
	} else if q.failingSince.IsZero() {
		q.failingSince = out.At
	}
	again := !out.OK() && hook != nil && retryable(out.Status) && d.attempt < maxRetries &&
		out.At.Sub(q.failingSince) < singleAttempts
	if out.Lost = !out.OK() && !again; again {
		q.retry(hook, d, s.now())
	}
	q.remember(out)
	q.notify()
	return out
}

// retry queues the next attempt, a random 5 to 15 minutes later.
func (q *deliverer) retry(hook *Webhook, d *delivery, now time.Time) {
	scale := hook.RetryScale
	if scale == 0 {
		scale = 1
	}
	wait := 5*time.Minute + time.Duration(q.random.Int64N(int64(10*time.Minute)))
	next := *d
	next.attempt++
	next.due = now.Add(time.Duration(float64(wait) * scale))
	q.queue = append(q.queue, &next)
}

// retryable reports whether Jira tries again after this status; 0 stands for a
// refused or broken connection or a time-out.
func retryable(status int) bool {
	switch status {
	case 0, http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return status >= 500
}

// post sends a delivery.
//
// Source: developer.atlassian.com, Jira platform, "Webhooks", for the headers.
// guessed: Content-Type and User-Agent, as receivers report them.
func (s *Server) post(ctx context.Context, hook *Webhook, d *delivery) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, hook.URL, bytes.NewReader(d.body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", "Atlassian Webhook HTTP Client")
	req.Header.Set("X-Atlassian-Webhook-Identifier", d.identifier)
	req.Header.Set("X-Atlassian-Webhook-Flow", d.flow)
	if d.attempt > 0 {
		req.Header.Set("X-Atlassian-Webhook-Retry", strconv.Itoa(d.attempt))
	}
	if hook.Secret != "" {
		req.Header.Set(webhook.SignatureHeader, webhook.Sign(d.body, []byte(hook.Secret)))
	}
	resp, err := hook.Client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
	return resp.StatusCode, nil
}
