package jira

import (
	"slices"
	"strings"
	"time"
)

// Stats is what the requests of an account are doing and waiting for.
type Stats struct {
	Name     string        // Config.Name of the client that was asked
	Families []FamilyStats // those used so far, by name

	// LoginRefused is when Jira refused the login; zero while it is accepted.
	// Until it is accepted again calls fail without being sent, but for one
	// that asks, at LoginProbe at the earliest.
	LoginRefused time.Time
	LoginProbe   time.Time
}

// FamilyStats is one group of calls that Jira limits together.
type FamilyStats struct {
	Family       string        // such as "search", "issue", "bulkfetch"; "" stands for all of them
	Rate         float64       // requests a second that may be sent now; 0 means any number
	Sent         int64         // requests
	Refused      int64         // of them, with 429, or 503 and a time to come back
	Waiting      int           // callers
	Waited       time.Duration // by all callers together, so far
	BlockedUntil time.Time     // the end of a pause; zero if there is none
}

// Stats returns what the requests of the client's account are doing, those of
// other clients with the same Limiter included.
func (c *Client) Stats() Stats {
	s := c.limit.stats(time.Now())
	s.Name = c.cfg.Name
	return s
}

func (l *Limiter) stats(now time.Time) Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := Stats{LoginRefused: l.login.refused, LoginProbe: l.login.next}
	for f, lane := range l.lanes {
		entry := FamilyStats{
			Family: string(f), Rate: lane.rate(now), Sent: lane.sent, Refused: lane.refused,
			Waiting: lane.waiting, Waited: lane.waited, BlockedUntil: l.blocked(f),
		}
		if entry.Rate >= unlimited {
			entry.Rate = 0
		}
		s.Families = append(s.Families, entry)
	}
	if until := l.blocked(wholeSite); !until.IsZero() {
		s.Families = append(s.Families, FamilyStats{BlockedUntil: until})
	}
	slices.SortFunc(s.Families, func(a, b FamilyStats) int { return strings.Compare(a.Family, b.Family) })
	return s
}

// blocked returns the end of a family's own pause; the caller holds mu.
func (l *Limiter) blocked(f family) time.Time {
	if g := l.gates[f]; g != nil {
		return g.until
	}
	return time.Time{}
}
