// Package statement reads and writes the signed statements of Stoa.
//
// A statement is a JWS in compact serialization (RFC 7515) signed with Ed25519 (RFC 8037), at most 4 KiB. Its header is
// exactly alg, typ and kid; its payload is I-JSON (RFC 7493) with exactly the claims of its kind. Besides log
// checkpoints, statements are the only thing that proves anything in Stoa, and [Parse] is the only code that reads
// them: whoever holds a [Statement] holds one whose syntax and signature are right. What it means, and whether its
// signer may say it, is for the packages invites and rooms.
//
// The files in testdata/vectors say the same in examples, for this package and for every other implementation.
package statement

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

// MaxSize is the largest statement, in bytes of its text.
const MaxSize = 4096

// Slack is how far, in seconds, a clock may be off before a time in a statement counts as wrong.
const Slack = 120

// Kind names what a statement says. The header's typ is "stoa-" + kind + "+jwt".
type Kind string

// The kinds of this version. Each has its file.
const (
	KindDelegate Kind = "delegate"
	KindRules    Kind = "rules"
	KindGrant    Kind = "grant"
	KindInvite   Kind = "invite"
	KindRedeem   Kind = "redeem"
	KindJoin     Kind = "join"
	KindApprove  Kind = "approve"
	KindAdmit    Kind = "admit"
	KindRevoke   Kind = "revoke"
	KindSession  Kind = "session"
	KindProfile  Kind = "profile"
	KindCreate   Kind = "create"
	KindEnd      Kind = "end"
	KindSchedule Kind = "schedule"
	KindErase    Kind = "erase"

	// Between nodes.
	KindEnter      Kind = "enter"
	KindTicket     Kind = "ticket"
	KindAct        Kind = "act"
	KindLend       Kind = "lend"
	KindAnnounce   Kind = "announce"
	KindSuccession Kind = "succession"
	KindLost       Kind = "lost"
	KindClaim      Kind = "claim"
)

// ID is the SHA-256 of a statement's header.payload, the signature left out. It is written in base64url.
type ID [sha256.Size]byte

// Commitment is SHA-256(salt ‖ text): it stands in a statement for a text that can be forgotten.
type Commitment [sha256.Size]byte

// Body is the payload of one kind. The set is closed: the types of this package, and no others.
type Body interface {
	// Kind is the kind of the body.
	Kind() Kind
	// audience is the claim aud.
	audience() string
	// check refuses claims that are wrong whoever says them: out of range, empty, contradictory.
	check() error
}

// Statement is one statement whose syntax and signature have been checked. The zero value is none.
type Statement struct {
	text   string
	id     ID
	signer identity.PublicKey
	body   Body
}

// ID is the statement's id.
func (s Statement) ID() ID { return s.id }

// Signer is the key that signed: the header's kid.
func (s Statement) Signer() identity.PublicKey { return s.signer }

// Kind is the statement's kind; "" for the zero value.
func (s Statement) Kind() Kind {
	if s.body == nil {
		return ""
	}
	return s.body.Kind()
}

// Body is the payload: a pointer to the type of the kind. It must not be changed.
func (s Statement) Body() Body { return s.body }

// Audience is the claim aud: the did:key of the community, for a session the did:key of the node, for what
// is said in or about a room the room's id. "" for the zero value.
func (s Statement) Audience() string {
	if s.body == nil {
		return ""
	}
	return s.body.audience()
}

// CheckAudience refuses, with StatementAudience, a statement meant for anything but want: a key or an id.
func (s Statement) CheckAudience(want fmt.Stringer) error {
	if aud := s.Audience(); aud != want.String() {
		return reason.Reject(reason.StatementAudience, "%s for %q, not %q", s.Kind(), aud, want)
	}
	return nil
}

// Text is the compact serialization.
func (s Statement) Text() string { return s.text }

// IsZero reports whether s is no statement.
func (s Statement) IsZero() bool { return s.body == nil }

// String is the id.
func (id ID) String() string { return base64.RawURLEncoding.EncodeToString(id[:]) }

// IsZero reports whether id is no id.
func (id ID) IsZero() bool { return id == ID{} }

// MarshalText writes base64url.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads 43 characters of canonical base64url.
func (id *ID) UnmarshalText(text []byte) error { return unmarshal32(id[:], text) }

// ParseID reads an id.
func ParseID(text string) (ID, error) {
	var id ID
	return id, id.UnmarshalText([]byte(text))
}

// String is the commitment in base64url.
func (c Commitment) String() string { return base64.RawURLEncoding.EncodeToString(c[:]) }

// MarshalText writes base64url.
func (c Commitment) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads 43 characters of canonical base64url.
func (c *Commitment) UnmarshalText(text []byte) error { return unmarshal32(c[:], text) }

func unmarshal32(to []byte, text []byte) error {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(string(text))
	if err != nil || len(raw) != sha256.Size || len(text) != 43 {
		return fmt.Errorf("statement: want 43 characters of base64url, have %d", len(text))
	}
	copy(to, raw)
	return nil
}
