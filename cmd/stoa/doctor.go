package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"

	"github.com/stoa-rooms/stoa/checkup"
	"github.com/stoa-rooms/stoa/node"
)

// errUnwell ends stoa doctor when something does not work. What, it has printed.
var errUnwell = errors.New("something does not work")

// doctorCmd takes the flags of run: without a node that can be asked, they say where to look.
type doctorCmd struct {
	nodeFlags

	JSON bool `name:"json" help:"Print JSON."`
}

// Run prints what is found, one line each.
func (c *doctorCmd) Run(ctx context.Context, out io.Writer) error {
	cfg := c.config()
	cfg.Log = slog.New(slog.DiscardHandler)
	return printFindings(out, node.Doctor(ctx, cfg), c.JSON)
}

// misconfigured is what stoa doctor says of flags or a file that cannot be read.
func misconfigured(args []string, err error, out io.Writer) int {
	found := []checkup.Finding{checkup.Find(checkup.ConfigFailed, "error", err.Error())}
	_ = printFindings(out, found, slices.Contains(args, "--json"))
	return 1
}

// printed is a finding as JSON has it.
type printed struct {
	Check string        `json:"check"`
	Code  checkup.Code  `json:"code"`
	State checkup.State `json:"state"`
	Says  string        `json:"says"`
	Fix   string        `json:"fix,omitempty"`
}

// printFindings prints, and returns errUnwell if something does not work.
func printFindings(out io.Writer, all []checkup.Finding, asJSON bool) error {
	if asJSON {
		report := struct {
			State    checkup.State `json:"state"`
			Findings []printed     `json:"findings"`
		}{checkup.Worst(all), []printed{}}
		for _, f := range all {
			report.Findings = append(report.Findings, printed{f.Code.Check(), f.Code, f.Code.State(), f.Says("en"), f.Fix("en")})
		}
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(report); err != nil {
			return fmt.Errorf("cannot write: %w", err)
		}
	} else if err := printLines(out, all); err != nil {
		return err
	}
	if checkup.Worst(all) == checkup.Fail {
		return errUnwell
	}
	return nil
}

func printLines(out io.Writer, all []checkup.Finding) error {
	marks := map[checkup.State]string{checkup.OK: "ok", checkup.Warn: "warn", checkup.Fail: "FAIL", checkup.Unknown: "?"}
	for _, f := range all {
		line := fmt.Sprintf("%-5s%-10s%s", marks[f.Code.State()], f.Code.Check(), f.Says("en"))
		if fix := f.Fix("en"); fix != "" {
			line += " → " + fix
		}
		if _, err := fmt.Fprintln(out, line); err != nil {
			return fmt.Errorf("cannot write: %w", err)
		}
	}
	return nil
}
