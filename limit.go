package jirasync

import (
	"net"
	"sync"
)

// maxConnections is how many connections one listener holds at once; more wait
// in the kernel. At some 15 kB each they stay below 64 MB, and Jira itself
// opens at most thirty.
const maxConnections = 4096

// limitListener accepts a connection only when fewer than a fixed number are open.
type limitListener struct {
	net.Listener
	slots chan struct{} // one element for each open connection
	done  chan struct{} // closed by Close
	close func() error
}

func limit(l net.Listener, n int) *limitListener {
	limited := &limitListener{Listener: l, slots: make(chan struct{}, n), done: make(chan struct{})}
	limited.close = sync.OnceValue(func() error {
		close(limited.done)
		return l.Close()
	})
	return limited
}

func (l *limitListener) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.done:
		return nil, net.ErrClosed
	}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
		return nil, err
	}
	return &limitedConn{Conn: conn, free: sync.OnceFunc(func() { <-l.slots })}, nil
}

// Close also ends an Accept that waits for a connection to end.
func (l *limitListener) Close() error { return l.close() }

type limitedConn struct {
	net.Conn
	free func()
}

func (c *limitedConn) Close() error {
	defer c.free()
	return c.Conn.Close()
}
