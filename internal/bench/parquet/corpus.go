package main

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jirasync/jirasync/transform"
)

// corpus is a project of issues like Jira's. Every record is made from the
// number of its issue alone, so that any may be made at any time, and again.
type corpus struct {
	issues int
	first  time.Time // creation of the first issue
	months int       // over which the issues are spread evenly
	offset int       // of the first issue's number
	busy   bool      // each issue has 10 comments and 20 changes

	*cast
}

// cast is what all corpora share.
type cast struct {
	vocabulary *vocabulary
	people     []person
	nulls      string // the custom fields of the site that are of no use here
}

// person is a user with the JSON that Jira shows wherever it names him.
type person struct{ id, name, json string }

const (
	project = "SUPPORT"
	site    = "https://acme.atlassian.net"
)

// twoYears are issues of about 33 kB over 24 months.
func twoYears(issues int) *corpus {
	return &corpus{issues: issues, first: time.Date(2024, 7, 1, 0, 0, 0, 0, time.UTC), months: 24, cast: newCast()}
}

// oneMonth has issues of one month with 10 comments and 20 changes each.
func oneMonth(issues int) *corpus {
	return &corpus{issues: issues, first: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), months: 1, offset: 100_000, busy: true, cast: newCast()}
}

// someMonths are months of so many issues each, like those of twoYears.
func someMonths(months, aMonth int) *corpus {
	return &corpus{issues: months * aMonth, first: time.Date(2016, 1, 1, 0, 0, 0, 0, time.UTC), months: months, cast: newCast()}
}

var newCast = sync.OnceValue(func() *cast {
	c := &cast{vocabulary: newVocabulary()}
	random := rand.New(rand.NewPCG(2, 2))
	for n := range 460 {
		c.people = append(c.people, newPerson(n, random, c.vocabulary))
	}
	var nulls []byte
	for n := range 160 {
		nulls = fmt.Appendf(nulls, `"customfield_%d":null,`, 12000+7*n)
	}
	c.nulls = string(nulls)
	return c
})

// agents are the first people, who write most.
const agents = 60

func newPerson(n int, random *rand.Rand, v *vocabulary) person {
	p := person{
		id:   fmt.Sprintf("70121:%08x-%04x-%04x-%012x", random.Uint32(), random.Uint32()>>16, random.Uint32()>>16, random.Uint64()>>16),
		name: fmt.Sprintf("%s %s", v.words[500+random.IntN(1500)], v.words[2000+random.IntN(3000)]),
	}
	kind, email := "atlassian", fmt.Sprintf(`"emailAddress":"person%d@example.com",`, n)
	if n >= agents {
		kind = "customer"
	}
	if random.IntN(7) == 0 {
		email = "" // not shown
	}
	avatar := fmt.Sprintf("https://avatar-management--avatars.us-west-2.prod.public.atl-paas.net/%s/%016x/48", p.id, random.Uint64())
	p.json = fmt.Sprintf(`{"self":"%s/rest/api/3/user?accountId=%s","accountId":"%s",%s"avatarUrls":{"48x48":"%[5]s","24x24":"%[5]s","16x16":"%[5]s","32x32":"%[5]s"},"displayName":"%[6]s","active":%[7]t,"timeZone":"Europe/Prague","accountType":"%[8]s"}`,
		site, p.id, p.id, email, avatar, p.name, n%9 != 0, kind)
	return p
}

func (c *corpus) key(n int) string { return project + "-" + strconv.Itoa(c.offset+n+1) }

// number is the inverse of key.
func (c *corpus) number(key string) (int, bool) {
	n, err := strconv.Atoi(key[len(project)+1:])
	n -= c.offset + 1
	return n, err == nil && n >= 0 && n < c.issues
}

// created is the time of issue n: the months have as many issues each.
func (c *corpus) created(n int) time.Time {
	aMonth := (c.issues + c.months - 1) / c.months
	at := c.first.AddDate(0, n/aMonth, 0)
	return at.Add(28 * 24 * time.Hour / time.Duration(aMonth) * time.Duration(n%aMonth)).Truncate(time.Millisecond)
}

// Record makes the corpus the records that a rebuild reads, for those that are
// too many to be written.
func (c *corpus) Record(key string) ([]byte, error) { return c.ReadRecord(key, nil) }

// ReadRecord is Record into memory that was used before, as files are read.
func (c *corpus) ReadRecord(key string, buf []byte) ([]byte, error) {
	n, ok := c.number(key)
	if !ok {
		return nil, fmt.Errorf("%s: %w", key, os.ErrNotExist)
	}
	return c.record(buf[:0], n, 0), nil
}

// Keys yields all keys.
func (c *corpus) Keys() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for n := range c.issues {
			if !yield(c.key(n), nil) {
				return
			}
		}
	}
}

var (
	_ transform.Records      = (*corpus)(nil)
	_ transform.RecordReader = (*corpus)(nil)
)

// write makes a file KEY.json of each record in a directory, and returns how
// many bytes these are.
func (c *corpus) write(dir string) (int64, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return 0, err
	}
	var (
		next, size atomic.Int64
		group      sync.WaitGroup
		errs       = make(chan error, runtime.GOMAXPROCS(0))
	)
	for range cap(errs) {
		group.Go(func() { // ends with the last issue or a failure
			var buf []byte
			for n := int(next.Add(1)) - 1; n < c.issues; n = int(next.Add(1)) - 1 {
				buf = c.record(buf[:0], n, 0)
				if err := os.WriteFile(filepath.Join(dir, c.key(n)+".json"), buf, 0o666); err != nil {
					errs <- err
					return
				}
				size.Add(int64(len(buf)))
			}
		})
	}
	group.Wait()
	close(errs)
	return size.Load(), <-errs
}
