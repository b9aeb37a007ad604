package jira

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jirasync/jirasync/internal/rawjson"
)

var errNotList = errors.New("not a page of a list")

// list is one page of a part, or the whole of it.
type list struct {
	elements []element // each id once
	received int       // elements with repetitions
	total    int       // as Jira says
}

// element is a comment, worklog or history with its verbatim bytes.
type element struct {
	id      string
	created time.Time // zero if it cannot be read
	raw     json.RawMessage
}

// parseList reads an envelope {"total", NAME: […]}. Of elements with the same
// id the first counts.
func parseList(envelope rawjson.Object, name string) (list, error) {
	values, err := envelope.Objects(name)
	if err != nil {
		return list{}, err
	}
	raw, _ := envelope.Get("total")
	total, err := strconv.ParseFloat(string(raw), 64) // some lists are documented as counted by a "number"
	if err != nil || total != float64(int32(total)) || total < 0 {
		return list{}, errNotList
	}
	l := list{received: len(values), total: int(total)}
	seen := make(map[string]bool, len(values))
	for _, value := range values {
		e, err := parseElement(value)
		if err != nil {
			return list{}, err
		}
		if !seen[e.id] {
			seen[e.id] = true
			l.elements = append(l.elements, e)
		}
	}
	return l, nil
}

// parseElement reads an object with an id, a string or a number.
func parseElement(o rawjson.Object) (element, error) {
	id, _ := o.Get("id")
	e := element{id: strings.Trim(string(id), `"`), raw: o.Source()}
	if e.id == "" || e.id == "null" || strings.ContainsAny(e.id, `{[\`) {
		return element{}, errNotList
	}
	e.created, _ = parseTime(text(o, "created"))
	return e, nil
}

// sort puts the elements oldest first: by creation, then by id. If one of them
// has no readable creation time, ids alone decide; Jira hands them out in order.
func (l list) sort() {
	dated := !slices.ContainsFunc(l.elements, func(e element) bool { return e.created.IsZero() })
	slices.SortStableFunc(l.elements, func(a, b element) int {
		if dated && !a.created.Equal(b.created) {
			return a.created.Compare(b.created)
		}
		return compareIDs(a.id, b.id)
	})
}

// compareIDs compares numeric ids of any length by their value.
func compareIDs(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

// array returns the elements as a JSON array.
func (l list) array() json.RawMessage {
	raw := make([]json.RawMessage, len(l.elements))
	for i, e := range l.elements {
		raw[i] = e.raw
	}
	return rawjson.Array(raw)
}
