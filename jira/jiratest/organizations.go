package jiratest

import "slices"

// Delete removes the organization. Issues that name it keep it, as it was, in
// what they show. No event announces it.
//
// Source: guessed: what a deleted organization leaves in the field is not
// documented.
func (o Organization) Delete() {
	if o.o == nil {
		return
	}
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	o.s.site.orgs = slices.DeleteFunc(o.s.site.orgs, func(other *organization) bool { return other == o.o })
}
