package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// memory is what a process has in RAM, in bytes (proc_pid_status(5)).
type memory struct {
	own  int64 // anonymous: the process's own
	now  int64 // with pages of mapped files, which the system takes back when it likes
	most int64 // the most that this ever was
}

// resident is the memory of a process.
func resident(pid int) (m memory, err error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return m, err
	}
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		kib, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		switch name {
		case "RssAnon":
			m.own = kib << 10
		case "VmRSS":
			m.now = kib << 10
		case "VmHWM":
			m.most = kib << 10
		}
	}
	return m, nil
}

// cpu is how long a process has used processors, in user and system mode (proc_pid_stat(5)).
func cpu(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(after)
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(fields))
	}
	const ticks = 100 // a second: USER_HZ, on every Linux that Go runs on
	user, err := strconv.ParseInt(fields[11], 10, 64)
	if err != nil {
		return 0, err
	}
	system, err := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * time.Second / ticks, err
}

func megabytes(n int64) string { return fmt.Sprintf("%.0f MB", float64(n)/1e6) }
