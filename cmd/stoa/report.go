package main

import (
	"fmt"
	"io"

	"github.com/stoa-rooms/stoa/invites"
)

// printReport says what an export proves, one fact a line.
func printReport(out io.Writer, r invites.Report) error {
	lines := []string{
		"community  " + r.Community.String(),
		fmt.Sprintf("statements %d, all signed, logged and in order", r.Statements),
	}
	for node, tree := range r.Checkpoints {
		lines = append(lines, fmt.Sprintf("log        %s, %d entries", node, tree.Size))
	}
	for i, key := range r.Lineage {
		switch {
		case i == len(r.Lineage)-1:
			lines = append(lines, "founder    "+key.String())
		case i == 0:
			lines = append(lines, "member     "+key.String())
		default:
			lines = append(lines, "sponsor    "+key.String())
		}
	}
	for _, line := range append(lines, "the chain holds") {
		if _, err := fmt.Fprintln(out, line); err != nil {
			return fmt.Errorf("cannot write: %w", err)
		}
	}
	return nil
}
