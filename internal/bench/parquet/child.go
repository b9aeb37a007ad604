package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// job is what a child process does, so that its memory is that of one
// contender and nothing else.
type job struct {
	Task    string // a name in tasks
	Variant string // of the task
	Records string // directory of the records that it reads
	Dir     string // directory of tables that it reads or writes
	Peer    string // directory of DuckDB's tables
	Issues  int    // of the corpus that the tables are made of
	Months  int    // over which it is spread, each of so many issues
	Times   int    // how often the work is done and timed
}

// outcome is what a child process reports.
type outcome struct {
	Seconds   []float64            // of each time
	Processor []float64            // seconds of all processors, of each time
	PeakMB    float64              // greatest resident memory of the process
	Facts     map[string]float64   // what else the task counted
	Named     map[string][]float64 // seconds of each time, of work that has names
}

// tasks are what a child can do. A task times its work itself, so that neither
// the start of a process nor what it prepares counts.
var tasks = map[string]func(context.Context, job) (outcome, error){}

const childFlag = "-child"

// beChild does the job that the arguments name, and reports whether they name
// one. Tests call it as well: their binary starts itself, too.
func beChild(args []string) bool {
	if len(args) != 3 || args[1] != childFlag {
		return false
	}
	out, err := doJob(args[2])
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(out)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return true
}

func doJob(text string) (outcome, error) {
	var j job
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		return outcome{}, err
	}
	task, known := tasks[j.Task]
	if !known {
		return outcome{}, fmt.Errorf("no task %q", j.Task)
	}
	out, err := task(context.Background(), j)
	out.PeakMB = peakMB()
	return out, err
}

// spawn does a job in a child process.
func spawn(ctx context.Context, j job) (outcome, error) {
	self, err := os.Executable()
	if err != nil {
		return outcome{}, err
	}
	text, err := json.Marshal(j)
	if err != nil {
		return outcome{}, err
	}
	var stdout, stderr bytes.Buffer
	child := exec.CommandContext(ctx, self, childFlag, string(text))
	child.Stdout, child.Stderr = &stdout, &stderr
	if err := child.Run(); err != nil {
		return outcome{}, fmt.Errorf("%s %s: %w: %s", j.Task, j.Variant, err, tail(stderr.Bytes()))
	}
	var out outcome
	err = json.NewDecoder(&stdout).Decode(&out)
	return out, err
}

func tail(b []byte) []byte { return bytes.TrimSpace(b[max(0, len(b)-2000):]) }

// timed calls f some times and times each call.
func timed(times int, f func(n int) error) (outcome, error) {
	var out outcome
	for n := range times {
		if err := out.time(func() error { return f(n) }); err != nil {
			return out, err
		}
	}
	return out, nil
}

// time calls f and takes its time.
func (o *outcome) time(f func() error) error {
	start, processor := time.Now(), processorTime()
	err := f()
	o.Seconds = append(o.Seconds, time.Since(start).Seconds())
	o.Processor = append(o.Processor, (processorTime() - processor).Seconds())
	return err
}

// peakMB is the greatest resident memory of this process. Linux says it in
// /proc; its getrusage would count what the parent held when it started us.
func peakMB() float64 {
	if status, err := os.ReadFile("/proc/self/status"); err == nil {
		_, after, _ := strings.Cut(string(status), "VmHWM:")
		kB, _, _ := strings.Cut(strings.TrimSpace(after), " ")
		if n, err := strconv.ParseFloat(kB, 64); err == nil {
			return n * 1024 / 1e6
		}
	}
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return float64(usage.Maxrss) / 1e6
	}
	return float64(usage.Maxrss) * 1024 / 1e6
}

// processorTime is what this process has used of the processors so far.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// copyFile copies a file in the kernel, where the system can.
func copyFile(to, from string, durable bool) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	if _, err := io.Copy(target, source); err != nil || !durable {
		return err
	}
	return target.Sync()
}
