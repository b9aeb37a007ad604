package jira

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
)

// remoteLinks reads the remote links if they are wanted.
func (a *assembly) remoteLinks(ctx context.Context) error {
	known := a.hasLinks != nil && a.hasLinks(a.issue.ID)
	unread := slices.Contains(a.issue.Missing, PartChangelog) // it might have told
	hinted := a.issue.RemoteLinksHinted || known || unread
	if a.links == RemoteLinksNever || a.links == RemoteLinksHinted && !hinted {
		return nil
	}
	links, err := a.client.RemoteLinks(ctx, a.issue.ID)
	if ctx.Err() != nil {
		return fmt.Errorf("issue %s: %w", a.issue.Key, ctx.Err())
	}
	a.issue.RemoteLinks = links
	a.missing(ctx, PartRemoteLinks, err)
	return nil
}

// hintsAtLinks reports whether a history tells of a remote link. Jira calls the
// field RemoteIssueLink, and RemoteWorkItemLink since issues are work items.
func hintsAtLinks(histories list) bool {
	return slices.ContainsFunc(histories.elements, func(e element) bool {
		if !bytes.Contains(e.raw, []byte(`"Remote`)) {
			return false
		}
		var h struct {
			Items []struct {
				Field string `json:"field"`
			} `json:"items"`
		}
		if json.Unmarshal(e.raw, &h) != nil {
			return true // of another shape, and it speaks of something remote: ask
		}
		for _, item := range h.Items {
			if item.Field == "RemoteIssueLink" || item.Field == "RemoteWorkItemLink" {
				return true
			}
		}
		return false
	})
}
