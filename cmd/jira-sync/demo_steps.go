package main

import (
	"fmt"
	"iter"
	"maps"
	"time"

	"github.com/jirasync/jirasync/jira/jiratest"
	"github.com/jirasync/jirasync/partition"
)

// demoStep is one kind of change. do makes it in the simulated Jira and
// returns how to see it in Parquet.
type demoStep struct {
	kind string
	do   func(*scenario) shown
}

// shown reports whether the tables show a change.
type shown func(*tableView) (bool, error)

// scenario is the story that the steps tell: one ticket a round, from its
// creation to its deletion, and an older ticket beside it.
type scenario struct {
	site          *jiratest.Server
	old           []*jiratest.Issue // issues of the backfill
	round         int
	ticket        *jiratest.Issue
	comment, file string
	link          string
}

func newScenario(site *jiratest.Server) *scenario {
	return &scenario{site: site, old: site.Issues()}
}

// other is an older issue, another one each round.
func (s *scenario) other() *jiratest.Issue { return s.old[s.round*7%len(s.old)] }

// demoSteps are played in this order, again and again.
var demoSteps = []demoStep{
	{"issue created", func(s *scenario) shown {
		s.round++
		s.ticket = s.site.Create("SUPPORT", jiratest.Fields{
			"summary": fmt.Sprintf("Printer on fire, floor %d", s.round), "labels": []string{"feuer", "дым"},
			"customfield_10004": "3-Medium",
		})
		return s.has("issues", "summary", fmt.Sprintf("Printer on fire, floor %d", s.round))
	}},
	{"issue updated", func(s *scenario) shown {
		s.ticket.Edit(jiratest.Fields{"summary": fmt.Sprintf("Printer smokes, floor %d", s.round)})
		return s.has("issues", "summary", fmt.Sprintf("Printer smokes, floor %d", s.round))
	}},
	{"older issue updated", func(s *scenario) shown {
		s.other().Edit(jiratest.Fields{"summary": fmt.Sprintf("Edited in round %d", s.round)})
		return rowWith("issues", s.other().Key(), "summary", fmt.Sprintf("Edited in round %d", s.round))
	}},
	{"commented", func(s *scenario) shown {
		s.comment = s.ticket.Comment("Have you tried turning it off?")
		return s.has("comments", "comment_id", s.comment)
	}},
	{"comment edited", func(s *scenario) shown {
		s.ticket.EditComment(s.comment, "Please turn it off.")
		return s.has("comments", "body", "Please turn it off.")
	}},
	{"attached", func(s *scenario) shown {
		s.file = s.ticket.Attach("smoke.txt", "text/plain", []byte("thick and black"))
		return s.storedFile()
	}},
	{"linked", func(s *scenario) shown {
		s.link = s.ticket.Link(s.other(), "Blocks")
		return all(s.has("issuelinks", "link_id", s.link), rowWith("issuelinks", s.other().Key(), "link_id", s.link))
	}},
	{"work logged", func(s *scenario) shown {
		// The reference tables have no worklogs: the changelog tells.
		before := s.ticket.Key()
		s.ticket.Worklog(90*time.Minute, "extinguished")
		return rowWith("changelog", before, "field_name", "timespent")
	}},
	{"status changed", func(s *scenario) shown {
		s.ticket.Transition("Resolved")
		return s.has("issues", "status", "Resolved")
	}},
	{"unlinked", func(s *scenario) shown {
		s.ticket.Unlink(s.link)
		return not(s.has("issuelinks", "link_id", s.link))
	}},
	{"comment deleted", func(s *scenario) shown {
		s.ticket.DeleteComment(s.comment)
		return not(s.has("comments", "comment_id", s.comment))
	}},
	{"attachment removed", func(s *scenario) shown {
		s.ticket.RemoveAttachment(s.file)
		return not(s.has("attachments", "attachment_id", s.file))
	}},
	{"moved", func(s *scenario) shown {
		from := s.ticket.Key()
		s.ticket.Move("ARCHIVE")
		return all(s.has("issues", "project_key", "ARCHIVE"), not(rowWith("issues", from, "issue_key", from)))
	}},
	{"deleted", func(s *scenario) shown {
		gone := not(s.has("issues", "issue_key", s.ticket.Key()))
		s.ticket.Delete()
		return gone
	}},
}

// has says that the ticket has a row with that value now.
func (s *scenario) has(table, column, value string) shown {
	return rowWith(table, s.ticket.Key(), column, value)
}

// storedFile says that the ticket's attachment is on disk and its row says where.
func (s *scenario) storedFile() shown {
	key, id := s.ticket.Key(), s.file
	return func(v *tableView) (bool, error) {
		rows, err := v.rows("attachments", key)
		for _, row := range rows {
			if row["attachment_id"].Text() == id && !row["local_path"].IsNull() {
				return true, err
			}
		}
		return false, err
	}
}

func rowWith(table, key, column, value string) shown {
	return func(v *tableView) (bool, error) {
		rows, err := v.rows(table, key)
		for _, row := range rows {
			if row[column].Text() == value {
				return true, err
			}
		}
		return false, err
	}
}

func not(s shown) shown {
	return func(v *tableView) (bool, error) {
		ok, err := s(v)
		return !ok, err
	}
}

func all(list ...shown) shown {
	return func(v *tableView) (bool, error) {
		for _, s := range list {
			if ok, err := s(v); !ok || err != nil {
				return false, err
			}
		}
		return true, nil
	}
}

// named is a row by column name.
type named map[string]partition.Value

func mapKeys[V any](m map[string]V) iter.Seq[string] { return maps.Keys(m) }
