package jirasync

import (
	"context"
	"math"
	"time"
)

// tokenWarning is how many days before the end of a token it is spoken of.
const tokenWarning = 30

// TokenExpiry says when an API token ends.
type TokenExpiry struct {
	Token    string    `json:"token"` // the name of its environment variable
	Expires  time.Time `json:"expires"`
	DaysLeft int       `json:"days_left"` // whole days; negative once it has ended
}

// Soon reports whether it is time to renew the token: from 30 days before its
// end.
func (t TokenExpiry) Soon() bool { return t.DaysLeft <= tokenWarning }

// Tokens returns when the API tokens end, those of which it is known:
// Config.TokenExpires and Config.SLATokenExpires. Jira does not tell.
func (s *Syncer) Tokens() []TokenExpiry { return s.cfg.tokens(time.Now()) }

func (c *Config) tokens(now time.Time) []TokenExpiry {
	var all []TokenExpiry
	add := func(name string, end time.Time) {
		if !end.IsZero() {
			days := math.Floor(float64(end.Unix()-now.Unix()) / (24 * 60 * 60)) // a Duration ends after 292 years
			all = append(all, TokenExpiry{Token: name, Expires: end.UTC(), DaysLeft: int(days)})
		}
	}
	add("JIRA_API_TOKEN", c.TokenExpires)
	add("JIRA_SLA_API_TOKEN", c.SLATokenExpires)
	return all
}

// watchTokens warns once a day of a token that ends soon, until ctx ends.
func (s *Syncer) watchTokens(ctx context.Context) {
	day := time.NewTicker(24 * time.Hour)
	defer day.Stop()
	for {
		for _, t := range s.Tokens() {
			switch {
			case t.DaysLeft < 0:
				s.log.ErrorContext(ctx, "API token has expired; make a new one and restart", "token", t.Token, "expired", t.Expires)
			case t.Soon():
				s.log.WarnContext(ctx, "API token expires soon; make a new one", "token", t.Token, "expires", t.Expires, "days_left", t.DaysLeft)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-day.C:
		}
	}
}
