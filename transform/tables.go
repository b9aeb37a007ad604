package transform

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/jirasync/jirasync/partition"
)

// Tables are the Parquet files of the tables in one directory, to be
// changed by Upsert and Rebuild. They are safe for concurrent use, also by
// several processes: what one writes the others see at their next call.
type Tables struct {
	dir    *partition.Dir
	mapper *mapper
	issues partition.Table

	mu     sync.Mutex
	months map[string]*monthIndex // guarded by mu
}

// Open opens the tables in dir, which is made if it is not there. No file is
// read yet.
func Open(dir string, o Options) (*Tables, error) {
	m, err := newMapper(o)
	if err != nil {
		return nil, err
	}
	d, err := partition.OpenLayout(dir, o.Layout)
	if err != nil {
		return nil, fmt.Errorf("transform: %w", err)
	}
	return &Tables{
		dir: d, mapper: m,
		issues: m.schema[len(m.schema)-1], months: map[string]*monthIndex{},
	}, nil
}

// Close releases the directory. No other call may follow.
func (t *Tables) Close() error { return t.dir.Close() }

// monthIndex tells which issues one month holds. It is valid for the version
// of the issues file that info describes.
type monthIndex struct {
	info   fs.FileInfo
	stamp  string     // of the schema that wrote the month
	issues []identity // sorted by key
	byID   []int32    // positions in issues, sorted by id
	err    error      // why the file cannot be read
}

type identity struct{ key, id string }

func newMonthIndex(info fs.FileInfo, stamp string, issues []identity) *monthIndex {
	slices.SortFunc(issues, func(a, b identity) int { return strings.Compare(a.key, b.key) })
	byID := make([]int32, len(issues))
	for i := range byID {
		byID[i] = int32(i)
	}
	slices.SortFunc(byID, func(a, b int32) int { return strings.Compare(issues[a].id, issues[b].id) })
	return &monthIndex{info: info, stamp: stamp, issues: issues, byID: byID}
}

func (x *monthIndex) has(key string) bool {
	_, found := find(x.issues, key)
	return found
}

// find looks for a key among issues sorted by key.
func find(issues []identity, key string) (identity, bool) {
	n, found := slices.BinarySearchFunc(issues, key, func(i identity, key string) int {
		return strings.Compare(i.key, key)
	})
	if !found {
		return identity{}, false
	}
	return issues[n], true
}

// knows reports whether the month had the same of the keys before, with the
// same ids.
func (x *monthIndex) knows(keys []string, issues []identity) bool {
	for _, key := range keys {
		before, had := find(x.issues, key)
		now, has := find(issues, key)
		if had != has || before != now {
			return false
		}
	}
	return true
}

// keysOf returns the keys under which the month holds the issue id.
func (x *monthIndex) keysOf(id string) []string {
	var keys []string
	first := sort.Search(len(x.byID), func(n int) bool { return x.issues[x.byID[n]].id >= id })
	for _, i := range x.byID[first:] {
		if x.issues[i].id != id {
			break
		}
		keys = append(keys, x.issues[i].key)
	}
	return keys
}

// refresh brings the index of every month up to date with the files. A month
// whose file cannot be read is indexed with its error: it may hold anything.
func (t *Tables) refresh() error {
	months, err := t.dir.Months(tableIssues)
	if err != nil {
		return fmt.Errorf("transform: %w", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for month := range t.months {
		if _, there := slices.BinarySearch(months, month); !there {
			delete(t.months, month)
		}
	}
	for _, month := range months {
		t.refreshMonth(month)
	}
	return nil
}

// refreshMonth reads the keys of a month whose file is not the one indexed.
// The caller holds t.mu.
func (t *Tables) refreshMonth(month string) {
	info, err := t.stat(month)
	if errors.Is(err, fs.ErrNotExist) {
		delete(t.months, month)
		return
	}
	if err != nil {
		t.months[month] = &monthIndex{err: err}
		return
	}
	if x := t.months[month]; x != nil && x.info != nil && sameFile(x.info, info) {
		return
	}
	keys, err := t.dir.Keys(t.issues, month)
	var stamp string
	if err == nil {
		stamp, err = t.dir.Stamp(tableIssues, month)
	}
	if err != nil {
		t.months[month] = &monthIndex{info: info, err: err}
		return
	}
	issues := make([]identity, len(keys))
	for i, k := range keys {
		issues[i] = identity{k.Key, k.ID}
	}
	t.months[month] = newMonthIndex(info, stamp, issues)
}

func (t *Tables) stat(month string) (fs.FileInfo, error) { return t.dir.Stat(tableIssues, month) }

// remember indexes the rows that were just written to the issues file of a
// month, whose lock the caller holds.
func (t *Tables) remember(month string, rows []partition.Row) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.index(month, t.identities(rows))
}

// spliced indexes a month in which the rows of some issues have just been
// replaced, and whose lock the caller holds.
func (t *Tables) spliced(month string, keys []string, rows []partition.Row) {
	t.mu.Lock()
	defer t.mu.Unlock()
	issues := t.identities(rows)
	if x := t.months[month]; x != nil {
		if x.err != nil {
			delete(t.months, month) // the next refresh looks again
			return
		}
		if info, err := t.stat(month); err == nil && x.knows(keys, issues) {
			t.months[month] = &monthIndex{info: info, stamp: t.mapper.stamp, issues: x.issues, byID: x.byID}
			return // most changes are to issues that are there
		}
		for _, i := range x.issues {
			if _, replaced := slices.BinarySearch(keys, i.key); !replaced {
				issues = append(issues, i)
			}
		}
	}
	t.index(month, issues)
}

func (t *Tables) identities(rows []partition.Row) []identity {
	key, id := t.issues.Index(partition.KeyColumn), t.issues.Index(partition.IDColumn)
	issues := make([]identity, len(rows))
	for i, row := range rows {
		// Copies: the text of a row shares its memory with others of its record.
		issues[i] = identity{strings.Clone(row[key].Text()), strings.Clone(row[id].Text())}
	}
	return issues
}

// index takes in the issues of a month as its file has them now. The caller
// holds t.mu.
func (t *Tables) index(month string, issues []identity) {
	delete(t.months, month)
	info, err := t.stat(month)
	if len(issues) == 0 || err != nil {
		return // the next refresh looks again
	}
	t.months[month] = newMonthIndex(info, t.mapper.stamp, issues)
}

func sameFile(a, b fs.FileInfo) bool {
	return a.Size() == b.Size() && a.ModTime().Equal(b.ModTime()) && os.SameFile(a, b)
}
