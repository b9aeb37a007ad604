package jiratest

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// DeliveryFaults make deliveries unreliable: each event on its way to the
// receiver is lost, sent again, or exchanged with a neighbour with these
// probabilities between 0 and 1. Equal seeds give equal dice.
type DeliveryFaults struct {
	Seed      uint64
	Lose      float64
	Duplicate float64
	Reorder   float64
}

// SetDeliveryFaults makes deliveries unreliable from now on. The zero value ends
// that.
func (s *Server) SetDeliveryFaults(f DeliveryFaults) {
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	s.hooks.faults, s.hooks.dice = f, rand.New(rand.NewPCG(f.Seed, 3))
}

// spoil applies the delivery faults to a batch.
func (q *deliverer) spoil(batch []*delivery, now time.Time) (kept []*delivery, lost []Delivered) {
	f := q.faults
	if f == (DeliveryFaults{}) {
		return batch, nil
	}
	for _, d := range batch {
		if q.dice.Float64() < f.Lose {
			out := Delivered{
				Event: d.event, Identifier: d.identifier, Attempt: d.attempt, Flow: d.flow,
				IssueKey: d.key, IssueID: d.id, Body: d.body, At: now, Lost: true,
			}
			lost = append(lost, out)
			q.remember(out)
			continue
		}
		kept = append(kept, d)
		if q.dice.Float64() < f.Duplicate {
			twin := *d
			kept = append(kept, &twin)
		}
	}
	for n := range kept {
		if q.dice.Float64() < f.Reorder {
			m := q.dice.IntN(len(kept))
			kept[n], kept[m] = kept[m], kept[n]
		}
	}
	return kept, lost
}

// deliverAlways sends events as they fall due, each on a goroutine of its own
// within the bounds of the flows, until stop or the server is closed. It waits
// for what it started.
//
// Source: developer.atlassian.com, Jira platform, "Webhooks": at most 20
// primary and 10 secondary requests at once.
func (s *Server) deliverAlways(stop <-chan struct{}) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	slots := map[string]chan struct{}{flowPrimary: make(chan struct{}, 20), flowSecondary: make(chan struct{}, 10)}
	ended := func() bool {
		select {
		case <-stop:
		case <-s.done:
		default:
			return false
		}
		return true
	}
	for !ended() {
		batch, wait, changed := s.hooks.takeDue(s.now())
		for n, d := range batch {
			select {
			case slots[d.flow] <- struct{}{}:
			case <-stop:
			case <-s.done:
			}
			if ended() {
				s.hooks.giveBack(batch[n:])
				return
			}
			wg.Go(func() {
				s.deliver(ctx, d)
				<-slots[d.flow]
			})
		}
		t := time.NewTimer(wait)
		select {
		case <-changed:
		case <-t.C:
		case <-stop:
		case <-s.done:
		}
		t.Stop()
	}
}

// idle is how long the worker sleeps at most when nothing is queued.
const idle = 24 * time.Hour

// giveBack returns to the queue what was taken and not sent.
func (q *deliverer) giveBack(batch []*delivery) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.queue = append(slices.Clone(batch), q.queue...)
	q.busy -= len(batch)
	q.notify()
}

// takeDue takes what is due and says when the next event will be.
func (q *deliverer) takeDue(now time.Time) (batch []*delivery, wait time.Duration, changed <-chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var later []*delivery
	wait = idle
	for _, d := range q.queue {
		if !d.due.After(now) {
			batch = append(batch, d)
			continue
		}
		later = append(later, d)
		wait = min(wait, d.due.Sub(now))
	}
	batch, _ = q.spoil(batch, now)
	if q.hook != nil && q.hook.Parallel == 0 {
		slices.SortStableFunc(batch, func(a, b *delivery) int { return flowOrder(a) - flowOrder(b) })
	}
	q.queue, q.busy = later, q.busy+len(batch)
	return batch, wait, q.changed
}

// Drain waits until no event is queued or on its way. It is for automatic
// delivery; otherwise use Flush.
func (s *Server) Drain(ctx context.Context) error {
	for {
		s.hooks.mu.Lock()
		changed, left := s.hooks.changed, len(s.hooks.queue)+s.hooks.busy
		s.hooks.mu.Unlock()
		if left == 0 {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
