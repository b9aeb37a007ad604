package webhook

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// Keys of log attributes.
const (
	keyDelivery   = "delivery"
	keyType       = "type"
	keyIssues     = "issues"
	keyRetry      = "retry"
	keyStatus     = "status"
	keyReason     = "reason"
	keyBytes      = "bytes"
	keySecret     = "secret"
	keyDuration   = "duration"
	keyError      = "error"
	keySuppressed = "suppressed"
)

// log writes one line about a delivery. A forged request must not fill the
// disk: of refusals only some are logged, and nothing of what they say of
// themselves but lengths.
func (h *Handler) log(ctx context.Context, d Delivery, a answer, err error, took time.Duration) {
	if h.Logger == nil {
		return
	}
	if d.SecretIndex < 0 {
		h.logRefusal(ctx, a)
		return
	}
	level, message := slog.LevelDebug, "webhook received"
	attrs := []slog.Attr{
		slog.String(keyDelivery, d.Identifier),
		slog.Int(keyRetry, d.Retry),
		slog.String(keyType, d.Event.Type),
		slog.Any(keyIssues, d.Event.Issues),
		slog.Int(keyStatus, a.status),
		slog.Int(keyBytes, len(d.Body)),
		slog.Int(keySecret, d.SecretIndex),
		slog.Duration(keyDuration, took),
	}
	switch {
	case a.status == http.StatusServiceUnavailable:
		level, message = slog.LevelError, "webhook not stored"
		attrs = append(attrs, slog.Any(keyError, err))
	case a != answerOK:
		level, message = slog.LevelWarn, "webhook malformed"
		attrs = append(attrs, slog.String(keyReason, a.message))
		if err != nil {
			attrs = append(attrs, slog.Any(keyError, err))
		}
	}
	h.Logger.LogAttrs(ctx, level, message, attrs...)
}

func (h *Handler) logRefusal(ctx context.Context, a answer) {
	level, limit, lines, period := slog.LevelWarn, &h.refused, 10, time.Second
	if a == answerNoSecret {
		level, limit, lines, period = slog.LevelError, &h.unconfigured, 1, time.Minute
	}
	if ok, suppressed := limit.allow(time.Now(), lines, period); ok {
		h.Logger.LogAttrs(ctx, level, "webhook refused", slog.Int(keyStatus, a.status),
			slog.String(keyReason, a.message), slog.Int(keySuppressed, suppressed))
	}
}

// lineLimit allows some lines in each period and counts the others.
type lineLimit struct {
	mu         sync.Mutex
	start      time.Time
	lines      int
	suppressed int
}

func (l *lineLimit) allow(now time.Time, lines int, period time.Duration) (ok bool, suppressed int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.start) >= period {
		l.start, l.lines = now, 0
	}
	if l.lines == lines {
		l.suppressed++
		return false, 0
	}
	l.lines++
	suppressed, l.suppressed = l.suppressed, 0
	return true, suppressed
}
