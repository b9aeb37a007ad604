package webhook

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Defaults of Handler.
const (
	DefaultMaxBytes    = 25 << 20 // Jira delivers no larger body
	DefaultBodyTimeout = 30 * time.Second
)

// Delivery is an authentic delivery.
type Delivery struct {
	// Identifier is X-Atlassian-Webhook-Identifier: the same on every retry,
	// unique within a site. The headers are not signed; Identifier and Flow
	// are cut to 256 bytes of printable ASCII.
	Identifier string
	Retry      int    // number of the retry, 0 the first time
	Flow       string // "Primary" or "Secondary"

	ContentType string    // as sent, cut like Identifier
	RemoteAddr  string    // who connected, a proxy perhaps
	ReceivedAt  time.Time // when the body was complete, UTC

	// SecretIndex says which of the secrets signed it.
	SecretIndex int

	// Body is the body, byte for byte, and Event what ParseEvent read in it.
	// If that failed, Malformed is its error and Event is zero.
	Body      []byte
	Event     Event
	Malformed error
}

// Handler is the receiver of webhooks, an http.Handler for one path. Its
// fields must not change once it serves; it must not be copied.
//
// It answers 200 when Receive has taken the delivery; 405 for a method other
// than POST; 415 for a compressed body; 413 for one that is too large; 408 for
// one that does not arrive; 401 for a bad signature; 400 for an empty or
// malformed body; and 503 with Retry-After when no secret is configured,
// Receive fails, or too many large bodies are waiting. Answers are fixed JSON
// texts without any detail.
//
// At most eight bodies larger than 1 MiB are in memory at once.
type Handler struct {
	// Secrets returns the secrets that are valid now: one, or the new and the
	// previous one during a rotation. It is called for each request, possibly
	// by several goroutines. Nil, no secret, or only empty ones: 503.
	Secrets func() [][]byte

	// Receive makes the delivery durable. It returns nil only when that is
	// done: the answer 200 rests on it. An error becomes 503, upon which Jira
	// sends the delivery again. Work belongs after the answer, not in Receive.
	//
	// A malformed body comes too, with Malformed set, so that it can be kept;
	// the answer then is 400. Unsigned bodies never come.
	Receive func(context.Context, Delivery) error

	// MaxBytes bounds a body. Zero means DefaultMaxBytes.
	MaxBytes int64

	// BodyTimeout bounds the arrival of a body. Zero means DefaultBodyTimeout.
	BodyTimeout time.Duration

	// Logger gets a debug line for each delivery, at most ten warnings a second
	// for refusals and one error a minute while no secret is configured. Nil
	// discards.
	Logger *slog.Logger

	once  sync.Once
	large chan struct{} // a slot for each large body

	refused, unconfigured lineLimit
}

// An answer is all that the sender is told. There is one for each class of
// fault, whatever the cause: a cause can hold addresses, paths or worse.
type answer struct {
	status  int
	message string
}

var (
	answerOK          = answer{http.StatusOK, ""}
	answerMethod      = answer{http.StatusMethodNotAllowed, "method not allowed"}
	answerNoSecret    = answer{http.StatusServiceUnavailable, "webhook secret not configured"}
	answerEncoding    = answer{http.StatusUnsupportedMediaType, "content encoding not supported"}
	answerTooLarge    = answer{http.StatusRequestEntityTooLarge, "body too large"}
	answerTimeout     = answer{http.StatusRequestTimeout, "body incomplete"}
	answerTransfer    = answer{http.StatusBadRequest, "invalid request body"}
	answerBusy        = answer{http.StatusServiceUnavailable, "too many large bodies"}
	answerSignature   = answer{http.StatusUnauthorized, "invalid signature"}
	answerEmpty       = answer{http.StatusBadRequest, "empty body"}
	answerMalformed   = answer{http.StatusBadRequest, "malformed event"}
	answerUnavailable = answer{http.StatusServiceUnavailable, "event not stored"}
)

// ServeHTTP receives one delivery.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.once.Do(func() { h.large = make(chan struct{}, maxLargeBodies) })
	start := time.Now()
	if len(r.TransferEncoding) > 0 {
		// net/http hides whether a length was declared beside the chunks, in
		// which case a proxy may see another end of the body than we do.
		w.Header().Set("Connection", "close")
	}
	d := describe(r)
	a, err := h.receive(w, r, &d)
	write(w, a)
	h.log(r.Context(), d, a, err, time.Since(start))
}

// receive takes the steps in the order that gives nothing away: the body is
// not looked into before its signature is found good.
func (h *Handler) receive(w http.ResponseWriter, r *http.Request, d *Delivery) (answer, error) {
	if r.Method != http.MethodPost {
		return answerMethod, nil
	}
	var secrets [][]byte
	if h.Secrets != nil {
		secrets = h.Secrets()
	}
	if !slices.ContainsFunc(secrets, usable) {
		return answerNoSecret, nil
	}
	if e := r.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return answerEncoding, nil
	}
	body, release, a := h.read(w, r)
	defer release()
	if a != answerOK {
		return a, nil
	}
	d.Body, d.ReceivedAt = body, time.Now().UTC()
	var err error
	if d.SecretIndex, err = Verify(body, signature(r.Header), secrets...); err != nil {
		return answerSignature, nil
	}
	if len(body) == 0 {
		return answerEmpty, nil
	}
	d.Event, d.Malformed = ParseEvent(body)
	if err := h.Receive(r.Context(), *d); err != nil {
		return answerUnavailable, err
	}
	if d.Malformed != nil {
		return answerMalformed, d.Malformed
	}
	return answerOK, nil
}

// signature returns the value of the signature header, or nothing, which no
// secret confirms, when the request does not make one plain statement.
func signature(h http.Header) string {
	// The second name is what other products use, and some proxies rename to.
	values := slices.Concat(h.Values(SignatureHeader), h.Values(SignatureHeader+"-256"))
	if len(values) == 2 && values[0] == values[1] && len(h.Values(SignatureHeader)) == 1 {
		values = values[:1]
	}
	if len(values) != 1 {
		return ""
	}
	return values[0]
}

// describe reads the headers that Jira adds.
func describe(r *http.Request) Delivery {
	d := Delivery{
		Identifier:  printable(r.Header.Get("X-Atlassian-Webhook-Identifier")),
		Flow:        printable(r.Header.Get("X-Atlassian-Webhook-Flow")),
		ContentType: printable(r.Header.Get("Content-Type")),
		RemoteAddr:  printable(r.RemoteAddr),
		SecretIndex: -1,
	}
	if n, err := strconv.Atoi(r.Header.Get("X-Atlassian-Webhook-Retry")); err == nil && n > 0 && n <= 1000 {
		d.Retry = n
	}
	return d
}

const maxHeaderBytes = 256

// printable cuts a header to 256 bytes and replaces what is not printable
// ASCII, so that no log line, file or terminal meets anything else.
func printable(s string) string {
	s = s[:min(len(s), maxHeaderBytes)]
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
}

func write(w http.ResponseWriter, a answer) {
	header := w.Header()
	header.Set("Content-Type", "application/json")
	switch a.status {
	case http.StatusMethodNotAllowed:
		header.Set("Allow", http.MethodPost)
	case http.StatusServiceUnavailable:
		header.Set("Retry-After", retryAfter())
	}
	reply := struct {
		Status string `json:"status"`
		Error  string `json:"error,omitempty"`
	}{"ok", a.message}
	if a != answerOK {
		reply.Status = "error"
	}
	w.WriteHeader(a.status)
	// The sender may be gone; then it will send again.
	_ = json.NewEncoder(w).Encode(reply)
}
