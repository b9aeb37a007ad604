package jirasync_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync"
	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/partition"
	"github.com/jirasync/jirasync/transform"
	"github.com/jirasync/jirasync/webhook"
)

const secret = "a secret of the right length"

// rig is the real server on a loopback port, with its files.
type rig struct {
	*jirasync.Syncer
	t    *testing.T
	cfg  jirasync.Config
	url  string
	log  *buffer
	stop func() // ends the server and waits for it
}

// buffer is a log that can be read while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// serve starts a server; directories and the webhook secret are filled in.
func serve(t *testing.T, cfg jirasync.Config) *rig {
	t.Helper()
	if cfg.DataDir == "" {
		dir := t.TempDir()
		cfg.DataDir, cfg.ParquetDir, cfg.DistDir = filepath.Join(dir, "data"), filepath.Join(dir, "parquet"), filepath.Join(dir, "dist")
	}
	if cfg.CatchUpEvery == 0 { // what no webhook asks for would blur the tests of webhooks
		cfg.CatchUpEvery, cfg.CheckEvery = -1, -1
	}
	if cfg.WebhookSecrets == nil {
		cfg.WebhookSecrets = []jira.Secret{jira.NewSecret(secret)}
	}
	r := &rig{t: t, log: &buffer{}}
	cfg.Logger = slog.New(slog.NewJSONHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s, err := jirasync.New(cfg)
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, listener, nil) }()
	r.Syncer, r.cfg, r.url = s, cfg, "http://"+listener.Addr().String()
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Serve: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	t.Cleanup(r.stop)
	r.eventually(func() bool { return s.Status().Running }, "the worker does not run")
	return r
}

// library makes a Syncer that serves nothing; directories are filled in.
func library(t *testing.T, cfg jirasync.Config) *rig {
	t.Helper()
	if cfg.DataDir == "" {
		dir := t.TempDir()
		cfg.DataDir, cfg.ParquetDir, cfg.DistDir = filepath.Join(dir, "data"), filepath.Join(dir, "parquet"), filepath.Join(dir, "dist")
	}
	r := &rig{t: t, cfg: cfg, log: &buffer{}}
	cfg.Logger = slog.New(slog.NewJSONHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s, err := jirasync.New(cfg)
	require.NoError(t, err)
	r.Syncer = s
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return r
}

// eventually waits until ok, for at most fifteen seconds.
func (r *rig) eventually(ok func() bool, format string, args ...any) {
	r.t.Helper()
	for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	r.t.Fatalf(format+"\nlog:\n%s", append(args, r.log.String())...)
}

// idle waits until everything that was delivered is worked off.
func (r *rig) idle() {
	r.t.Helper()
	r.eventually(func() bool { s := r.Status(); return s.Waiting+s.InFlight == 0 }, "deliveries are not worked off")
}

// post sends a signed body and checks the answer.
func (r *rig) post(want int, body string) {
	r.t.Helper()
	r.send(want, "/webhooks/jira", body, webhook.Sign([]byte(body), []byte(secret)))
}

// send posts a body with that signature and returns the answer.
func (r *rig) send(want int, path, body, signature string) string {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.url+path, strings.NewReader(body))
	require.NoError(r.t, err)
	req.Header.Set("Content-Type", "application/json")
	if signature != "" {
		req.Header.Set(webhook.SignatureHeader, signature)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(r.t, err)
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	require.NoError(r.t, err)
	require.Equal(r.t, want, res.StatusCode, "answer %s", answer)
	return string(answer)
}

type row map[string]partition.Value

// rows reads the rows of an issue from the published files.
func (r *rig) rows(table, key string) []row {
	r.t.Helper()
	var found []row
	for _, row := range r.allRows(table) {
		if row["issue_key"].Text() == key {
			found = append(found, row)
		}
	}
	return found
}

func (r *rig) allRows(table string) []row {
	r.t.Helper()
	dir, err := partition.Open(r.cfg.DistDir)
	require.NoError(r.t, err)
	defer dir.Close()
	var rows []row
	for _, t := range transform.Schema(transform.Options{}) {
		if t.Name != table {
			continue
		}
		months, err := dir.Months(table)
		require.NoError(r.t, err)
		for _, month := range months {
			read, err := dir.Read(t, month)
			if errors.Is(err, fs.ErrNotExist) {
				continue // removed since it was listed
			}
			require.NoError(r.t, err)
			for _, values := range read {
				named := row{}
				for i, c := range t.Columns {
					named[c.Name] = values[i]
				}
				rows = append(rows, named)
			}
		}
	}
	return rows
}

// failures returns the warnings and errors of the log.
func (r *rig) failures() []string {
	var lines []string
	for line := range strings.Lines(r.log.String()) {
		if strings.Contains(line, `"level":"WARN"`) || strings.Contains(line, `"level":"ERROR"`) {
			lines = append(lines, line)
		}
	}
	return lines
}

func (r *rig) eventFiles() []string {
	return files(r.t, filepath.Join(r.cfg.DataDir, "webhook_events"))
}

// parquetFiles returns the hash of each file of the tables.
func (r *rig) parquetFiles() map[string]string {
	sums := map[string]string{}
	for _, path := range files(r.t, r.cfg.ParquetDir) {
		if strings.HasSuffix(path, ".parquet") {
			data, err := os.ReadFile(path)
			require.NoError(r.t, err)
			sums[path] = fmt.Sprintf("%x", sha256.Sum256(data))
		}
	}
	return sums
}

// files lists all files below dir that hold something.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Size() > 0 {
			found = append(found, path)
		}
		return err
	})
	if !errors.Is(err, fs.ErrNotExist) {
		require.NoError(t, err)
	}
	return found
}
