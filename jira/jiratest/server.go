package jiratest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// Options adjust a Server. The zero value is what NewServer uses.
type Options struct {
	// Now is the site's clock. Nil means time.Now, which inside a
	// testing/synctest bubble is the bubble's clock.
	Now func() time.Time

	// Seed feeds every random choice: delivery identifiers, trace ids, retry
	// waits, delivery faults. Equal seeds and equal calls give equal sites.
	Seed uint64

	// InProcess makes a server without sockets. URL, APIURL and MediaURL are
	// then names that only Transport and Client resolve. Use it inside
	// testing/synctest bubbles, and create the server inside the bubble.
	InProcess bool

	// IndexLag is the time between a change and its appearance in search
	// results. SetIndexLag changes it later. Zero means none.
	IndexLag time.Duration

	// PageLimit lowers the number of issues on a search page, so that small
	// sites have several pages. Zero means Jira's own limits: 5,000 when only
	// ids and keys are asked for, otherwise 100.
	PageLimit int

	// OmitEmptyParts leaves "comment" and "worklog" out of issues that have
	// none, as some sites do even when the fields are asked for.
	OmitEmptyParts bool

	// ArchivedNotFound answers 404 to GET of an archived issue. The documents
	// do not say; by default the issue is still served.
	ArchivedNotFound bool

	// PageTotals makes the "total" of a changelog under expand the number of
	// histories on the page, which is how the schema describes it, instead of
	// all there are. The documents do not say which it is.
	PageTotals bool

	// MaxBulkBytes is the largest answer of issue/bulkfetch; a larger one is a
	// 413. Zero means none: the documents speak of a "payload constraint"
	// without a number.
	MaxBulkBytes int

	// NumericChangeTimes makes changelog/bulkfetch write "created" as epoch
	// milliseconds instead of a date string. Both occur in Atlassian's own
	// documents.
	NumericChangeTimes bool
}

// Server is a Jira Cloud site in memory. Its exported fields are set by
// NewServer and must not be changed.
//
// On loopback the three hosts differ in the port only, which net/http does not
// count as another host when it follows a redirect: a client that leaves
// redirects to http.Client sends its credentials to MediaURL, and Problems says
// so. Clients must follow redirects to attachments themselves.
type Server struct {
	URL      string // the site, for example http://127.0.0.1:40001
	APIURL   string // stands for https://api.atlassian.com
	MediaURL string // the second host, which serves attachment bytes; see below
	CloudID  string // the id of the site at the gateway

	Main  Account // an ordinary account, without access to SLA values
	Agent Account // an account with a Jira Service Management licence

	opts   Options
	routes []*endpoint
	hosts  map[string]http.Handler // by host:port
	listen []*http.Server
	ready  chan struct{} // closed when the site is there; nobody is served before
	done   chan struct{} // closed by Close; ends hanging answers and workers
	closed sync.Once
	wg     sync.WaitGroup

	// mu guards the site: everything that verbs change and answers show.
	mu   sync.RWMutex
	site *site

	log    requestLog
	faults faultList
	hooks  deliverer
	pages  pageTokens
	limits limits

	rendered rendered
}

// NewServer starts an empty site. The caller must call Close when finished.
// It panics if no loopback listener can be had, as net/http/httptest does.
func NewServer() *Server { return NewServerWith(Options{}) }

// NewServerWith starts an empty site with the given options.
func NewServerWith(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{opts: o, hosts: map[string]http.Handler{}, ready: make(chan struct{}), done: make(chan struct{})}
	random := rand.New(rand.NewPCG(o.Seed, 0x6a697261))
	s.CloudID = newUUID(random)
	s.log.random = rand.New(rand.NewPCG(o.Seed, 1))
	s.hooks.init(o.Seed)
	s.pages.init()
	s.routes = s.endpoints()
	s.URL = s.serve("your-site.atlassian.test", http.HandlerFunc(s.serveSite))
	s.APIURL = s.serve("api.atlassian.test", http.HandlerFunc(s.serveGateway))
	s.MediaURL = s.serve("api.media.atlassian.test", http.HandlerFunc(s.serveMedia))
	s.site = newSite(s, random)
	close(s.ready)
	return s
}

// serve makes handler reachable and returns its base URL.
func (s *Server) serve(name string, handler http.Handler) string {
	if s.opts.InProcess {
		s.hosts[name] = handler
		return "https://" + name
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		if l, err = net.Listen("tcp6", "[::1]:0"); err != nil {
			panic(fmt.Sprintf("jiratest: listen on a loopback port: %v", err))
		}
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	s.listen = append(s.listen, server)
	s.hosts[l.Addr().String()] = handler
	s.wg.Go(func() { // ends when Close closes the server
		<-s.ready
		_ = server.Serve(l)
	})
	return "http://" + l.Addr().String()
}

// Close ends the listeners, hanging answers and automatic delivery, and waits
// for them. Queued webhooks are not delivered. Close may be called twice.
func (s *Server) Close() {
	s.closed.Do(func() {
		close(s.done)
		for _, server := range s.listen {
			_ = server.Close()
		}
	})
	s.wg.Wait()
}

// Client returns an HTTP client that reaches the three hosts in process,
// without sockets, and nothing else.
func (s *Server) Client() *http.Client { return &http.Client{Transport: s.Transport()} }

// Transport returns the round tripper of Client. Each request is answered on a
// goroutine of its own that ends with the answer.
func (s *Server) Transport() http.RoundTripper {
	return roundTripper(func(u *url.URL) (http.Handler, error) {
		if handler, ok := s.hosts[u.Host]; ok {
			return handler, nil
		}
		s.problemf("request for host %s, which is none of this site's", u.Host)
		return nil, fmt.Errorf("jiratest: no host %s", u.Host)
	})
}

// now is the site's clock at Jira's precision.
func (s *Server) now() time.Time { return s.opts.Now().Truncate(time.Millisecond) }

// sleep waits for d, or until the request or the server ends.
func (s *Server) sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
	case <-s.done:
	}
	return false
}

// newUUID makes a version 4 UUID from random.
func newUUID(random *rand.Rand) string {
	hi, lo := random.Uint64(), random.Uint64()
	hi = hi&^0xf000 | 0x4000
	lo = lo&^(3<<62) | 2<<62
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", hi>>32, hi>>16&0xffff, hi&0xffff, lo>>48, lo&0xffffffffffff)
}
