package main

import (
	"fmt"
	"io"
)

// report prints figures beside their bars.
type report struct {
	out    io.Writer
	missed bool
}

// figure is one measured thing. The bar may be left empty.
func (r *report) figure(what, measured, bar string, kept bool) {
	mark := "  "
	switch {
	case bar == "":
	case kept:
		mark = "ok"
	default:
		mark, r.missed = "NO", true
	}
	_, _ = fmt.Fprintf(r.out, "%s  %-44s %-22s %s\n", mark, what, measured, bar)
}

func (r *report) note(format string, args ...any) { _, _ = fmt.Fprintf(r.out, format+"\n", args...) }
