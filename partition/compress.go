package partition

import (
	"runtime"

	encoder "github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// codec is that of every column. It is safe for concurrent use.
var codec = &compression{encoder: newEncoder()}

// compression is the library's zstd but for the encoders. Those of the library
// keep a window of 8 MB for pages of one, which is 20 MB each, and are pooled
// by processor, so that it cannot be told how many there are. These have 4 MB.
// A page as large as the window, as most are, becomes the same bytes.
type compression struct {
	zstd.Codec // decodes
	encoder    *encoder.Encoder
}

// encoders is how many pages are compressed at once, at most: a month has more
// tables than a machine processors.
const encoders = 4

func newEncoder() *encoder.Encoder {
	e, err := encoder.NewWriter(nil,
		encoder.WithEncoderLevel(encoder.SpeedDefault),
		encoder.WithWindowSize(pageBytes),
		encoder.WithEncoderConcurrency(min(encoders, runtime.GOMAXPROCS(0))),
		encoder.WithZeroFrames(true),
		encoder.WithEncoderCRC(false), // each row group has a checksum, and so has each page
	)
	if err != nil {
		panic(err) // the options are wrong
	}
	e.EncodeAll(nil, nil) // makes its channel now, and not in the bubble of a test
	return e
}

// Encode implements the library's codec.
func (c *compression) Encode(dst, src []byte) ([]byte, error) {
	return c.encoder.EncodeAll(src, dst[:0]), nil
}
