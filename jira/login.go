package jira

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"
)

// login is what is known of an account's token. After Jira has refused it,
// calls fail without being sent: an expired token would otherwise cost a
// request for every issue, and Jira locks accounts that fail too often.
type login struct {
	refused time.Time // zero: accepted, or not known
	next    time.Time // when somebody may ask again
	asking  bool      // somebody does
	proven  time.Time // when Jira last said that it is accepted
}

// loginPause is the time between two questions whether a token works.
const loginPause = time.Minute

// permitted returns an error if the account's login is refused. When it is
// time to ask again, the caller is the one who asks.
func (c *Client) permitted(ctx context.Context, r *call) error {
	l := c.limit
	l.mu.Lock()
	s := &l.login
	now := time.Now()
	open := s.refused.IsZero()
	probe := !open && !s.asking && !now.Before(s.next)
	if probe {
		s.asking, s.next = true, now.Add(loginPause)
	}
	next := s.next
	l.mu.Unlock()
	switch {
	case open:
		return nil
	case probe && c.probe(ctx):
		return nil
	}
	e := r.newError(ErrUnauthorized, 0, c.whose("the token was refused before and was not tried again"))
	e.RetryAfter = max(time.Until(next), time.Second)
	return e
}

// learn takes in how a call ended.
func (c *Client) learn(ctx context.Context, r *call, err error) {
	switch {
	case r.family == "myself":
		c.limit.mu.Lock()
		defer c.limit.mu.Unlock()
		c.limit.login.learn(err, time.Now())
	case errors.Is(err, ErrUnauthorized):
		c.doubt(ctx)
	}
}

// doubt follows a refused login. If the account is refused as such, further
// calls fail at once; if only this call was refused, a scope is missing and the
// others may go on.
func (c *Client) doubt(ctx context.Context) {
	l := c.limit
	l.mu.Lock()
	s := &l.login
	ask := s.refused.IsZero() && !s.asking && time.Since(s.proven) >= loginPause
	if ask {
		s.asking = true
	}
	l.mu.Unlock()
	if ask {
		c.probe(ctx)
	}
}

// probe asks Jira who we are and reports whether it says so. No answer changes
// nothing. Its caller has set asking.
func (c *Client) probe(ctx context.Context) bool {
	r := get("myself", "/rest/api/3/myself", nil, func(body []byte) error {
		_, err := parseUser(body)
		return err
	})
	err := c.limited(ctx, r, func() error { return c.send(ctx, r) })
	l := c.limit
	l.mu.Lock()
	defer l.mu.Unlock()
	l.login.asking = false
	l.login.learn(err, time.Now())
	return err == nil
}

// learn takes in what Jira said to a question who we are; the caller holds mu
// of the limiter.
func (s *login) learn(err error, now time.Time) {
	switch {
	case err == nil:
		*s = login{proven: now, asking: s.asking}
	case errors.Is(err, ErrUnauthorized):
		if s.refused.IsZero() {
			s.refused = now
		}
		s.next = now.Add(loginPause)
	}
}

// whose puts the account's name before a reason, if it has one.
func (c *Client) whose(reason string) string {
	if c.cfg.Name == "" {
		return reason
	}
	return c.cfg.Name + ": " + reason
}

// CheckLogin asks Jira who we are and whether the account may browse each of
// the projects. All faults are reported together: ErrUnauthorized, ErrNotFound
// for a project that does not exist or is not visible, ErrForbidden for one
// whose issues the account may not see.
//
// Whoever is about to conclude from what Jira does not show that something is
// gone asks this first. Source: REST v3 getCurrentUser, getMyPermissions.
func (c *Client) CheckLogin(ctx context.Context, projects []string) (User, error) {
	user, err := c.Myself(ctx)
	if err != nil {
		return User{}, err
	}
	var errs []error
	for _, key := range projects {
		if err := c.mayBrowse(ctx, key); err != nil {
			errs = append(errs, fmt.Errorf("project %s: %w", key, err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return User{}, err
	}
	return user, nil
}

// mayBrowse asks whether the account sees the issues of a project.
func (c *Client) mayBrowse(ctx context.Context, project string) error {
	type answer struct {
		Permissions map[string]struct {
			HavePermission *bool `json:"havePermission"`
		} `json:"permissions"`
	}
	const browse = "BROWSE_PROJECTS"
	r := get("permissions", "/rest/api/3/mypermissions", url.Values{"permissions": {browse}, "projectKey": {project}}, nil)
	a, err := fetch(c, ctx, r, func(a answer) bool { return a.Permissions[browse].HavePermission != nil })
	if err == nil && !*a.Permissions[browse].HavePermission {
		e := r.newError(ErrForbidden, 200, c.whose("the account may not browse the project"))
		e.Hint = "give the account the permission Browse projects, or leave the project out"
		return e
	}
	return err
}
