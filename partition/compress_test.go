package partition

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/stretchr/testify/require"
)

// prose is compressible, and not within a block alone.
func prose(size int) []byte {
	random := rand.New(rand.NewPCG(1, 1))
	var b bytes.Buffer
	for b.Len() < size {
		fmt.Fprintf(&b, "word%d ", random.IntN(5000))
	}
	return b.Bytes()[:size]
}

// Pages are those that the library's own encoders make, and larger ones are
// read by its decoders.
func TestCompression(t *testing.T) {
	library := &zstd.Codec{Level: zstd.SpeedDefault}
	for _, size := range []int{0, 1, 1000, 128 << 10, 128<<10 + 1, pageBytes - 1, pageBytes, 5 * pageBytes} {
		page := prose(size)
		got, err := codec.Encode(nil, page)
		require.NoError(t, err)
		if size <= pageBytes {
			want, err := library.Encode(nil, page)
			require.NoError(t, err)
			require.True(t, bytes.Equal(want, got), "%d bytes", size)
		}
		back, err := library.Decode(nil, got)
		require.NoError(t, err)
		require.True(t, bytes.Equal(page, back), "%d bytes", size)
	}
}

// A process may compress its first page in a bubble of testing/synctest, as that
// of somebody who tests a service with this package in it, and others outside.
// It has to be the first, so that it takes a process of its own.
func TestCompressionBeginsInABubble(t *testing.T) {
	if os.Getenv("BUBBLE") == "" {
		child := exec.Command(os.Args[0], "-test.run=^TestCompressionBeginsInABubble$")
		child.Env = append(os.Environ(), "BUBBLE=1")
		out, err := child.CombinedOutput()
		require.NoError(t, err, "%s", out)
		return
	}
	encode := func() {
		_, err := codec.Encode(nil, []byte("page"))
		require.NoError(t, err)
	}
	synctest.Test(t, func(*testing.T) { encode() })
	encode()
}

// All encoders of a process together are smaller than one of the library's.
func TestEncodersAreSmall(t *testing.T) {
	page, dst := prose(pageBytes), make([]byte, 0, pageBytes)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	e := newEncoder()
	for range 2 * encoders {
		e.EncodeAll(page, dst)
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 4<<20*encoders {
		t.Errorf("encoders took %d bytes", took)
	}
}
