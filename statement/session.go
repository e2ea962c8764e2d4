package statement

import "github.com/stoa-rooms/stoa/identity"

// Session answers a node's challenge and opens a session on it. Signed by a member. Never logged.
type Session struct {
	Node     identity.PublicKey `json:"aud"`
	IssuedAt int64              `json:"iat"`
	Expires  int64              `json:"exp"`
	Origin   string             `json:"origin"` // scheme://host[:port] of the page or API the session is for
	Nonce    string             `json:"nonce"`  // as the node gave it
}

// Kind implements Body.
func (*Session) Kind() Kind { return KindSession }

func (s *Session) audience() string { return s.Node.String() }

func (s *Session) check() error {
	return all(
		since(s.IssuedAt),
		after(s.IssuedAt, s.Expires),
		length("origin", s.Origin, 1, 300),
		length("nonce", s.Nonce, 16, 100),
	)
}
