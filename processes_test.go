package jirasync_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync"
	"github.com/jirasync/jirasync/jira/jiratest"
)

// scratch holds the binary, and is removed after the last test.
var scratch string

func TestMain(m *testing.M) {
	code := m.Run()
	if scratch != "" {
		if err := os.RemoveAll(scratch); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// binary builds jira-sync once for all tests and returns its path.
var binary = sync.OnceValues(func() (path string, err error) {
	if scratch, err = os.MkdirTemp("", "jira-sync-test-"); err != nil {
		return "", err
	}
	path = filepath.Join(scratch, "jira-sync")
	if out, err := exec.Command("go", "build", "-o", path, "./cmd/jira-sync").CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// program is the real binary with the environment of one site and its files.
type program struct {
	*rig
	path string
	env  []string
}

// newProgram is for one test.
func newProgram(t *testing.T, site *jiratest.Server) *program {
	t.Helper()
	if testing.Short() {
		t.Skip("builds the program and starts processes")
	}
	if runtime.GOOS == "windows" {
		t.Skip("ends servers by SIGTERM")
	}
	dir := t.TempDir()
	path, err := binary()
	require.NoError(t, err)
	p := &program{path: path}
	p.rig = &rig{t: t, log: &buffer{}, cfg: jirasync.Config{
		DataDir: filepath.Join(dir, "data"), ParquetDir: filepath.Join(dir, "parquet"), DistDir: filepath.Join(dir, "dist"),
	}}
	p.env = append(os.Environ(),
		"JIRA_DOMAIN=", "JIRA_BASE_URL="+site.URL, "JIRA_API_BASE_URL="+site.APIURL, "JIRA_CLOUD_ID="+site.CloudID,
		"JIRA_EMAIL="+site.Main.Email, "JIRA_API_TOKEN="+site.Main.Token,
		"JIRA_SLA_EMAIL="+site.Agent.Email, "JIRA_SLA_API_TOKEN="+site.Agent.Token,
		"JIRA_MEDIA_HOSTS="+strings.TrimPrefix(site.MediaURL, "http://"), "JIRA_WEBHOOK_SECRET="+secret,
		"JIRA_DATA_DIR="+p.cfg.DataDir, "JIRA_PARQUET_DIR="+p.cfg.ParquetDir, "JIRA_DIST_DIR="+p.cfg.DistDir)
	return p
}

// command runs the binary to its end and returns what it printed.
func (p *program) command(args ...string) (string, error) {
	cmd := exec.CommandContext(p.t.Context(), p.path, args...)
	cmd.Env = p.env
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, &stderr)
	}
	return stdout.String(), nil
}

// server is a jira-sync serve.
type server struct {
	*program
	url, admin string
	end        func() // by SIGTERM; waits, and wants exit code 0
}

func (p *program) serve() *server {
	p.t.Helper()
	cmd := exec.Command(p.path, "serve", "--addr", "127.0.0.1:0", "--admin-addr", "127.0.0.1:0")
	cmd.Env, cmd.Stderr = p.env, p.log
	require.NoError(p.t, cmd.Start())
	ended := false
	p.t.Cleanup(func() {
		if !ended {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	s := &server{program: p, end: func() {
		ended = true
		require.NoError(p.t, cmd.Process.Signal(syscall.SIGTERM))
		require.NoError(p.t, cmd.Wait(), "%s", p.log)
	}}
	address := func(message string) string {
		found := regexp.MustCompile(`msg="?` + message + `"? address=(\S+)`).FindStringSubmatch(p.log.String())
		if found == nil {
			return ""
		}
		return "http://" + found[1]
	}
	p.eventually(func() bool {
		s.url, s.admin = address("listening"), address("status page")
		return s.url != "" && s.admin != "" && s.status().Running
	}, "the server does not run")
	return s
}

// get reads a page of the second listener.
func (s *server) get(path string) string {
	s.t.Helper()
	res, err := http.Get(s.admin + path)
	require.NoError(s.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(s.t, err)
	return string(body)
}

func (s *server) status() (st jirasync.Status) {
	s.t.Helper()
	require.NoError(s.t, json.Unmarshal([]byte(s.get("/status")), &st))
	return st
}

func (s *server) idle() {
	s.t.Helper()
	s.eventually(func() bool { st := s.status(); return st.Waiting+st.InFlight == 0 }, "deliveries are not worked off")
}

// Webhooks and polls on the same issues at the same instant, each in a process
// of its own: the site's clock stands still while they meet, so that whatever
// either has written must be what Jira says when both have ended. Nothing heals
// it in between: the server's own poll, catch-up and check are minutes away.
func TestWebhooksBesidePollsOfAnotherProcess(t *testing.T) {
	t.Parallel()
	c := &clock{now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)} // a Friday
	site := jiratest.NewServerWith(jiratest.Options{Now: c.Now})
	t.Cleanup(site.Close)
	site.AddProject("SUP", "Support")
	site.AddStatus("Waiting for customer", "indeterminate")
	site.SetPolicy(resolutionField, jiratest.Policy{Goal: 8 * time.Hour, PausedIn: []string{"Waiting for customer"}})
	site.SetPolicy("customfield_10328", jiratest.Policy{Goal: 30 * time.Minute})
	for n := range 30 {
		site.Create("SUP", jiratest.Fields{"summary": fmt.Sprint(n)})
		c.pass(time.Second)
	}
	p := newProgram(t, site)
	_, err := p.command("backfill")
	require.NoError(t, err)
	server := p.serve()
	site.SetWebhook(jiratest.Webhook{URL: server.url + "/webhooks/jira", Secret: secret, Parallel: 8})
	site.SetDeliveryFaults(jiratest.DeliveryFaults{Seed: 6, Duplicate: 0.2, Reorder: 0.3})
	random := rand.New(rand.NewPCG(6, 6))
	edit := func(round int) {
		for _, issue := range site.Issues() {
			if random.IntN(3) > 0 {
				issue.Edit(jiratest.Fields{"summary": fmt.Sprintf("edit %d of round %d", random.IntN(1000), round)})
			}
		}
		work(site, random)
		server.flush(site)
	}
	const rounds = 4
	for round := range rounds {
		edit(round) // the server still reads these while the clock goes on
		c.pass(7 * time.Minute)
		site.ResetLog()
		ended := make(chan error, 1)
		go func() { // ends with the process
			_, err := p.command("sla", "poll")
			ended <- err
		}()
		p.eventually(func() bool { return pollReads(site) }, "the poll reads no clocks")
		edit(round)
		require.NoError(t, <-ended, "round %d", round)
		server.idle()
		p.equalsSite(site)
		p.slaEqualsSite(site)
		if t.Failed() {
			t.Fatalf("after round %d", round)
		}
	}
	st := server.status()
	require.NotContains(t, p.log.String(), "SLA clocks read", "the server has not polled")
	require.WithinDuration(t, time.Now(), st.SLAPoll.Succeeded, time.Minute, "but knows who did")
	require.Contains(t, server.get("/metrics"), fmt.Sprintf("\njirasync_sla_poll_success_time_seconds %d\n", st.SLAPoll.Succeeded.Unix()))
	require.Zero(t, st.Failures, "%v", p.failures())
	server.end()
	require.Empty(t, site.Problems())
	t.Logf("%d polls met %d deliveries", rounds, st.Deliveries)
}

// pollReads reports whether a poll has asked for clocks, or is about to.
func pollReads(site *jiratest.Server) bool {
	return slices.ContainsFunc(site.RequestLog(), func(r jiratest.Request) bool {
		return r.Account == site.Agent.Email && strings.HasSuffix(r.Path, "/search/jql")
	})
}

// Gate G12 through the binary: a byte flips in a month while the server runs.
// The month is an error, never less than it was, until the next event of it has
// it made anew from the records; log, status and metrics say so.
func TestFlippedByteUnderAServer(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	for n := range 5 {
		site.Create("SUP", jiratest.Fields{"summary": fmt.Sprint(n)}).Comment("first")
	}
	p := newProgram(t, site)
	_, err := p.command("backfill", "--remote-links", "always")
	require.NoError(t, err)
	server := p.serve()
	site.SetWebhook(jiratest.Webhook{URL: server.url + "/webhooks/jira", Secret: secret})
	_, err = p.command("status")
	require.NoError(t, err)
	require.Contains(t, server.get("/metrics"), "\njirasync_months_remade_total 0\n")

	month := time.Now().UTC().Format("2006-01")
	path := filepath.Join(p.cfg.ParquetDir, "issues", month+".parquet")
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	data[len(data)/3] ^= 1
	require.NoError(t, os.WriteFile(path, data, 0o600))
	out, err := p.command("check", "--full")
	require.Error(t, err, "%s\n%s", out, p.log)
	require.Contains(t, out, "month "+month+" cannot be read")
	p.equalsSite(site) // the copy is still whole

	site.Issue("SUP-2").Comment("second")
	server.flush(site)
	server.idle()
	p.equalsSite(site)
	require.Contains(t, p.log.String(), "months cannot be read and are made anew from the records")
	require.EqualValues(t, 1, server.status().MonthsRemade)
	require.Contains(t, server.get("/metrics"), "\njirasync_months_remade_total 1\n")
	require.FileExists(t, filepath.Join(p.cfg.ParquetDir, ".corrupt", "issues-"+month), "kept for whoever wants to know")
	_, err = p.command("check", "--full")
	require.NoError(t, err)
	server.end()
}

// The command lines of the README run as they stand there, one after the other,
// against a site and files of a test.
func TestReadmeCommandsRun(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	site.Fill("SUP", 12, 1)
	p := newProgram(t, site)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "description.json"), []byte(`{"type":"doc","version":1,"content":[]}`), 0o600))
	line := regexp.MustCompile(`(?m)^    (jira-sync [^#\n]*)`)
	verbs := map[string]bool{}
	for _, found := range line.FindAllStringSubmatch(documents(t)["README.md"], -1) {
		command := strings.TrimSpace(found[1])
		verbs[strings.Fields(command)[1]] = true
		if strings.HasPrefix(command, "jira-sync serve ") {
			p.serve().end()
			continue
		}
		shell := exec.CommandContext(t.Context(), "sh", "-c", strings.ReplaceAll(command, "/srv/jira/parquet", p.cfg.ParquetDir))
		shell.Dir = dir
		shell.Env = append(p.env, "PATH="+filepath.Dir(p.path)+string(os.PathListSeparator)+os.Getenv("PATH"))
		out, err := shell.CombinedOutput()
		require.NoError(t, err, "%s\n%s", command, out)
	}
	for _, verb := range []string{"backfill", "serve", "sla", "check", "views", "migrate"} {
		require.True(t, verbs[verb], "the README does not show %s", verb)
	}
}

// A migration that is killed again and again loses no file, hides none, and
// comes to its end by the same command.
func TestKilledMigration(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	site.Fill("SUP", 40, 1)
	p := newProgram(t, site)
	_, err := p.command("backfill", "--no-attachments")
	require.NoError(t, err)
	flat := tableFiles(t, p.cfg.ParquetDir)
	random := rand.New(rand.NewPCG(9, 9))
	kills, half := 0, 0
	for _, layout := range []string{"hive", "flat"} {
		for range 8 {
			cmd := exec.CommandContext(t.Context(), p.path, "migrate", "--layout", layout)
			cmd.Env = p.env
			require.NoError(t, cmd.Start())
			time.AfterFunc(time.Duration(20+random.IntN(200))*time.Millisecond, func() { _ = cmd.Process.Kill() })
			if cmd.Wait() != nil {
				kills++
			}
			for _, dir := range []string{p.cfg.ParquetDir, p.cfg.DistDir} {
				r := &rig{t: t, cfg: jirasync.Config{DistDir: dir}}
				require.Len(t, r.allRows("issues"), 40)
			}
			if _, err := jirasync.Views(p.cfg.ParquetDir, ""); errors.Is(err, jirasync.ErrLayout) {
				half++
			}
		}
		_, err := p.command("migrate", "--layout", layout)
		require.NoError(t, err)
	}
	_, err = p.command("check", "--full")
	require.NoError(t, err)
	require.Equal(t, flat, tableFiles(t, p.cfg.ParquetDir))
	require.Equal(t, flat, tableFiles(t, p.cfg.DistDir))
	t.Logf("%d kills, %d of them half-way in the tables", kills, half)
}
