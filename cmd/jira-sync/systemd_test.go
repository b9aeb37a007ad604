package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The shipped units call commands and flags that exist.
func TestSystemdUnits(t *testing.T) {
	units, err := filepath.Glob("systemd/*.service")
	require.NoError(t, err)
	require.NotEmpty(t, units)
	for _, unit := range units {
		data, err := os.ReadFile(unit)
		require.NoError(t, err)
		_, line, ok := strings.Cut(string(data), "\nExecStart=")
		require.True(t, ok, unit)
		line, _, _ = strings.Cut(line, "\n")
		program, args, _ := strings.Cut(line, " ")
		require.Equal(t, "/usr/local/bin/jira-sync", program)
		cmd, rest, err := new(app).rootCommand().Find(strings.Fields(args))
		require.NoError(t, err, unit)
		require.NoError(t, cmd.ParseFlags(rest), unit)
		require.Empty(t, cmd.Flags().Args(), "%s: arguments that no command takes", unit)
		require.NotEqual(t, "jira-sync", cmd.Name(), unit)
	}
	timer, err := os.ReadFile("systemd/jira-sync-sla-poll.timer")
	require.NoError(t, err)
	require.Contains(t, string(timer), "OnUnitActiveSec=15min")
	require.FileExists(t, "systemd/jira-sync-sla-poll.service", "the timer starts the service of its name")
}
