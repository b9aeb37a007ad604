package main

import (
	"fmt"
	"io"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/jirasync/jirasync/internal/jiralike"
)

// corpus is what every contender reads.
type corpus struct {
	name      string
	documents [][]byte
	size      int
}

// newCorpora returns the hard documents and the usual ones, those of stream 0.
func newCorpora(documents int) []corpus {
	hard := func(seed uint64) []byte { return jiralike.Document(seed, 0, false) }
	usual := func(seed uint64) []byte { return jiralike.Comment(seed, 0) }
	return []corpus{newCorpus("Dense documents", documents, hard), newCorpus("Usual comments", documents, usual)}
}

func newCorpus(name string, documents int, document func(seed uint64) []byte) corpus {
	c := corpus{name: name}
	for seed := range uint64(documents) {
		data := document(seed)
		c.documents = append(c.documents, data)
		c.size += len(data)
	}
	return c
}

// convert runs a contender over the corpus, for a time at most if it is slow.
// It returns how many bytes and documents that were.
func (c corpus) convert(one contender, budget time.Duration) (size, documents int, err error) {
	start := time.Now()
	for i, data := range c.documents {
		if one.slow && i > 0 && time.Since(start) > budget {
			return size, i, nil
		}
		if _, err := one.run(data); err != nil {
			return size, i, fmt.Errorf("%s: %w", one.name, err)
		}
		size += len(data)
	}
	return size, len(c.documents), nil
}

// speed is the best of several rounds.
type speed struct {
	perByte     float64 // nanoseconds
	allocations float64 // of a document
	bytes       float64 // allocated for a document
	documents   int     // that it did
}

func (s speed) megabytes() float64 { return 1e3 / s.perByte }

// measure has the contenders take turns, so that a noisy moment hits all.
func measure(c corpus, list []contender, o options) ([]speed, error) {
	best := make([]speed, len(list))
	for round := range o.rounds {
		for i, one := range list {
			if one.slow && round > 0 {
				continue
			}
			s, err := once(c, one, o.budget)
			if err != nil {
				return nil, err
			}
			if round == 0 || s.perByte < best[i].perByte {
				best[i] = s
			}
		}
	}
	return best, nil
}

func once(c corpus, one contender, budget time.Duration) (speed, error) {
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := processorTime()
	size, documents, err := c.convert(one, budget)
	took := processorTime() - start
	runtime.ReadMemStats(&after)
	n := float64(documents)
	return speed{
		perByte:     float64(took.Nanoseconds()) / float64(size),
		allocations: float64(after.Mallocs-before.Mallocs) / n,
		bytes:       float64(after.TotalAlloc-before.TotalAlloc) / n,
		documents:   documents,
	}, err
}

// processorTime returns what this process has used so far. Unlike the clock it
// stands while others have the processor, so a busy machine measures nearly the
// same as a quiet one.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err) // of a wrong argument only
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// printSpeed prints the table of speeds.
func printSpeed(w io.Writer, c corpus, list []contender, best []speed) {
	fmt.Fprintf(w, "%s: %d, %.1f MB, %.2f kB each\n\n", c.name, len(c.documents), float64(c.size)/1e6,
		float64(c.size)/1e3/float64(len(c.documents)))
	fmt.Fprintln(w, "| task | by | MB/s | × encoding/json | × fastest peer | allocations a document | kB a document |")
	fmt.Fprintln(w, "| --- | --- | ---: | ---: | ---: | ---: | ---: |")
	for i, one := range list {
		toPeer := "–"
		if peer := fastestPeer(list, best, one.task); peer > 0 && one.task != floor {
			toPeer = digits(best[i].megabytes() / peer)
		}
		name := one.name
		if best[i].documents < len(c.documents) {
			name += fmt.Sprintf(" (first %d documents)", best[i].documents)
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s | %s |\n", one.task, name, digits(best[i].megabytes()),
			digits(best[i].megabytes()/best[0].megabytes()), toPeer, digits(best[i].allocations), digits(best[i].bytes/1e3))
	}
}

// digits writes a number with three digits, or all those before the point.
func digits(v float64) string {
	switch {
	case v >= 99.95:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 9.995:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// fastestPeer returns the speed of the fastest other package at a task, or zero.
func fastestPeer(list []contender, best []speed, task string) float64 {
	var fastest float64
	for i, one := range list {
		if one.task == task && !one.own {
			fastest = max(fastest, best[i].megabytes())
		}
	}
	return fastest
}
