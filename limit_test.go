package jirasync

import (
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Row H-16: connections beyond the limit wait and are served when one ends.
func TestLimitListener(t *testing.T) {
	t.Parallel()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l := limit(inner, 2)
	accepted := make(chan net.Conn)
	go func() { // ends when l is closed
		for {
			conn, err := l.Accept()
			if err != nil {
				close(accepted)
				return
			}
			accepted <- conn
		}
	}()
	for range 3 {
		conn, err := net.Dial("tcp", inner.Addr().String())
		require.NoError(t, err)
		defer conn.Close()
	}
	first, second := <-accepted, <-accepted
	select {
	case <-accepted:
		t.Fatal("a third connection was accepted")
	case <-time.After(20 * time.Millisecond):
	}
	require.NoError(t, first.Close())
	require.Error(t, first.Close(), "closed twice") // must not free two slots
	third := <-accepted
	require.NoError(t, l.Close())
	_, open := <-accepted
	require.False(t, open, "Accept did not end")
	require.NoError(t, second.Close())
	require.NoError(t, third.Close())
}
