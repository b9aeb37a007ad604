package partition

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
)

// parallel calls f with 0 to n-1, on all processors, and returns when all
// calls have. After an error no new call begins. A panic in f, which would
// end the process from a goroutine, is an error.
func parallel(n int, f func(i int) error) error {
	workers := min(n, runtime.GOMAXPROCS(0))
	errs := make([]error, workers)
	var next atomic.Int64
	var failed atomic.Bool
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() { // ends when no index is left; awaited below
			defer recovered(&errs[w])
			for !failed.Load() {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if errs[w] = f(i); errs[w] != nil {
					failed.Store(true)
				}
			}
		})
	}
	group.Wait()
	return errors.Join(errs...)
}
