package statement

import (
	"fmt"
	"regexp"
	"slices"
)

// Bounds on claims. They are wide: what a community allows is in its rules.
const (
	MaxInt      = 1<<53 - 1               // I-JSON, RFC 7493 section 2.2
	MinTime     = 1_577_836_800           // seconds: the year 2020, before the first statement
	MaxTime     = 253_402_300_799         // seconds: the end of the year 9999, the last that RFC 3339 can write
	MaxSlots    = 1000                    // slots of one grant
	MaxSpan     = 10 * 366 * 24 * 60 * 60 // seconds
	MaxPrefixes = 16                      // logs named by one revoke
)

// all is the first error.
func all(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func wrong(claim, why string) error { return fmt.Errorf("claim %s: %s", claim, why) }

func within(claim string, n, low, high int64) error {
	if n < low || n > high {
		return wrong(claim, fmt.Sprintf("%d is not within %d and %d", n, low, high))
	}
	return nil
}

// since checks a time of issue.
func since(iat int64) error { return within("iat", iat, MinTime, MaxTime) }

// after checks a time of expiry.
func after(iat, exp int64) error { return within("exp", exp, iat+1, MaxTime) }

// soon checks a time of expiry that is at most so many seconds after the time of issue.
func soon(iat, exp, life int64) error { return within("exp", exp, iat+1, min(iat+life, MaxTime)) }

// maxEpoch bounds epochs: nobody can burn them all at once.
const maxEpoch = 1_000_000

func epoch(n int64) error { return within("epoch", n, 1, maxEpoch) }

func length(claim, s string, low, high int) error {
	if len(s) < low || len(s) > high {
		return wrong(claim, fmt.Sprintf("%d bytes, not %d to %d", len(s), low, high))
	}
	return nil
}

func oneOf[T comparable](claim string, v T, of ...T) error {
	if !slices.Contains(of, v) {
		return wrong(claim, fmt.Sprintf("%v is not allowed", v))
	}
	return nil
}

func matches(claim, s string, pattern *regexp.Regexp) error {
	if !pattern.MatchString(s) {
		return wrong(claim, "malformed")
	}
	return nil
}
