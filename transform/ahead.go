package transform

import (
	"iter"
	"sync"
)

const (
	// readers is how many records a pass reads at once. They are more than
	// there are processors, as they mostly wait for a disk.
	readers = 16

	// aheadKeys and aheadBytes bound what a pass has read and not yet used:
	// so many records, and no further one when those read are so large.
	aheadKeys  = 48
	aheadBytes = 32 << 20
)

// ahead calls read with each key, several at a time, and yields what it
// returns in the order of the keys. What size says of the results that wait
// bounds how far it goes ahead. It returns when all reads have ended.
func ahead[T any](keys []string, read func(key string) (result T, size int)) iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		a := &window[T]{order: make(chan *reading[T], aheadKeys), work: make(chan *reading[T]), stop: make(chan struct{})}
		a.room.L = &a.mu
		var group sync.WaitGroup
		group.Go(func() { a.feed(keys) }) // ends with the keys, or when finish is called
		for range min(readers, len(keys)) {
			group.Go(func() { // ends when feed has closed work
				for r := range a.work {
					result, size := read(r.key)
					a.count(size)
					r.result, r.size = result, size
					close(r.done)
				}
			})
		}
		for r := range a.order {
			<-r.done
			more := yield(r.key, r.result)
			a.count(-r.size)
			if !more {
				break
			}
		}
		a.finish()
		group.Wait()
	}
}

// A reading is one key on its way.
type reading[T any] struct {
	key    string
	result T
	size   int
	done   chan struct{} // closed when the two above are set
}

// A window is what a pass has read ahead.
type window[T any] struct {
	order chan *reading[T] // as they are to be yielded
	work  chan *reading[T]
	stop  chan struct{}

	mu   sync.Mutex
	room sync.Cond
	held int  // bytes that were read and not yet yielded; this and below guarded by mu
	over bool // nothing more is wanted
}

func (w *window[T]) feed(keys []string) {
	defer close(w.order)
	defer close(w.work)
	for _, key := range keys {
		w.mu.Lock()
		for w.held > aheadBytes && !w.over {
			w.room.Wait() // what is held will be yielded: all of it has been fed
		}
		w.mu.Unlock()
		r := &reading[T]{key: key, done: make(chan struct{})}
		select {
		case w.order <- r:
		case <-w.stop:
			return
		}
		select {
		case w.work <- r:
		case <-w.stop:
			return
		}
	}
}

func (w *window[T]) count(size int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held += size
	w.room.Signal()
}

func (w *window[T]) finish() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	close(w.stop)
	w.room.Signal()
}
