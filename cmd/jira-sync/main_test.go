package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"jira-sync": main})
}

// Each script runs one verb, or one mistake, as a user would.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", RequireExplicitExec: true,
		Deadline: time.Now().Add(5 * time.Minute), // a script that waits for ever fails by itself
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"waitfor": waitFor, "terminate": terminate, "fakejira": fakeJira, "earlier": earlier,
		},
		Setup: func(env *testscript.Env) error {
			env.Values[siteKey{}] = &siteHolder{}
			return nil
		},
	})
}

// waitFor waits until something other than a directory lies below a path: a
// server that was started in the background has got that far.
func waitFor(ts *testscript.TestScript, _ bool, args []string) {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		found := false
		_ = filepath.WalkDir(ts.MkAbs(args[0]), func(_ string, d fs.DirEntry, err error) error {
			found = found || err == nil && !d.IsDir()
			return nil
		})
		if found {
			return
		}
	}
	ts.Fatalf("%s holds nothing", args[0])
}

// terminate sends SIGTERM, as a service manager does, to what runs in the
// background.
func terminate(ts *testscript.TestScript, _ bool, _ []string) {
	for _, cmd := range ts.BackgroundCmds() {
		ts.Check(cmd.Process.Signal(syscall.SIGTERM))
	}
}

// earlier moves the times in a file of ours eleven minutes back, as if it had
// been written then.
func earlier(ts *testscript.TestScript, _ bool, args []string) {
	stamps := regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+Z`)
	path := ts.MkAbs(args[0])
	data, err := os.ReadFile(path)
	ts.Check(err)
	data = stamps.ReplaceAllFunc(data, func(stamp []byte) []byte {
		t, err := time.Parse(time.RFC3339Nano, string(stamp))
		ts.Check(err)
		return []byte(t.Add(-11 * time.Minute).Format(time.RFC3339Nano))
	})
	ts.Check(os.WriteFile(path, data, 0o600))
}
