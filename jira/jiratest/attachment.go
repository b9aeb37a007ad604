package jiratest

import (
	"slices"
	"strconv"
	"time"
)

// attachment is a file of an issue.
type attachment struct {
	id     int64
	issue  *issue
	media  string // its name at the media host
	name   string
	mime   string
	data   []byte
	size   int64 // as Jira reports it
	author *user
	at     time.Time
}

// Attach adds a file and sends attachment_created and jira:issue_updated. The
// name is user text: anything, slashes and repetitions included. It returns the
// attachment's id. data must not be changed afterwards.
func (h *Issue) Attach(name, mime string, data []byte) string {
	return h.AttachSized(name, mime, data, int64(len(data)))
}

// AttachSized is Attach with a reported size that need not be that of data.
func (h *Issue) AttachSized(name, mime string, data []byte, size int64) string {
	id := ""
	h.change("Attach", func(i *issue, at time.Time, by *user) {
		a := h.s.addAttachment(i, name, mime, data, at, by)
		a.size = size
		id = strconv.FormatInt(a.id, 10)
		i.touch(at)
		h.s.sendAttachment("attachment_created", a)
		h.s.record(i, []change{item("Attachment", "attachment", "", "", id, name)}, "issue_updated", at, by)
	})
	return id
}

func (s *Server) addAttachment(i *issue, name, mime string, data []byte, at time.Time, by *user) *attachment {
	a := &attachment{
		id: s.site.id("attachment"), issue: i, media: newUUID(s.site.random),
		name: name, mime: mime, data: data, size: int64(len(data)), author: by, at: at,
	}
	i.attachments = append(i.attachments, a)
	s.site.attachments[a.id] = a
	return a
}

// RemoveAttachment removes a file and sends attachment_deleted and
// jira:issue_updated.
func (h *Issue) RemoveAttachment(id string) {
	h.change("RemoveAttachment", func(i *issue, at time.Time, by *user) {
		for n, a := range i.attachments {
			if strconv.FormatInt(a.id, 10) == id {
				i.attachments = slices.Delete(i.attachments, n, n+1)
				delete(h.s.site.attachments, a.id)
				i.touch(at)
				h.s.sendAttachment("attachment_deleted", a)
				h.s.record(i, []change{item("Attachment", "attachment", id, a.name, "", "")}, "issue_updated", at, by)
				return
			}
		}
		h.s.problemf("RemoveAttachment: issue %s has no attachment %s", i.key, id)
	})
}
