package statement

// End closes a room for ever. Signed by the room's host node.
type End struct {
	Room     ID    `json:"aud"`
	IssuedAt int64 `json:"iat"`
}

// Kind implements Body.
func (*End) Kind() Kind { return KindEnd }

func (e *End) audience() string { return e.Room.String() }

func (e *End) check() error { return since(e.IssuedAt) }
