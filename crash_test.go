package jirasync_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync"
	"github.com/jirasync/jirasync/jira/jiratest"
)

// child is how the test hands its configuration to a server process.
type child struct {
	Site, Email, Token, Media, Dir string

	Backfill  bool // instead of serving
	KillAfter int  // so many issues
}

const childEnv = "JIRASYNC_TEST_SERVER"

// TestServerProcess is not a test: it is the server that TestKill starts in a
// process of its own.
func TestServerProcess(t *testing.T) {
	var c child
	if json.Unmarshal([]byte(os.Getenv(childEnv)), &c) != nil || c.Backfill {
		t.Skip("only for TestKill")
	}
	s, err := jirasync.New(c.config())
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	fmt.Printf("listening on %s\n", l.Addr())
	require.NoError(t, s.Serve(context.Background(), l, nil))
}

// start runs a server process and returns it with its address.
func (c child) start(t *testing.T) (*exec.Cmd, string) {
	t.Helper()
	config, err := json.Marshal(c)
	require.NoError(t, err)
	cmd := exec.Command(os.Args[0], "-test.run=^TestServerProcess$", "-test.v")
	cmd.Env = append(os.Environ(), childEnv+"="+string(config))
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if addr, ok := strings.CutPrefix(lines.Text(), "listening on "); ok {
			return cmd, addr
		}
	}
	t.Fatal("the server process did not start")
	return nil, ""
}

// Gates G1 and G2, scaled down: the server is killed again and again in the
// middle of its work. Every delivery that it acknowledged reaches the tables
// in the end, and every file can be read at once after each kill.
func TestKill(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	t.Parallel()
	site := newSite(t)
	c := child{Site: site.URL, Email: site.Main.Email, Token: site.Main.Token, Media: strings.TrimPrefix(site.MediaURL, "http://"), Dir: t.TempDir()}
	random := rand.New(rand.NewPCG(7, 7))
	acknowledged := map[string]string{} // issue → the summary that its acknowledged event announced
	for range 8 {
		cmd, addr := c.start(t)
		site.SetWebhook(jiratest.Webhook{URL: "http://" + addr + "/webhooks/jira", Secret: secret, Parallel: 4})
		time.AfterFunc(time.Duration(50+random.IntN(400))*time.Millisecond, func() { _ = cmd.Process.Kill() })
		for n := 0; ; n++ {
			issue := site.Create("SUP", jiratest.Fields{"summary": fmt.Sprintf("number %d", n)})
			issue.Comment("first")
			alive := true
			for _, d := range site.DeliverOnce(t.Context()) {
				alive = alive && d.OK()
				if d.OK() {
					acknowledged[d.IssueKey] = fmt.Sprintf("number %d", n)
				}
			}
			if !alive {
				break
			}
		}
		_ = cmd.Wait() // killed
		site.DropQueued(func(string, string) bool { return true })
		r := &rig{t: t, cfg: jirasync.Config{DistDir: c.Dir + "/dist"}}
		for _, table := range []string{"issues", "comments", "changelog"} {
			r.allRows(table) // fails on a file that cannot be read
		}
	}
	require.NotEmpty(t, acknowledged)

	cfg := config(site)
	cfg.DataDir, cfg.ParquetDir, cfg.DistDir = c.Dir+"/data", c.Dir+"/parquet", c.Dir+"/dist"
	r := serve(t, cfg)
	r.eventually(func() bool { s := r.Status(); return s.Waiting+s.InFlight == 0 }, "the backlog is not worked off")
	for key, summary := range acknowledged {
		rows := r.rows("issues", key)
		require.Len(t, rows, 1, "an acknowledged event of %s is lost", key)
		require.Equal(t, summary, rows[0]["summary"].Text())
	}
	t.Logf("%d acknowledged issues survived 8 kills", len(acknowledged))
}
