package inbox

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jirasync/jirasync/webhook"
)

func ref(id, key string) Item { return Item{Ref: webhook.IssueRef{ID: id, Key: key}} }

// References to one issue by its id, by its key and by both are one entry, as
// soon as anything has told that they belong together.
func TestQueueAliases(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for _, tt := range []struct {
		name string
		refs []Item
		want []string
	}{
		{"id, then both", []Item{ref("1", ""), ref("1", "A-1")}, []string{"1/A-1"}},
		{"key, then both", []Item{ref("", "A-1"), ref("1", "A-1")}, []string{"1/A-1"}},
		{"both, then each", []Item{ref("1", "A-1"), ref("", "A-1"), ref("1", "")}, []string{"1/A-1"}},
		{"id and key, then both", []Item{ref("1", ""), ref("", "A-1"), ref("1", "A-1")}, []string{"1/A-1"}},
		{"moved", []Item{ref("1", "A-1"), ref("1", "B-7"), ref("", "A-1"), ref("", "B-7")}, []string{"1/B-7"}},
		{"key passed to another issue", []Item{ref("1", "A-1"), ref("2", "A-1"), ref("", "A-1")}, []string{"1/A-1", "2/A-1"}},
		{"different", []Item{ref("1", "A-1"), ref("2", "A-2"), {AttachmentID: "1"}, {AttachmentID: "1"}, {}}, []string{"1/A-1", "2/A-2", "/ 1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q := newQueue()
			for i, it := range tt.refs {
				q.add(it, uint64(i+1), now)
			}
			var got []string
			for e, _ := q.take(now); e != nil; e, _ = q.take(now) {
				it := e.item()
				name := it.Ref.ID + "/" + it.Ref.Key
				if it.AttachmentID != "" {
					name += " " + it.AttachmentID
				}
				got = append(got, name)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("items mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// The alias outlives the entry, and the memory for aliases is bounded.
func TestQueueAliasMemory(t *testing.T) {
	t.Parallel()
	now := time.Now()
	q := newQueue()
	for i := range maxAliases + 10 {
		q.add(ref(fmt.Sprint(i), fmt.Sprintf("A-%d", i)), 1, now)
		e, _ := q.take(now)
		q.done(e, e.flight, now)
	}
	if n := len(q.aliases.idOf); n != maxAliases || len(q.aliases.ring) != maxAliases {
		t.Errorf("%d aliases", n)
	}
	if n := len(q.entries) + len(q.byID) + len(q.byKey) + len(q.ready); n != 0 {
		t.Errorf("%d entries left", n)
	}
	q.add(ref("", "A-3"), 1, now) // forgotten
	q.add(ref("", "A-20"), 2, now)
	first, _ := q.take(now)
	second, _ := q.take(now)
	if first.id != "" || second.id != "20" {
		t.Errorf("ids %q and %q", first.id, second.id)
	}
}

// Random histories against a simple model: whatever names are used, an issue
// is never in flight twice once its names are known to belong together, no
// work is lost, and nothing is left at the end.
func TestQueueModel(t *testing.T) {
	t.Parallel()
	const issues = 5
	for seed := range uint64(2000) {
		rng := rand.New(rand.NewPCG(seed, 7))
		q := newQueue()
		now := time.Now()
		for i := range issues { // make the aliases known
			q.add(ref(fmt.Sprint(i), fmt.Sprintf("A-%d", i)), 1, now)
			e, _ := q.take(now)
			q.done(e, e.flight, now)
		}
		asked := map[string]uint64{}   // the last record that asked for an issue
		covered := map[string]uint64{} // the last record before the issue was last taken
		flight := map[string]Item{}
		settle := func(it Item, retry bool) {
			delete(flight, it.Ref.ID)
			if retry {
				covered[it.Ref.ID] = 0
				q.retry(it.entry, it.work, now.Add(time.Duration(rng.IntN(50))))
			} else {
				q.done(it.entry, it.work, now)
			}
		}
		for seq := range uint64(60) {
			now = now.Add(time.Nanosecond * time.Duration(rng.IntN(20)))
			switch n := rng.IntN(issues); rng.IntN(4) {
			case 0, 1:
				it := ref(fmt.Sprint(n), fmt.Sprintf("A-%d", n))
				if rng.IntN(2) == 0 {
					it.Ref.ID = ""
				} else if rng.IntN(2) == 0 {
					it.Ref.Key = ""
				}
				q.add(it, seq+1, now)
				asked[fmt.Sprint(n)] = seq + 1
			case 2:
				if e, _ := q.take(now); e != nil {
					it := e.item()
					if _, twice := flight[it.Ref.ID]; twice || it.Ref.ID == "" {
						t.Fatalf("seed %d: took %+v, in flight %v", seed, it.Ref, flight)
					}
					flight[it.Ref.ID] = it
					covered[it.Ref.ID] = seq + 1
				}
			case 3:
				for _, it := range flight {
					settle(it, rng.IntN(3) == 0)
					break
				}
			}
		}
		for _, it := range flight {
			settle(it, false)
		}
		now = now.Add(time.Hour)
		for e, _ := q.take(now); e != nil; e, _ = q.take(now) {
			covered[e.id] = 1000
			q.done(e, e.flight, now)
		}
		for id, seq := range asked {
			if covered[id] < seq {
				t.Fatalf("seed %d: issue %s was asked for by %d and last taken before %d", seed, id, seq, covered[id])
			}
		}
		if n := len(q.entries) + len(q.byID) + len(q.byKey) + len(q.ready) + q.inFlight; n != 0 {
			t.Fatalf("seed %d: %d entries left", seed, n)
		}
	}
}

func TestWorkMerge(t *testing.T) {
	t.Parallel()
	early, late := time.Unix(1, 0), time.Unix(2, 0)
	w := work{seq: 0, received: late, movedFrom: []string{"A-1"}}
	w.merge(&work{seq: 9, received: early, deleted: true, movedFrom: []string{"A-1", "B-1"}})
	w.merge(&work{seq: 5, received: late})
	w.merge(&work{received: late})
	want := work{seq: 5, received: early, deleted: true, movedFrom: []string{"A-1", "B-1"}}
	if diff := cmp.Diff(want, w, cmp.AllowUnexported(work{})); diff != "" {
		t.Errorf("merge mismatch (-want +got):\n%s", diff)
	}
}

func TestSegmentNames(t *testing.T) {
	t.Parallel()
	s := newSegmentName(time.Date(2026, 11, 23, 18, 41, 0, 123, time.UTC), 1)
	if s.name != "20261123T184100.000000-000001.events" {
		t.Errorf("name %s", s.name)
	}
	for name, ok := range map[string]bool{
		s.name: true, "20261123T184100.000000-12345678.events": true,
		"checkpoint.json": false, ".events": false, "x.events": false, "20261123T184100.000000-.events": false,
		"20261123T184100.000000-000001.events.torn-7": false, "20261323T184100.000000-000001.events": false, "20261123T184100.000000-00000x.events": false,
	} {
		if _, got := parseSegmentName(name); got != ok {
			t.Errorf("parseSegmentName(%s) = %v", name, got)
		}
	}
}
