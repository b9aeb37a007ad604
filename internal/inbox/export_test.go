package inbox

import (
	"hash/crc32"
	"os"
	"time"

	"github.com/jirasync/jirasync/webhook"
)

// WithHook returns options whose segments call hook before each step: "create"
// (without a file), "write" and "sync". Its error stands for the step's failure.
func WithHook(o Options, hook func(step string, f *os.File) error) Options {
	o.hook = hook
	return o
}

const (
	BatchDelay         = batchDelay
	CheckpointInterval = checkpointInterval
	DuplicateWindow    = duplicateWindow
	MaxSenders         = maxSenders
)

var Seal = seal

// Record is a record as it lies in a segment.
func Record(seq uint64, body []byte) []byte {
	d := webhook.Delivery{ReceivedAt: time.Now().UTC(), Body: body}
	data, err := appendHeader(nil, newHeader(&d, seq, 0, crc32.Checksum(body, castagnoli)))
	if err != nil {
		panic(err)
	}
	return append(append(data, body...), '\n')
}
